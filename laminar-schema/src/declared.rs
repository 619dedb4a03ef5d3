//! The columns a user declares (SPEC.md §3), before anything else is known.

use std::collections::HashMap;

use arrow_schema::{DataType, Field};

use crate::field::{self, DEFAULT_METADATA, EXTENSION_NAME};

/// Columns of a CREATE SOURCE statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeclaredSchema {
    /// Columns with their types, in order.
    pub columns: Vec<DeclaredColumn>,
    /// Whether `*` asks for every other field too.
    pub has_wildcard: bool,
    /// Prefix of the columns that `*` brings in.
    pub wildcard_prefix: Option<String>,
}

/// One declared column.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredColumn {
    /// Column name, which is also the payload key.
    pub name: String,
    /// Arrow type.
    pub data_type: DataType,
    /// False for NOT NULL.
    pub nullable: bool,
    /// DEFAULT as SQL text; a literal.
    pub default: Option<String>,
    /// Name of the Arrow extension type: `arrow.json`, `arrow.uuid`.
    pub extension: Option<String>,
}

impl DeclaredColumn {
    /// A nullable column without DEFAULT.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, nullable: true, default: None, extension: None }
    }

    /// The Arrow field, with DEFAULT and extension type in its metadata.
    pub fn to_field(&self) -> Field {
        let mut metadata = HashMap::new();
        if let Some(default) = &self.default {
            metadata.insert(DEFAULT_METADATA.to_owned(), default.clone());
        }
        if let Some(extension) = &self.extension {
            metadata.insert(EXTENSION_NAME.to_owned(), extension.clone());
        }
        Field::new(&self.name, self.data_type.clone(), self.nullable).with_metadata(metadata)
    }
}

impl From<&Field> for DeclaredColumn {
    fn from(f: &Field) -> Self {
        Self {
            name: f.name().clone(),
            data_type: f.data_type().clone(),
            nullable: f.is_nullable(),
            default: field::default_expr(f).map(str::to_owned),
            extension: field::extension_name(f).map(str::to_owned),
        }
    }
}
