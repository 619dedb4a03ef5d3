//! Options for writing Avro.

use std::fs;

use laminar_schema::{ConfigError, ConnectorConfig, ConnectorError, SchemaResult, config::FromConfigValue};

use crate::{avro::container::Codec, policy::words, wire::WireFormat};

/// Options for writing Avro.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct AvroWriteOptions {
    /// How rows lie in what is written: `container` (a container file), or `datum` (each row is a message of its own)
    #[config(default = "container")]
    pub framing: AvroFraming,
    /// What stands in front of a message: `none`, `confluent` (magic byte and schema id), or `single_object` (marker and fingerprint); other than `none` it makes messages of rows
    #[config(default = "none")]
    pub wire_format: WireFormat,
    /// Id of the schema in its registry, for `confluent`
    pub schema_id: Option<u32>,
    /// The schema to write with, as JSON; made of the columns where none is given
    pub schema: Option<String>,
    /// A file with the schema to write with
    pub schema_file: Option<String>,
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

impl AvroWriteOptions {
    /// The schema that is given.
    ///
    /// # Errors
    /// Two of them; a file that cannot be read.
    pub(super) fn given_schema(&self) -> SchemaResult<Option<String>> {
        match (&self.schema, &self.schema_file) {
            (Some(_), Some(file)) => {
                Err(ConfigError::invalid("schema_file", file, "no `schema` beside it", "drop one of them").into())
            }
            (Some(schema), None) => Ok(Some(schema.clone())),
            (None, Some(file)) => {
                let text = fs::read_to_string(file).map_err(|e| ConnectorError::io("read", file, e))?;
                Ok(Some(text))
            }
            (None, None) => Ok(None),
        }
    }
}

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
