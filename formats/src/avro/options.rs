//! Options of `FORMAT AVRO`.

use std::fs;

use laminar_schema::{
    ConfigError, ConnectorConfig, ConnectorError, SchemaResult, WriterSchemaId, config::FromConfigValue,
};

use super::{container::Codec, schema::Schema};
use crate::{
    policy::{NoContent, TypeMismatch, words},
    wire::WireFormat,
};

/// Options for reading and writing Avro.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct AvroOptions {
    /// How rows lie in a byte stream or in messages: `container` (a container file), or `datum` (each row is a message of its own)
    #[config(default = "container")]
    pub framing: AvroFraming,
    /// What stands in front of a message: `none`, `confluent` (magic byte and schema id), or `single_object` (marker and fingerprint); other than `none` it makes messages of rows
    #[config(default = "none")]
    pub wire_format: WireFormat,
    /// The writer's schema as JSON, for messages that do not name theirs, or to write with; made of the columns where none is given
    pub schema: Option<String>,
    /// A file with the writer's schema
    pub schema_file: Option<String>,
    /// The schema to read with, as JSON: aliases, defaults and promotions are its own; the writer's without this option
    pub reader_schema: Option<String>,
    /// A file with the schema to read with
    pub reader_schema_file: Option<String>,
    /// What a union of several types becomes when read: `struct` (a field for each), or `json`
    #[config(default = "struct")]
    pub unions: Unions,
    /// What an enum becomes when read: `dictionary`, or `text`
    #[config(default = "dictionary")]
    pub enums: Enums,
    /// What a type becomes that contains itself: `json` from the place where it comes again, or `reject`
    #[config(default = "json")]
    pub recursion: Recursion,
    /// What happens to a value that does not fit its column: `reject` (or `fail`) rejects the row, `null` makes it null, `rescue` makes it null and keeps it in the column `_rescued`
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What happens to a field that no column takes: `ignore` passes it over, `rescue` keeps it in the column `_rescued`
    #[config(default = "ignore")]
    pub unknown_fields: UnreadFields,
    /// What happens to a message without a value: `skip`, `reject`, or `null` for a row without fields
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// Deepest nesting of a value, unwanted fields included
    #[config(default = 128)]
    pub max_depth: usize,
    /// Largest message or block in bytes, compressed; any size without this option
    pub max_record_bytes: Option<usize>,
    /// Largest block of a container in bytes, when decompressed
    #[config(default = 268435456)]
    pub max_block_bytes: usize,
    /// Id of the schema in its registry, for writing `confluent`, or `glue`, where it is a UUID
    pub schema_id: Option<WriterSchemaId>,
    /// Name of the record in a schema that is made of the columns
    #[config(default = "row")]
    pub record_name: String,
    /// Namespace of the names in a schema that is made of the columns
    #[config(default = "")]
    pub namespace: String,
    /// How blocks of a container are compressed: `null`, `deflate`, `snappy`, `zstandard`, `bzip2` or `xz`
    #[config(default = "null")]
    pub codec: Codec,
    /// How hard the codec tries, in its own numbers; its usual one without this option
    pub codec_level: Option<i32>,
    /// Bytes of rows that make a block of a container full; a block has no more rows than the batch that it is made of
    #[config(default = 65536)]
    pub block_bytes: usize,
    /// The sync marker of a container as 32 hexadecimal digits; made of the header where it is not given, so that a run that appends to a file writes what is in it
    pub sync: Option<SyncMarker>,
}

impl AvroOptions {
    /// The writer's schema as JSON, if it is given.
    ///
    /// # Errors
    /// Two of them; a file that cannot be read.
    pub(super) fn given_schema(&self) -> SchemaResult<Option<String>> {
        text_of(("schema", &self.schema), ("schema_file", &self.schema_file))
    }

    /// The schema to read with, if it is given.
    ///
    /// # Errors
    /// As [`AvroOptions::given_schema`]; a text that is no schema.
    pub(super) fn reader(&self) -> SchemaResult<Option<Schema>> {
        let text = text_of(("reader_schema", &self.reader_schema), ("reader_schema_file", &self.reader_schema_file))?;
        text.map(|text| parsed("reader_schema", &text)).transpose()
    }
}

/// Reads the schema that an option gives.
///
/// # Errors
/// A text that is none.
pub(super) fn parsed(key: &str, text: &str) -> SchemaResult<Schema> {
    Schema::parse(text).map_err(|e| {
        ConfigError::invalid(key, laminar_schema::error::cut(text), "an Avro schema", e.to_string()).into()
    })
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

/// What happens to fields of the writer's schema that no column takes. No record is rejected for them: all of a writer have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadFields {
    /// They are passed over.
    Ignore,
    /// They go into the column [`RESCUE_COLUMN`](laminar_schema::field::RESCUE_COLUMN), as JSON.
    Rescue,
}
words! { UnreadFields: "ignore or rescue", "ignore" => Ignore, "rescue" => Rescue }

/// How rows lie in what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AvroFraming {
    /// Blocks of a container file.
    Container,
    /// Each row is a message.
    Datum,
}
words! { AvroFraming: "container or datum", "container" => Container, "datum" => Datum }

/// What stands behind every block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncMarker(pub [u8; 16]);

impl FromConfigValue for SyncMarker {
    const TYPE_NAME: &'static str = "32 hexadecimal digits";

    fn from_value(text: &str) -> Result<Self, String> {
        let digits = text.trim().as_bytes();
        let is_hex = digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit);
        // Hexadecimal digits are ASCII, and 32 of them fill 128 bits.
        let number = is_hex.then(|| u128::from_str_radix(text.trim(), 16).ok()).flatten();
        number.map(|n| Self(n.to_be_bytes())).ok_or_else(String::new)
    }
}
