//! One change from a schema to the next.

use std::fmt;

use arrow_schema::DataType;

use crate::{
    error::cut,
    field::{DEFAULT_METADATA, EXTENSION_NAME, JSON_EXTENSION},
    types::type_name,
};

/// One change from a schema to the next.
///
/// Names are paths: `address.city`, `lines[].price`, `labels{}` for the values of a map and `labels{key}` for its keys. A
/// name with one of `.[]{}"` in it stands in double quotes. Changes apply one after the other, and a path speaks of the
/// schema as the changes before it have left it. Only renames that follow each other count as one step, so that two
/// columns can change names.
///
/// The first five are SPEC.md's; the others say what those cannot, so that a list of changes is the whole difference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// A column is new. It stands behind the others; a [`ColumnMoved`](Self::ColumnMoved) puts it elsewhere.
    ColumnAdded {
        /// Its path.
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
        /// Its path.
        name: String,
    },
    /// A column has another name. Known only where fields have ids.
    ColumnRenamed {
        /// The path before.
        old_name: String,
        /// The path after.
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
    /// The same values in another Arrow layout: text as views, a dictionary, a list whose items are called otherwise.
    LayoutChanged {
        /// The column.
        name: String,
        /// The layout before.
        from: DataType,
        /// The layout after.
        to: DataType,
    },
    /// A column may be null now, or may no longer.
    NullabilityChanged {
        /// The column.
        name: String,
        /// Whether it may be null.
        nullable: bool,
    },
    /// A column stands elsewhere among its neighbours.
    ColumnMoved {
        /// The column.
        name: String,
        /// Name, without its path, of the neighbour it stands behind; `None` when it is the first.
        after: Option<String>,
    },
    /// Readers of the schema before can do without the column that is dropped next: it is nullable, or has a DEFAULT.
    /// Changes nothing by itself.
    ColumnOptional {
        /// The column.
        name: String,
    },
    /// A metadata entry is another: extension type, DEFAULT, field id, description.
    PropertyChanged {
        /// The column; empty for the schema's own metadata.
        name: String,
        /// The entry's key.
        key: String,
        /// Its value before.
        from: Option<String>,
        /// Its value after.
        to: Option<String>,
    },
}

impl SchemaChange {
    /// The path of the column it speaks of: for a rename the one before.
    pub fn path(&self) -> &str {
        match self {
            Self::ColumnAdded { name, .. }
            | Self::ColumnDropped { name }
            | Self::ColumnRenamed { old_name: name, .. }
            | Self::TypeWidened { name, .. }
            | Self::TypeNarrowed { name, .. }
            | Self::LayoutChanged { name, .. }
            | Self::NullabilityChanged { name, .. }
            | Self::ColumnMoved { name, .. }
            | Self::ColumnOptional { name }
            | Self::PropertyChanged { name, .. } => name,
        }
    }
}

/// What a change among others brings, in words: that a new column is JSON is said by another change, which speaks of
/// its extension type.
pub(crate) fn described(change: &SchemaChange, all: &[SchemaChange]) -> String {
    let is_json = |column: &str| {
        all.iter().any(|other| {
            matches!(other, SchemaChange::PropertyChanged { name, key, to: Some(to), .. }
                if name == column && key == EXTENSION_NAME && to == JSON_EXTENSION)
        })
    };
    match change {
        SchemaChange::ColumnAdded { name, .. } if is_json(name) => format!("add {name} JSON"),
        _ => change.to_string(),
    }
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnAdded { name, data_type, nullable, default } => {
                write!(f, "add {name} {}", type_name(data_type))?;
                f.write_str(if *nullable { "" } else { " NOT NULL" })?;
                default.as_ref().map_or(Ok(()), |d| write!(f, " DEFAULT {}", cut(d)))
            }
            Self::ColumnDropped { name } => write!(f, "drop {name}"),
            Self::ColumnRenamed { old_name, new_name } => write!(f, "rename {old_name} to {new_name}"),
            Self::TypeWidened { name, from, to } => write!(f, "widen {name} {} → {}", type_name(from), type_name(to)),
            Self::TypeNarrowed { name, from, to } => write!(f, "narrow {name} {} → {}", type_name(from), type_name(to)),
            Self::LayoutChanged { name, from, to } => write!(f, "lay out {name} {from} → {to}"),
            Self::NullabilityChanged { name, nullable: true } => write!(f, "allow null in {name}"),
            Self::NullabilityChanged { name, nullable: false } => write!(f, "forbid null in {name}"),
            Self::ColumnMoved { name, after: Some(after) } => write!(f, "move {name} behind {after}"),
            Self::ColumnMoved { name, after: None } => write!(f, "move {name} to the front"),
            Self::ColumnOptional { name } => write!(f, "{name} is optional to readers of the schema before"),
            Self::PropertyChanged { name, key, from, to } => {
                let shown = |v: &Option<String>| v.as_ref().map_or("none".to_owned(), |v| cut(v).to_string());
                let key = match key.as_str() {
                    EXTENSION_NAME => "extension type",
                    DEFAULT_METADATA => "DEFAULT",
                    other => other,
                };
                let of = if name.is_empty() { "the schema" } else { name };
                write!(f, "set {key} of {of} {} → {}", shown(from), shown(to))
            }
        }
    }
}
