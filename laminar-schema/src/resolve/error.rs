//! Why no schema could be resolved.

use std::fmt;

use super::StrategyReport;
use crate::capability::Capability;

/// No strategy gives a schema, or what they give contradicts itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ResolveError {
    /// Nothing is declared, and the source can neither provide, look up nor sample a schema.
    NoStrategy {
        /// The connector.
        connector: &'static str,
        /// The format.
        format: String,
        /// Each strategy, and why it could not be taken.
        tried: Vec<StrategyReport>,
    },
    /// The connector lacks a capability that was asked for by name.
    CapabilityAbsent {
        /// The connector.
        connector: String,
        /// What it lacks.
        capability: Capability,
        /// The format asked for.
        format: String,
        /// Formats for which it has the capability; empty when it has it for none.
        formats: Vec<String>,
    },
    /// Two columns have the same name.
    NameCollision {
        /// The column name both would have.
        name: String,
        /// Where the first comes from.
        first: String,
        /// Where the second comes from.
        second: String,
    },
    /// A DEFAULT is no literal of the column's type.
    InvalidDefault {
        /// The column.
        column: String,
        /// The DEFAULT as written.
        default: String,
        /// The column's type.
        data_type: String,
        /// Why it does not fit.
        reason: String,
    },
    /// A column has a type that the format cannot carry.
    UnsupportedType {
        /// The column, or the field inside it.
        column: String,
        /// Its type.
        data_type: String,
        /// What to do instead.
        help: &'static str,
    },
    /// The source describes itself and its description does not fit its own records.
    NotProven {
        /// Records of the sample.
        sampled: usize,
        /// Why the first of them does not decode.
        first: String,
    },
    /// A WHERE compares a column with what is no value of its type.
    NotComparable {
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
        /// What it is compared with, as written.
        literal: String,
        /// Why they do not compare, and what to write instead.
        reason: String,
    },
    /// `ON SCHEMA CHANGE` is written for a format whose records cannot show a change.
    ChangesUnnoticed {
        /// The policy.
        policy: &'static str,
        /// The format.
        format: String,
    },
    /// `ON SCHEMA CHANGE` is written for files that say the schema of records that wrap their rows.
    ChangesInEnvelope {
        /// The policy.
        policy: &'static str,
    },
    /// An option of the format is set that `ON SCHEMA CHANGE` decides about.
    DecidedTwice {
        /// The policy.
        policy: &'static str,
        /// The option.
        option: &'static str,
    },
    /// A sink cannot go on with a schema that has grown.
    SinkCannotFollow {
        /// The sink.
        sink: String,
        /// Its connector.
        connector: String,
        /// Its format.
        format: String,
    },
    /// The columns that a statement selects are not there.
    UnknownColumn {
        /// The column asked for.
        column: String,
        /// The nearest one, or all of them.
        help: String,
    },
    /// The column of a watermark does not say when something happened.
    NoEventTime {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStrategy { connector, format, tried } => {
                write!(f, "no schema for connector `{connector}` with format `{format}`; declare the columns")?;
                tried.iter().try_for_each(|t| write!(f, "; {t}"))
            }
            Self::CapabilityAbsent { connector, capability, format, formats } => {
                write!(f, "connector `{connector}` has no capability `{capability}`")?;
                if formats.is_empty() {
                    f.write_str("; declare the columns instead")
                } else {
                    write!(f, " for format `{format}`, only for {}", formats.join(", "))
                }
            }
            Self::NameCollision { name, first, second } => {
                write!(f, "two columns are named `{name}`: {first}, and {second}; rename one, or give * another PREFIX")
            }
            Self::InvalidDefault { column, default, data_type, reason } => {
                write!(f, "column `{column}`: DEFAULT {default} is no {data_type}: {reason}")
            }
            Self::UnsupportedType { column, data_type, help } => {
                write!(f, "column `{column}`: the format cannot carry {data_type}; {help}")
            }
            Self::NotProven { sampled, first } => {
                write!(
                    f,
                    "the source's own schema does not decode its records ({sampled} sampled), the first because: {first}"
                )
            }
            Self::NotComparable { column, data_type, literal, reason } if literal.is_empty() => {
                write!(f, "column `{column}` is {data_type}: {reason}")
            }
            Self::NotComparable { column, data_type, literal, reason } => {
                write!(f, "column `{column}` is {data_type}, and {literal} is no value to compare it with: {reason}")
            }
            Self::ChangesUnnoticed { policy, format } => write!(
                f,
                "ON SCHEMA CHANGE {policy}: records in format `{format}` do not show which of their fields the schema lacks; \
                 remove the clause"
            ),
            Self::ChangesInEnvelope { policy } => write!(
                f,
                "ON SCHEMA CHANGE {policy}: files of records in an ENVELOPE say what the records are, and not what the rows are; \
                 write RESCUE, or remove one of the clauses"
            ),
            Self::DecidedTwice { policy, option } => {
                write!(
                    f,
                    "option `{option}` of the format and ON SCHEMA CHANGE {policy} decide about the same; remove one"
                )
            }
            Self::SinkCannotFollow { sink, connector, format } => write!(
                f,
                "sink `{sink}` cannot follow ON SCHEMA CHANGE EVOLVE: connector `{connector}` goes on with the schema that it \
                 began with, in format `{format}`; select columns that cannot change by name, or write another format"
            ),
            Self::UnknownColumn { column, help } => write!(f, "no column `{column}`; {help}"),
            Self::NoEventTime { column, found } => {
                write!(f, "column `{column}` of the watermark is {found}; declare it as TIMESTAMP or TIMESTAMPTZ")
            }
        }
    }
}

impl std::error::Error for ResolveError {}
