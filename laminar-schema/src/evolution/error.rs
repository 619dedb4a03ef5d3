//! Why a schema change is refused.

use std::fmt;

use super::SchemaChange;

/// A schema change was refused.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EvolutionError {
    /// The change speaks of a column that the schema lacks.
    UnknownColumn {
        /// The change.
        change: SchemaChange,
    },
    /// The change is not allowed.
    Rejected {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for EvolutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownColumn { change } => write!(f, "cannot {change}: the schema has no such column"),
            Self::Rejected { reason } => write!(f, "schema change refused: {reason}"),
        }
    }
}

impl std::error::Error for EvolutionError {}
