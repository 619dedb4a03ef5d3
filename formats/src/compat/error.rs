//! Why there is no verdict.

use std::fmt;

use laminar_schema::error::cut;

/// Why two schemas cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompatibilityError {
    /// A text is no schema of the language.
    NotASchema {
        /// Which text: its place in the history, or `None` for the proposed one.
        version: Option<usize>,
        /// The language.
        language: &'static str,
        /// What its parser says.
        reason: String,
    },
    /// A schema is larger, or its types stand deeper inside each other, than a comparison goes.
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// This build lacks the language.
    NotCompiledIn {
        /// The language.
        language: &'static str,
    },
}

impl fmt::Display for CompatibilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASchema { version, language, reason } => {
                match version {
                    Some(version) => write!(f, "version {version} of the history")?,
                    None => write!(f, "the proposed schema")?,
                }
                write!(f, ": expected {language}, found something else: {}", cut_reason(reason))
            }
            Self::TooComplex { what, limit } => {
                write!(f, "expected at most {limit} {what} in a comparison, found more; split the schema")
            }
            Self::NotCompiledIn { language } => {
                write!(f, "expected a build with {language}, found one without; enable the feature of its name")
            }
        }
    }
}

impl std::error::Error for CompatibilityError {}

/// A parser's own words already cut what they quote; only those of other libraries may be long.
fn cut_reason(reason: &str) -> String {
    if reason.len() <= 512 { reason.to_owned() } else { cut(reason) }
}
