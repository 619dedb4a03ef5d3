//! One column → raw records.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, EncodeError, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaError,
    SchemaResult,
};

use super::{RawFraming, RawOptions};
use crate::{
    cell::{Cells, schema_mismatch},
    column::BinaryEncoding,
};

/// Encodes each value of one BLOB or VARCHAR column as a record of its bytes.
///
/// In a byte stream under `framing = 'lines'` a value that holds a line end reads back as two.
#[derive(Debug)]
pub struct RawEncoder {
    schema: SchemaRef,
    framing: RawFraming,
    null_value: Option<String>,
}

impl RawEncoder {
    /// Builds an encoder.
    ///
    /// # Errors
    /// Not one column, or one that is neither BLOB nor VARCHAR.
    pub fn new(schema: SchemaRef, options: &RawOptions) -> SchemaResult<Self> {
        super::check_schema(&schema)?;
        Ok(Self { schema, framing: options.framing, null_value: options.null_value.clone() })
    }
}

impl FormatEncoder for RawEncoder {
    fn input_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let field = self.schema.field(0);
        let column = match batch.columns() {
            // The bytes themselves, in every encoding of them as text.
            [column] => Cells::new(field, column, BinaryEncoding::Utf8),
            _ => None,
        };
        let Some(cells) = column else { return Err(schema_mismatch(&self.schema, batch)) };
        for row in 0..batch.num_rows() {
            if !cells.is_null(row) {
                cells.write(row, out.bytes_mut());
            } else if let Some(text) = &self.null_value {
                out.bytes_mut().extend_from_slice(text.as_bytes());
            } else {
                let help = "set `null_value` to what shall be written instead";
                let error = EncodeError::Unrepresentable { format: super::NAME, found: Found::kind("null"), help };
                return Err(SchemaError::new(error).in_field(field.name()));
            }
            out.end_record();
        }
        Ok(())
    }

    fn delimiter(&self) -> &'static [u8] {
        match self.framing {
            RawFraming::Lines => b"\n",
            RawFraming::Whole => b"",
        }
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl EncoderSet for RawEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = RawOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
