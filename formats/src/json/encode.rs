//! The encoder: columns → one object per row.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConfigError, ConnectorConfig, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, SchemaResult,
    WriterSchemaId,
};

use super::{
    options::{JsonOptions, NonFinite},
    quote::Quoting,
    syntax::Scanner,
    write::{Arena, Column, Output, Plan},
};
use crate::{
    cell::schema_mismatch,
    column::BinaryEncoding,
    wire::{DocumentHeader, confluent, glue, payloads},
};

/// Encodes each row as one JSON object on one line, which [`JsonDecoder`](super::JsonDecoder) with the same options
/// and schema reads back as the same row.
///
/// Decimals are numbers of all their digits, floats the shortest number that reads back (HALF: as FLOAT); dates, times
/// and intervals are ISO 8601 text, bytes are base64, maps are objects, and JSON columns are embedded.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
#[derive(Debug)]
pub struct JsonEncoder {
    schema: SchemaRef,
    plans: Vec<Plan>,
    /// What a row writes at most, texts and bytes apart.
    slack: usize,
    explicit_nulls: bool,
    non_finite: NonFinite,
    binary_encoding: BinaryEncoding,
    /// A value's bytes while it is seen whether they are text.
    scratch: Vec<u8>,
    scanner: Scanner,
    quoting: Quoting,
    /// What stands in front of each record.
    header: Vec<u8>,
}

impl JsonEncoder {
    /// An encoder for batches of `schema`.
    ///
    /// # Errors
    /// [`EncodeError::UnsupportedType`](laminar_schema::EncodeError::UnsupportedType) for a column that JSON has no text for, by its path.
    pub fn new(schema: SchemaRef, options: &JsonOptions) -> SchemaResult<Self> {
        let plans = Plan::of_schema(&schema)?;
        Ok(Self {
            slack: Plan::slack(&plans),
            plans,
            schema,
            explicit_nulls: options.explicit_nulls,
            non_finite: options.non_finite,
            binary_encoding: options.binary_encoding,
            scratch: Vec::new(),
            scanner: Scanner::default(),
            quoting: Quoting::best(),
            header: header(options)?,
        })
    }
}

impl FormatEncoder for JsonEncoder {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let fields = self.schema.fields();
        if batch.num_columns() != fields.len() {
            return Err(schema_mismatch(&self.schema, batch));
        }
        let Some(columns) = Column::all(fields, batch.columns(), &self.plans, self.binary_encoding) else {
            return Err(schema_mismatch(&self.schema, batch));
        };
        let (bytes, ends) = out.parts_mut();
        ends.reserve(batch.num_rows());
        let (first_byte, first_end) = (bytes.len(), ends.len());
        let mut last = first_byte;
        let mut output = Output {
            arena: Arena::new(std::mem::take(bytes), self.slack, self.quoting),
            scratch: &mut self.scratch,
            scanner: &mut self.scanner,
            explicit_nulls: self.explicit_nulls,
            non_finite: self.non_finite,
        };
        let rows = (0..batch.num_rows()).try_for_each(|row| {
            last = output.encode_record(last, &columns, row)?;
            ends.push(last);
            Ok(())
        });
        *bytes = output.arena.into_bytes(last);
        if !self.header.is_empty() {
            payloads::prepend(&self.header, bytes, &mut ends[first_end..], first_byte);
        }
        rows
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

/// The header to write, where `wire_format` says that there is one.
fn header(options: &JsonOptions) -> SchemaResult<Vec<u8>> {
    let mut header = Vec::new();
    let wrong = |expected: &str, reason: &str| {
        let found = options.schema_id.map(|id| id.to_string()).unwrap_or_default();
        Err(ConfigError::invalid("schema_id", found, expected, reason).into())
    };
    match (options.wire_format, options.schema_id, options.schema_id.and_then(WriterSchemaId::number)) {
        (DocumentHeader::None, ..) => {}
        (DocumentHeader::Confluent, _, Some(id)) => confluent::write(id, &mut header),
        (DocumentHeader::Confluent, ..) => {
            return wrong(
                "the id of a schema in the registry",
                "wire_format = 'confluent' writes one in front of each document",
            );
        }
        (DocumentHeader::Glue, Some(id), None) => glue::write(id.0, &mut header),
        (DocumentHeader::Glue, ..) => {
            return wrong(
                "the UUID of a schema version in the registry",
                "wire_format = 'glue' writes one in front of each document",
            );
        }
    }
    Ok(header)
}

impl EncoderSet for JsonEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = JsonOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
