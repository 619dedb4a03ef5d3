//! What can be wrong with SQL text.

use std::{fmt, ops::Range};

/// The SQL text is wrong: what, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdlError {
    /// What is wrong.
    pub kind: DdlErrorKind,
    /// Bytes of the SQL text that are wrong.
    pub span: Range<usize>,
}

/// What is wrong with SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DdlErrorKind {
    /// Something else should stand here.
    Expected {
        /// What should stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
}

impl fmt::Display for DdlErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

impl fmt::Display for DdlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for DdlError {}
