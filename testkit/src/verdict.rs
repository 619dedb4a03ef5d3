//! What a check says: that it held, why it was not made, or what was expected and found.

use std::fmt;

/// The outcome of a check: a plain value, so that the kit itself can be tested.
pub type Verdict = Result<Passed, Failed>;

/// A check that found nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// It was made, and everything was as it should be.
    Checked,
    /// There is nothing to check: the connector does not promise it, or the harness knows no case of it.
    DoesNotApply(&'static str),
    /// It could not be made here, and why.
    Skipped(String),
}

impl Passed {
    /// A check of what the connector does not promise.
    pub(crate) fn does_not_apply(why: &'static str) -> Verdict {
        Ok(Self::DoesNotApply(why))
    }

    /// A check that was not made.
    pub(crate) fn skipped(why: impl Into<String>) -> Verdict {
        Ok(Self::Skipped(why.into()))
    }
}

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What a connector that conforms does.
    pub expected: String,
    /// What this one did.
    pub found: String,
    /// What usually leads to it, and what to do.
    pub help: &'static str,
}

impl Failed {
    /// What was expected, what was found, and what to do about it.
    pub fn new(expected: impl Into<String>, found: impl Into<String>, help: &'static str) -> Self {
        Self { expected: expected.into(), found: found.into(), help }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}\n   found {}\n    help: {}", self.expected, self.found, self.help)
    }
}

impl std::error::Error for Failed {}
