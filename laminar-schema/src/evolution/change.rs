//! One change from a schema to the next.

use std::fmt;

use arrow_schema::DataType;

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
