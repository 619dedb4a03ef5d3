//! The encoder: columns → one map per row.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{ConnectorConfig, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, SchemaResult};

use super::{
    MsgPackOptions,
    column::{Column, Plan, Writer},
    transcode::Transcoder,
};
use crate::cell::schema_mismatch;

/// Encodes each row as one MessagePack map, which [`MsgPackDecoder`](super::MsgPackDecoder) with the same options and
/// schema reads back as the same row.
///
/// Every value has its shortest encoding: an integer as many bytes as it needs, a DOUBLE four where they hold it. Dates,
/// times and intervals are ISO 8601 text; JSON columns are embedded as the values that they stand for.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
///
/// Source: MessagePack specification.
#[derive(Debug)]
pub struct MsgPackEncoder {
    schema: SchemaRef,
    plans: Vec<Plan>,
    options: MsgPackOptions,
    transcoder: Transcoder,
    scratch: Vec<u8>,
}

impl MsgPackEncoder {
    /// An encoder for batches of `schema`.
    ///
    /// # Errors
    /// [`EncodeError::UnsupportedType`](laminar_schema::EncodeError::UnsupportedType) for a column that cannot be written,
    /// by its path.
    pub fn new(schema: SchemaRef, options: &MsgPackOptions) -> SchemaResult<Self> {
        Ok(Self {
            plans: Plan::all(schema.fields())?,
            schema,
            options: options.clone(),
            transcoder: Transcoder::default(),
            scratch: Vec::new(),
        })
    }
}

impl FormatEncoder for MsgPackEncoder {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let fields = self.schema.fields();
        if batch.num_columns() != fields.len() {
            return Err(schema_mismatch(&self.schema, batch));
        }
        let Some(columns) = Column::all(fields, batch.columns(), &self.plans, &self.options) else {
            return Err(schema_mismatch(&self.schema, batch));
        };
        let (bytes, ends) = out.parts_mut();
        ends.reserve(batch.num_rows());
        let mut writer = Writer {
            out: bytes,
            explicit_nulls: self.options.explicit_nulls,
            decimals: self.options.decimals,
            transcoder: &mut self.transcoder,
            scratch: &mut self.scratch,
        };
        for row in 0..batch.num_rows() {
            writer.encode_record(&columns, row)?;
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

impl EncoderSet for MsgPackEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = MsgPackOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
