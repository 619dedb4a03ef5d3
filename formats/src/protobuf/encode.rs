//! The encoder: columns → one message per row.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConfigError, ConnectorConfig, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, SchemaResult,
};
use prost_reflect::MessageDescriptor;

use super::{
    ProtobufOptions, catalog::Catalog, column::Column, definition::indexes, descriptor, options::ProtobufFraming,
    plan::Plan, proto_text::proto_text, write::Writer,
};
use crate::{
    cell::schema_mismatch,
    wire::{SchemaIdHeader, confluent},
};

/// Name of the message that rows are, where no definition is given and no option names it.
const MESSAGE: &str = "Record";

/// Encodes each row as one message, which [`ProtobufDecoder`](super::ProtobufDecoder) with the same definition and schema
/// reads back as the same row.
///
/// Without a definition rows are written as [`proto_text`] defines them.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
///
/// Source: Protocol Buffers documentation, "Encoding".
pub struct ProtobufEncoder {
    schema: SchemaRef,
    catalog: Catalog,
    plans: Vec<Plan>,
    /// What stands in front of each message.
    header: Vec<u8>,
    options: ProtobufOptions,
    scratch: Vec<u8>,
}

impl ProtobufEncoder {
    /// An encoder for batches of `schema`. Reads the definition that the options name.
    ///
    /// # Errors
    /// A definition that cannot be read; [`EncodeError::UnsupportedType`](laminar_schema::EncodeError::UnsupportedType) for a
    /// column that its field cannot hold, by its path; a column without a field.
    pub fn new(schema: SchemaRef, options: &ProtobufOptions) -> SchemaResult<Self> {
        let message = match descriptor::message(options)? {
            Some(message) => message,
            None => {
                let name = options.message.as_deref().unwrap_or(MESSAGE);
                descriptor::derived(&proto_text(&schema, name)?, name)?
            }
        };
        Self::of_message(schema, &message, options)
    }

    /// An encoder of messages of a type that is known already.
    ///
    /// # Errors
    /// As [`ProtobufEncoder::new`].
    pub fn of_message(schema: SchemaRef, message: &MessageDescriptor, options: &ProtobufOptions) -> SchemaResult<Self> {
        let mut header = Vec::new();
        if options.wire_format == SchemaIdHeader::Confluent {
            let Some(id) = options.schema_id else {
                let reason = "it stands in front of each message";
                return Err(ConfigError::invalid("schema_id", "", "the schema's id in its registry", reason).into());
            };
            confluent::write(id, &mut header);
            confluent::write_message_indexes(&indexes(message), &mut header);
        }
        let catalog = Catalog::new(message)?;
        let plans = Plan::all(&catalog, 0, schema.fields())?;
        Ok(Self { schema, catalog, plans, header, options: options.clone(), scratch: Vec::new() })
    }
}

impl FormatEncoder for ProtobufEncoder {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let fields = self.schema.fields();
        if batch.num_columns() != fields.len() {
            return Err(schema_mismatch(&self.schema, batch));
        }
        let Some(columns) = Column::all(&self.plans, fields, batch.columns()) else {
            return Err(schema_mismatch(&self.schema, batch));
        };
        out.set_length_delimited(self.options.framing == ProtobufFraming::Delimited);
        let (bytes, ends) = out.parts_mut();
        ends.reserve(batch.num_rows());
        let mut writer = Writer {
            catalog: &self.catalog,
            out: bytes,
            scratch: &mut self.scratch,
            null_lists: self.options.null_lists,
        };
        for row in 0..batch.num_rows() {
            writer.out.extend_from_slice(&self.header);
            writer.encode_record(&self.plans, &columns, row)?;
            ends.push(writer.out.len());
        }
        Ok(())
    }

    fn delimiter(&self) -> &'static [u8] {
        b""
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl EncoderSet for ProtobufEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = ProtobufOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for ProtobufEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtobufEncoder")
            .field("schema", &self.schema)
            .field("message", &self.catalog.message(0).full_name)
            .finish_non_exhaustive()
    }
}
