//! Options for reading Avro.

use std::fs;

use laminar_schema::{ConfigError, ConnectorConfig, ConnectorError, SchemaResult, config::FromConfigValue};

use super::{encode::AvroFraming, schema::Schema};
use crate::{
    policy::{NoContent, TypeMismatch, words},
    wire::WireFormat,
};

/// Options for reading Avro.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct AvroOptions {
    /// How records lie in a byte stream: `container` (a container file), or `datum` (the file is one)
    #[config(default = "container")]
    pub framing: AvroFraming,
    /// What stands in front of a message: `none`, `confluent` (magic byte and schema id), or `single_object` (marker and fingerprint)
    #[config(default = "none")]
    pub wire_format: WireFormat,
    /// The schema that messages were written with, as JSON, where neither a container nor a registry says it
    pub schema: Option<String>,
    /// A file with the schema that messages were written with
    pub schema_file: Option<String>,
    /// The schema to read with, as JSON: aliases, defaults and promotions are its own; the writer's without this option
    pub reader_schema: Option<String>,
    /// A file with the schema to read with
    pub reader_schema_file: Option<String>,
    /// What happens to a value that does not fit its column: `reject` (or `fail`) rejects the record, `null` makes it null
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What happens to a record without a value: `skip`, `reject`, or `null` for a row without fields
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// What a union of several types becomes: `struct` (a field for each), or `json`
    #[config(default = "struct")]
    pub unions: Unions,
    /// What an enum becomes: `dictionary`, or `text`
    #[config(default = "dictionary")]
    pub enums: Enums,
    /// What a type becomes that contains itself: `json` from the place where it comes again, or `reject`
    #[config(default = "json")]
    pub recursion: Recursion,
    /// Deepest nesting of what is read as JSON or passed over
    #[config(default = 128)]
    pub max_depth: usize,
    /// Largest record in bytes; any size without this option
    pub max_record_bytes: Option<usize>,
    /// Largest block of a container in bytes, uncompressed
    #[config(default = 268435456)]
    pub max_block_bytes: usize,
}

impl AvroOptions {
    /// The schema that messages were written with, if it is given.
    ///
    /// # Errors
    /// Two of them; a file that cannot be read; a text that is no schema.
    pub fn writer(&self) -> SchemaResult<Option<Schema>> {
        self.writer_text()?.map(|text| parsed("schema", &text)).transpose()
    }

    pub(super) fn writer_text(&self) -> SchemaResult<Option<String>> {
        text_of(("schema", &self.schema), ("schema_file", &self.schema_file))
    }

    /// The schema to read with, if it is given.
    ///
    /// # Errors
    /// As [`AvroOptions::writer`].
    pub fn reader(&self) -> SchemaResult<Option<Schema>> {
        let text = text_of(("reader_schema", &self.reader_schema), ("reader_schema_file", &self.reader_schema_file))?;
        text.map(|text| parsed("reader_schema", &text)).transpose()
    }
}

fn text_of(given: (&str, &Option<String>), file: (&str, &Option<String>)) -> SchemaResult<Option<String>> {
    match (given.1, file.1) {
        (Some(_), Some(path)) => {
            let expected = format!("no `{}` beside it", given.0);
            Err(ConfigError::invalid(file.0, path, expected, "drop one of them").into())
        }
        (Some(text), None) => Ok(Some(text.clone())),
        (None, Some(path)) => Ok(Some(fs::read_to_string(path).map_err(|e| ConnectorError::io("read", path, e))?)),
        (None, None) => Ok(None),
    }
}

fn parsed(key: &str, text: &str) -> SchemaResult<Schema> {
    Schema::parse(text).map_err(|e| {
        ConfigError::invalid(key, laminar_schema::error::cut(text), "an Avro schema", e.to_string()).into()
    })
}

/// What a union of several types becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unions {
    /// A struct with a nullable field for each of its types, of which one at most holds a value.
    Struct,
    /// JSON text.
    Json,
}
words! { Unions: "struct or json", "struct" => Struct, "json" => Json }

/// What an enum becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enums {
    /// A dictionary of the symbols that a batch has.
    Dictionary,
    /// Text.
    Text,
}
words! { Enums: "dictionary or text", "dictionary" => Dictionary, "text" => Text }

/// What a type becomes that contains itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recursion {
    /// JSON text from the place on where it comes again.
    Json,
    /// The schema is refused.
    Reject,
}
words! { Recursion: "json or reject", "json" => Json, "reject" => Reject }
