//! What can be wrong with options: all of it, at once.

use std::{fmt, ops::Range};

/// Everything wrong with a set of options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing wrong with an option.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A required option is not given.
    Missing {
        /// The option.
        key: &'static str,
        /// Its help text.
        doc: &'static str,
    },
    /// There is no such option.
    Unknown {
        /// The name given.
        key: String,
        /// The nearest name, or all of them when none is near.
        help: String,
        /// Where it stands in the SQL.
        span: Option<Range<usize>>,
    },
    /// The value cannot be read.
    Invalid {
        /// The option.
        key: String,
        /// The value given; `***` for a secret.
        value: String,
        /// What is expected.
        expected: String,
        /// Why it is not that.
        reason: String,
        /// Where it stands in the SQL.
        span: Option<Range<usize>>,
    },
    /// The option is given under two of its names.
    Duplicate {
        /// The option.
        key: &'static str,
        /// The other name.
        alias: &'static str,
        /// Where the other name stands in the SQL.
        span: Option<Range<usize>>,
    },
}

impl ConfigError {
    /// A value that is well-formed by itself, but not here: for checks between options.
    pub fn invalid(
        key: impl Into<String>,
        value: impl Into<String>,
        expected: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            key: key.into(),
            value: value.into(),
            expected: expected.into(),
            reason: reason.into(),
            span: None,
        }
    }

    /// Where it stands in the SQL.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::Missing { .. } => None,
            Self::Unknown { span, .. } | Self::Invalid { span, .. } | Self::Duplicate { span, .. } => span.clone(),
        }
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl From<ConfigError> for crate::SchemaError {
    fn from(error: ConfigError) -> Self {
        ConfigErrors::from(error).into()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { key, doc } => write!(f, "missing required option `{key}`: {doc}"),
            Self::Unknown { key, help, .. } => write!(f, "unknown option `{key}`; {help}"),
            Self::Invalid { key, value, expected, reason, .. } => {
                write!(f, "option `{key}` = '{value}': expected {expected}")?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::Duplicate { key, alias, .. } => {
                write!(f, "option `{key}` is also given as `{alias}`; keep one of them")
            }
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
