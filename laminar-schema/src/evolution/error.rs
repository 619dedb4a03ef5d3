//! Why a schema change is refused.

use std::fmt;

use arrow_schema::{DataType, FieldRef};

use super::SchemaChange;
use crate::{
    error::cut,
    types::{field_type_name, type_name},
};

/// A schema change was refused, or a batch does not fit the new schema.
///
/// Where a column is meant and no change says which, the error's [`Location`](crate::Location) has its path, and its row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EvolutionError {
    /// The change speaks of a column that the schema lacks.
    UnknownColumn {
        /// The change.
        change: SchemaChange,
    },
    /// Two columns beside each other have the name that the change speaks of.
    AmbiguousColumn {
        /// The change.
        change: SchemaChange,
    },
    /// The change would give two columns beside each other one name.
    NameTaken {
        /// The change.
        change: SchemaChange,
    },
    /// The path is none, or leads to no place where this change can be made.
    BadPath {
        /// The change.
        change: SchemaChange,
    },
    /// The change was computed from another schema: what it starts from is not there.
    Stale {
        /// The change.
        change: SchemaChange,
        /// What is there.
        found: String,
    },
    /// The source's schema has changed, and `ON SCHEMA CHANGE FAIL` stands there.
    Changed {
        /// What has changed.
        changes: Vec<SchemaChange>,
        /// Whether `RESCUE` is there as well: files of columns have no records to keep values of.
        can_rescue: bool,
    },
    /// The change is not allowed.
    Rejected {
        /// Why.
        reason: String,
    },
    /// No conversion keeps the values of a column.
    NoConversion {
        /// The column in the old schema.
        found: FieldRef,
        /// The column in the new schema.
        expected: FieldRef,
    },
    /// A value does not fit the column's new type.
    ValueDoesNotFit {
        /// The column in the new schema.
        expected: FieldRef,
        /// The value.
        found: String,
    },
    /// A value is null in a column that is NOT NULL now.
    UnexpectedNull {
        /// The column's type.
        expected: DataType,
    },
    /// A new column is NOT NULL and has no DEFAULT.
    NothingToFill {
        /// Its type.
        expected: DataType,
    },
    /// The projection was made for schemas of another shape.
    WrongProjection {
        /// What the projection says.
        expected: String,
        /// What the schemas say.
        found: String,
    },
}

impl fmt::Display for EvolutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownColumn { change } => write!(f, "cannot {change}: the schema has no such column"),
            Self::AmbiguousColumn { change } => {
                write!(f, "cannot {change}: several columns beside each other have that name; rename all but one")
            }
            Self::NameTaken { change } => {
                write!(f, "cannot {change}: there is a column of that name already; drop or rename it first")
            }
            Self::BadPath { change } => write!(
                f,
                "cannot {change}: expected a path of a column such as `address.city` or `lines[].price`, found `{}`",
                cut(change.path())
            ),
            Self::Stale { change, found } => {
                write!(f, "cannot {change}: found {}; compare with the schema in force again", cut(found))
            }
            Self::Changed { changes, can_rescue } => {
                let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the source's schema has changed: {}; declare it, or write ON SCHEMA CHANGE {}; \
                     a run with a checkpoint goes on with what is declared after ALTER SOURCE … REFRESH SCHEMA",
                    cut(&changes.join(", ")),
                    if *can_rescue { "EVOLVE, RESCUE or IGNORE" } else { "EVOLVE or IGNORE" }
                )
            }
            Self::Rejected { reason } => write!(f, "schema change refused: {reason}"),
            Self::NoConversion { found, expected } => write!(
                f,
                "expected {}, found {}, and no conversion keeps its values; give the new column another name",
                field_type_name(expected),
                field_type_name(found)
            ),
            Self::ValueDoesNotFit { expected, found } => write!(
                f,
                "expected {}, found {}; keep the wider type, or mend the value at its source",
                field_type_name(expected),
                cut(found)
            ),
            Self::UnexpectedNull { expected } => {
                write!(f, "expected {} NOT NULL, found null; keep the column nullable", type_name(expected))
            }
            Self::NothingToFill { expected } => write!(
                f,
                "expected {} NOT NULL, found no such column; give it a DEFAULT, or make it nullable",
                type_name(expected)
            ),
            Self::WrongProjection { expected, found } => write!(
                f,
                "the projection is for {expected}, found {found}; make one with `apply_evolution` from the schema of the batch"
            ),
        }
    }
}

impl std::error::Error for EvolutionError {}
