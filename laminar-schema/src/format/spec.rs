//! What decoders and encoders are built from.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use super::WriterSchemaId;
use crate::config::FormatSpec;

/// Everything a decoder needs, decided on Ring 2.
#[derive(Debug, Clone)]
pub struct DecodeSpec {
    /// Columns to produce: the reader's schema. Fields carry payload keys, DEFAULTs and extension types
    /// ([`crate::field`]).
    pub schema: SchemaRef,
    /// The format with its options.
    pub format: FormatSpec,
    /// Columns taken from the record's metadata. The pipeline appends them behind the decoder's columns, the same
    /// way for every format; they are here so that the whole output schema is known in one place.
    pub metadata_columns: Vec<MetadataColumn>,
    /// Writer schemas known so far, for formats whose records name theirs. Grows when a decoder's
    /// [`Decoded::needs`](super::Decoded::needs) is answered.
    pub writer_schemas: Vec<WriterSchema>,
}

impl DecodeSpec {
    /// A spec of nothing but a schema and a format.
    pub fn new(schema: SchemaRef, format: FormatSpec) -> Self {
        Self { schema, format, metadata_columns: Vec::new(), writer_schemas: Vec::new() }
    }

    /// Schema of the batches after the metadata columns are appended.
    pub fn output_schema(&self) -> SchemaRef {
        if self.metadata_columns.is_empty() {
            return Arc::clone(&self.schema);
        }
        let metadata = self.metadata_columns.iter().map(|c| Arc::new(c.field()));
        let fields: Fields = self.schema.fields().iter().cloned().chain(metadata).collect();
        Arc::new(Schema::new_with_metadata(fields, self.schema.metadata().clone()))
    }
}

/// The schema some records were written with.
#[derive(Debug, Clone)]
pub struct WriterSchema {
    /// Its id.
    pub id: WriterSchemaId,
    /// Its definition, in the format's language.
    pub raw: Vec<u8>,
}

/// A column of the record's metadata: `INCLUDE OFFSET AS o`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataColumn {
    /// What it holds.
    pub kind: MetadataKind,
    /// Its name.
    pub name: String,
}

/// What a metadata column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataKind {
    /// The message key: BLOB.
    Key,
    /// The message's time: TIMESTAMPTZ, milliseconds at the source.
    Timestamp,
    /// The partition's name: VARCHAR.
    Partition,
    /// The offset in the partition: BIGINT.
    Offset,
    /// The headers: MAP(VARCHAR, BLOB).
    Headers,
}

impl MetadataKind {
    /// All kinds with the words of `INCLUDE`.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("KEY", Self::Key),
        ("TIMESTAMP", Self::Timestamp),
        ("PARTITION", Self::Partition),
        ("OFFSET", Self::Offset),
        ("HEADERS", Self::Headers),
    ];
}

impl MetadataColumn {
    /// The Arrow field of the column.
    pub fn field(&self) -> Field {
        let data_type = match self.kind {
            MetadataKind::Key => DataType::Binary,
            MetadataKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            MetadataKind::Partition => DataType::Utf8,
            MetadataKind::Offset => DataType::Int64,
            MetadataKind::Headers => return header_field(&self.name),
        };
        Field::new(&self.name, data_type, true)
    }
}

/// A column of headers: MAP(VARCHAR, BLOB).
pub(crate) fn header_field(name: &str) -> Field {
    let entries =
        Fields::from(vec![Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Binary, true)]);
    let data_type = DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false);
    Field::new(name, data_type, true)
}

/// Everything an encoder needs, decided on Ring 2.
#[derive(Debug, Clone)]
pub struct EncodeSpec {
    /// Schema of the batches to write.
    pub schema: SchemaRef,
    /// The format with its options.
    pub format: FormatSpec,
}

impl EncodeSpec {
    /// A spec of a schema and a format.
    pub fn new(schema: SchemaRef, format: FormatSpec) -> Self {
        Self { schema, format }
    }
}
