//! Schema changes, verdicts and projections (SPEC.md §2.5). Evaluation per mode and nested changes come with issue 6.

use std::fmt;

use arrow_schema::{DataType, Schema};

use crate::types::type_name;

/// One change from a schema to the next.
#[derive(Debug, Clone, PartialEq)]
pub enum SchemaChange {
    /// A column is new.
    ColumnAdded {
        /// Its name.
        name: String,
        /// Its type.
        data_type: DataType,
        /// Whether it may be null.
        nullable: bool,
        /// Its DEFAULT as SQL text.
        default: Option<String>,
    },
    /// A column is gone.
    ColumnDropped {
        /// Its name.
        name: String,
    },
    /// A column has another name. Known only where fields have ids.
    ColumnRenamed {
        /// The name before.
        old_name: String,
        /// The name after.
        new_name: String,
    },
    /// Every old value fits the new type.
    TypeWidened {
        /// The column.
        name: String,
        /// The type before.
        from: DataType,
        /// The type after.
        to: DataType,
    },
    /// Some old value may not fit the new type.
    TypeNarrowed {
        /// The column.
        name: String,
        /// The type before.
        from: DataType,
        /// The type after.
        to: DataType,
    },
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnAdded { name, data_type, .. } => write!(f, "add {name} {}", type_name(data_type)),
            Self::ColumnDropped { name } => write!(f, "drop {name}"),
            Self::ColumnRenamed { old_name, new_name } => write!(f, "rename {old_name} to {new_name}"),
            Self::TypeWidened { name, from, to } => write!(f, "widen {name} {} → {}", type_name(from), type_name(to)),
            Self::TypeNarrowed { name, from, to } => write!(f, "narrow {name} {} → {}", type_name(from), type_name(to)),
        }
    }
}

/// What may happen with a set of changes.
#[derive(Debug, Clone, PartialEq)]
pub enum EvolutionVerdict {
    /// They are safe and can be applied at once.
    Compatible(Vec<SchemaChange>),
    /// A person must agree first, for the reason given.
    RequiresConfirmation(Vec<SchemaChange>, String),
    /// They are refused, for the reason given.
    Incompatible(String),
}

/// For each column of the new schema, its index in the old one; `None` for a column to fill with its DEFAULT or null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnProjection {
    /// One entry per column of the new schema.
    pub mappings: Vec<Option<usize>>,
}

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

/// Top-level changes from `current` to `proposed`, columns matched by name: a rename is a drop and an add.
pub fn diff_by_name(current: &Schema, proposed: &Schema) -> Vec<SchemaChange> {
    let dropped = current
        .fields()
        .iter()
        .filter(|f| proposed.column_with_name(f.name()).is_none())
        .map(|f| SchemaChange::ColumnDropped { name: f.name().clone() });
    let rest = proposed.fields().iter().filter_map(|new| match current.column_with_name(new.name()) {
        None => Some(SchemaChange::ColumnAdded {
            name: new.name().clone(),
            data_type: new.data_type().clone(),
            nullable: new.is_nullable(),
            default: crate::field::default_expr(new).map(str::to_owned),
        }),
        Some((_, old)) if old.data_type() == new.data_type() => None,
        Some((_, old)) => {
            let (name, from, to) = (new.name().clone(), old.data_type().clone(), new.data_type().clone());
            Some(if widens(&from, &to) {
                SchemaChange::TypeWidened { name, from, to }
            } else {
                SchemaChange::TypeNarrowed { name, from, to }
            })
        }
    });
    dropped.chain(rest).collect()
}

/// Whether every value of `from` is exactly a value of `to`.
fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Float32, Float64, Int8, Int16, Int32, Int64, LargeUtf8, UInt8, UInt16, UInt32, UInt64, Utf8};
    const CHAINS: &[&[DataType]] = &[
        &[Int8, Int16, Int32, Int64],
        &[UInt8, UInt16, UInt32, UInt64],
        &[UInt8, Int16, Int32, Int64],
        &[UInt16, Int32, Int64],
        &[UInt32, Int64],
        &[Int8, Int16, Float32, Float64],
        &[UInt8, UInt16, Float32, Float64],
        &[Int32, Float64],
        &[UInt32, Float64],
        &[Utf8, LargeUtf8],
    ];
    CHAINS.iter().any(|chain| {
        let at = |t: &DataType| chain.iter().position(|c| c == t);
        matches!((at(from), at(to)), (Some(a), Some(b)) if a < b)
    })
}
