//! Columns that a file in another schema language declares, by its extension.

use std::path::Path;

use arrow_schema::SchemaRef;
use laminar_schema::{ConnectorError, SchemaResult};

/// Extensions of the files that [`read_schema_file`] reads.
pub const SCHEMA_FILE_EXTENSIONS: &[&str] = &[
    #[cfg(feature = "avro")]
    "avsc",
    // A JSON Schema.
    "json",
    #[cfg(feature = "parquet")]
    "parquet",
    #[cfg(feature = "protobuf")]
    "proto",
    #[cfg(feature = "protobuf")]
    "desc",
];

/// Yields the columns that the file at `path` declares; `None` when its extension is none of
/// [`SCHEMA_FILE_EXTENSIONS`]. Ring 2: reads the file.
///
/// # Errors
/// A file that cannot be read, or is not in the language that its extension promises, or has a type that Arrow lacks.
pub fn read_schema_file(path: &Path) -> SchemaResult<Option<SchemaRef>> {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    // One arm for each language, behind the feature that brings it.
    match extension.as_deref() {
        #[cfg(feature = "avro")]
        Some("avsc") => crate::avro::arrow_schema_of(&read_text(path)?).map(Some),
        Some("json") => crate::json_schema::arrow_schema_of(&read_text(path)?, &[]).map(Some),
        #[cfg(feature = "parquet")]
        Some("parquet") => crate::parquet::read_schema(path).map(Some),
        #[cfg(feature = "protobuf")]
        Some("proto" | "desc") => crate::protobuf::columns_of_file(path).map(Some),
        _ => Ok(None),
    }
}

fn read_text(path: &Path) -> SchemaResult<String> {
    std::fs::read_to_string(path).map_err(|e| ConnectorError::io("read", path.display(), e).into())
}
