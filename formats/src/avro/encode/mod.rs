//! The encoder: columns → container files or messages.

mod column;
mod plan;
mod write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConfigError, ConnectorConfig, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaResult,
};
use md5::{Digest, Md5};

use self::{column::Column, plan::Plan, write::encode_record};
use super::{
    AvroFraming, AvroOptions,
    arrow_schema::avro_schema_of,
    canonical_form,
    container::{Compressor, Header, write_varint},
};
use crate::{
    cell::schema_mismatch,
    wire::{self, WireFormat},
};

/// Encodes rows as Avro: blocks of a container file, or a message each.
///
/// Every value is written exactly, or refused: where a schema is given, a column that it may not hold is refused when the
/// encoder is built, and a single value that does not fit when it comes.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
///
/// Source: Avro 1.12 specification.
#[derive(Debug)]
pub struct AvroEncoder {
    columns: SchemaRef,
    plans: Vec<(Option<usize>, Plan)>,
    schema: String,
    output: Output,
}

#[derive(Debug)]
enum Output {
    Container(Box<Container>),
    /// Each row behind these bytes.
    Messages(Vec<u8>),
}

#[derive(Debug)]
struct Container {
    header: Vec<u8>,
    sync: [u8; 16],
    compressor: Compressor,
    block_bytes: usize,
    /// Rows of the block so far.
    rows: Vec<u8>,
    /// The block, compressed.
    block: Vec<u8>,
}

impl AvroEncoder {
    /// An encoder for batches of `columns`.
    ///
    /// # Errors
    /// Columns that Avro, or the schema given, cannot hold; a schema that is none; options that contradict each other.
    pub fn new(columns: SchemaRef, options: &AvroOptions) -> SchemaResult<Self> {
        let schema = match options.given_schema()? {
            Some(schema) => schema,
            None => avro_schema_of(&columns, &options.record_name, &options.namespace)?,
        };
        let not_a_schema = |reason: String| {
            ConfigError::invalid("schema", laminar_schema::error::cut(&schema), "an Avro schema", reason)
        };
        let form = canonical_form(&schema).map_err(|e| not_a_schema(e.to_string()))?;
        // What has a canonical form is JSON.
        let value = serde_json::from_str(&schema).map_err(|e| not_a_schema(e.to_string()))?;
        let plans = plan::plan_of(columns.fields(), &value)?;
        let output = Output::new(&schema, &form, options)?;
        Ok(Self { columns, plans, schema, output })
    }

    /// The schema that is written with, as JSON.
    pub fn avro_schema(&self) -> &str {
        &self.schema
    }
}

impl Output {
    fn new(schema: &str, form: &str, options: &AvroOptions) -> SchemaResult<Self> {
        let mut front = Vec::new();
        match (options.wire_format, options.schema_id) {
            (WireFormat::Confluent, Some(id)) => match id.number() {
                Some(number) => wire::confluent::write(number, &mut front),
                None => return Err(ConfigError::invalid("schema_id", id.to_string(), "a number", "").into()),
            },
            (WireFormat::Glue, Some(id)) => match id.number() {
                None => wire::glue::write(id.0, &mut front),
                Some(_) => return Err(ConfigError::invalid("schema_id", id.to_string(), "a UUID", "").into()),
            },
            (named @ (WireFormat::Confluent | WireFormat::Glue), None) => {
                let reason = "give the id that the registry has for the schema";
                let named = if named == WireFormat::Glue { "glue" } else { "confluent" };
                return Err(ConfigError::invalid("wire_format", named, "`schema_id` beside it", reason).into());
            }
            (_, Some(id)) => {
                let expected = "`wire_format` to be confluent or glue beside it";
                return Err(ConfigError::invalid("schema_id", id.to_string(), expected, "").into());
            }
            (WireFormat::SingleObject, None) => {
                wire::single_object::write(wire::rabin::fingerprint(form.as_bytes()), &mut front);
            }
            (WireFormat::None, None) if options.framing == AvroFraming::Container => {
                return Container::new(schema, options).map(|container| Self::Container(Box::new(container)));
            }
            (WireFormat::None, None) => {}
        }
        Ok(Self::Messages(front))
    }
}

impl Container {
    fn new(schema: &str, options: &AvroOptions) -> SchemaResult<Self> {
        let sync = match options.sync {
            Some(given) => given.0,
            None => {
                let mut same = Vec::new();
                Header::write(schema, options.codec, &[0; 16], &mut same);
                Md5::digest(&same).into()
            }
        };
        let mut header = Vec::new();
        Header::write(schema, options.codec, &sync, &mut header);
        let compressor = Compressor::new(options.codec, options.codec_level)?;
        let block_bytes = options.block_bytes.max(1);
        Ok(Self { header, sync, compressor, block_bytes, rows: Vec::new(), block: Vec::new() })
    }

    fn encode(&mut self, columns: &[Column<'_>], num_rows: usize, out: &mut EncodedBatch) -> SchemaResult<()> {
        // A batch that failed may have left its front.
        self.rows.clear();
        let mut in_block = 0;
        for row in 0..num_rows {
            encode_record(columns, row, &mut self.rows)?;
            in_block += 1;
            if self.rows.len() >= self.block_bytes || row + 1 == num_rows {
                self.end_block(in_block, out)?;
                in_block = 0;
            }
        }
        Ok(())
    }

    fn end_block(&mut self, num_rows: i64, out: &mut EncodedBatch) -> SchemaResult<()> {
        self.block.clear();
        if self.compressor.compress(&self.rows, &mut self.block).is_none() {
            let help = "the codec's library failed; choose another codec or level";
            return Err(write::unrepresentable(Found::kind("block"), help));
        }
        let bytes = out.bytes_mut();
        write_varint(num_rows, bytes);
        write_varint(self.block.len() as i64, bytes);
        bytes.extend_from_slice(&self.block);
        bytes.extend_from_slice(&self.sync);
        out.end_record();
        self.rows.clear();
        Ok(())
    }
}

impl FormatEncoder for AvroEncoder {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.columns)
    }

    /// A row is a record, but in a container, where a block is.
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let has_types =
            |(f, array): (&arrow_schema::FieldRef, &arrow_array::ArrayRef)| f.data_type() == array.data_type();
        let fields = self.columns.fields();
        if batch.num_columns() != fields.len() || !fields.iter().zip(batch.columns()).all(has_types) {
            return Err(schema_mismatch(&self.columns, batch));
        }
        let Some(columns) = Column::all(batch.columns(), &self.plans) else {
            return Err(schema_mismatch(&self.columns, batch));
        };
        match &mut self.output {
            Output::Container(container) => container.encode(&columns, batch.num_rows(), out),
            Output::Messages(front) => {
                let (bytes, ends) = out.parts_mut();
                ends.reserve(batch.num_rows());
                for row in 0..batch.num_rows() {
                    bytes.extend_from_slice(front);
                    encode_record(&columns, row, bytes)?;
                    ends.push(bytes.len());
                }
                Ok(())
            }
        }
    }

    fn prologue(&mut self) -> Vec<u8> {
        match &self.output {
            Output::Container(container) => container.header.clone(),
            Output::Messages(_) => Vec::new(),
        }
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

impl EncoderSet for AvroEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = AvroOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
