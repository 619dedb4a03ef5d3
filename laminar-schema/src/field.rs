//! What a field carries in its Arrow metadata beyond name, type and nullability.

use std::collections::HashMap;

use arrow_schema::{DataType, Field};

/// Metadata key of the field's name in the payload, where it differs from the column's (a prefixed wildcard).
pub const KEY_METADATA: &str = "laminar.key";
/// Metadata key of the column's DEFAULT, as SQL text.
pub const DEFAULT_METADATA: &str = "laminar.default";
/// Metadata key of the timestamp formats that text values of this column may have, newline-separated.
pub const TIMESTAMP_FORMATS_METADATA: &str = "laminar.timestamp_formats";
/// Metadata key of the field's id, as Parquet readers write it.
pub const FIELD_ID_METADATA: &str = "PARQUET:field_id";
/// Metadata key of the field's description.
pub const DESCRIPTION_METADATA: &str = "laminar.description";
/// Metadata key of the type in the source's own words.
pub const SOURCE_TYPE_METADATA: &str = "laminar.source_type";
/// Arrow's metadata key of an extension type's name.
pub const EXTENSION_NAME: &str = "ARROW:extension:name";
/// Extension type of JSON text in a Utf8 column.
pub const JSON_EXTENSION: &str = "arrow.json";
/// Extension type of a UUID in a `FixedSizeBinary(16)` column.
pub const UUID_EXTENSION: &str = "arrow.uuid";
/// Name of the column that keeps what the schema has no place for, under `unknown_fields = 'rescue'`.
pub const RESCUE_COLUMN: &str = "_rescued";

/// The name under which the payload carries this column.
pub fn payload_key(field: &Field) -> &str {
    field.metadata().get(KEY_METADATA).map_or(field.name(), String::as_str)
}

/// The column's DEFAULT as SQL text.
pub fn default_expr(field: &Field) -> Option<&str> {
    field.metadata().get(DEFAULT_METADATA).map(String::as_str)
}

/// The name of the field's extension type.
pub fn extension_name(field: &Field) -> Option<&str> {
    field.metadata().get(EXTENSION_NAME).map(String::as_str)
}

/// True for a Utf8 column that holds JSON text.
pub fn is_json(field: &Field) -> bool {
    extension_name(field) == Some(JSON_EXTENSION)
}

/// True for a `FixedSizeBinary(16)` column that holds a UUID.
pub fn is_uuid(field: &Field) -> bool {
    extension_name(field) == Some(UUID_EXTENSION)
}

/// The same field with one more metadata entry.
#[must_use]
pub fn with_metadata(field: Field, key: &str, value: impl Into<String>) -> Field {
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    metadata.insert(key.to_owned(), value.into());
    field.with_metadata(metadata)
}

/// A column of JSON text.
pub fn json_field(name: impl Into<String>, nullable: bool) -> Field {
    with_metadata(Field::new(name, DataType::Utf8, nullable), EXTENSION_NAME, JSON_EXTENSION)
}

/// A column of UUIDs.
pub fn uuid_field(name: impl Into<String>, nullable: bool) -> Field {
    with_metadata(Field::new(name, DataType::FixedSizeBinary(16), nullable), EXTENSION_NAME, UUID_EXTENSION)
}
