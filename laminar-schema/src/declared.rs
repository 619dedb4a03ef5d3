//! The columns a user declares (SPEC.md §3), before anything else is known.

use arrow_schema::{DataType, Field};

use crate::field::{self, DEFAULT_METADATA, EXTENSION_NAME, KEY_METADATA, TIMESTAMP_FORMATS_METADATA};

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
    /// Column name, which is also the payload key where `key` does not say otherwise.
    pub name: String,
    /// Arrow type.
    pub data_type: DataType,
    /// False for NOT NULL.
    pub nullable: bool,
    /// DEFAULT as SQL text; a literal.
    pub default: Option<String>,
    /// Name of the Arrow extension type: `arrow.json`, `arrow.uuid`.
    pub extension: Option<String>,
    /// Patterns that texts of the column are read with, one a line; the format's where there are none.
    pub timestamp_formats: Option<String>,
    /// The payload key, where it is not the name: `KEY 'key'`.
    pub key: Option<String>,
}

impl DeclaredColumn {
    /// A nullable column without DEFAULT.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: true,
            default: None,
            extension: None,
            timestamp_formats: None,
            key: None,
        }
    }

    /// The key under which the payload carries the column.
    pub fn payload_key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }

    /// The Arrow field, with everything that Arrow has no place for in its metadata.
    pub fn to_field(&self) -> Field {
        let entries = [
            (DEFAULT_METADATA, &self.default),
            (EXTENSION_NAME, &self.extension),
            (TIMESTAMP_FORMATS_METADATA, &self.timestamp_formats),
            (KEY_METADATA, &self.key),
        ];
        let given = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        Field::new(&self.name, self.data_type.clone(), self.nullable).with_metadata(given.collect())
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
            timestamp_formats: f.metadata().get(TIMESTAMP_FORMATS_METADATA).cloned(),
            key: f.metadata().get(KEY_METADATA).cloned(),
        }
    }
}
