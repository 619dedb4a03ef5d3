//! Raw records → one column.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, DefaultFiller, FormatDecoder, FormatInference,
    FormatInfo, Found, Framing, RawBatch, SchemaError, SchemaResult, config::FormatSpec,
};

use super::RawOptions;
use crate::{
    column::{Column, ColumnOps, ColumnOptions, Mismatch, Scalar},
    policy::NoContent,
    rows::Account,
};

/// Decodes each record's bytes into a value of one BLOB or VARCHAR column.
///
/// Cost: O(bytes). Allocates per batch, never per accepted record once warm.
#[derive(Debug)]
pub struct RawDecoder {
    schema: SchemaRef,
    column: Column,
    defaults: DefaultFiller,
    tombstones: NoContent,
    /// Rows that get the column's DEFAULT.
    absent: Vec<u32>,
}

/// Why a record gives no row.
#[derive(Debug, Clone, Copy)]
enum Rejection {
    Tombstone,
    Missing,
    Mismatch(Mismatch),
}

impl RawDecoder {
    /// Builds a decoder.
    ///
    /// # Errors
    /// Not one column, or one that is neither BLOB nor VARCHAR; a DEFAULT that is no value.
    pub fn new(schema: SchemaRef, options: &RawOptions) -> SchemaResult<Self> {
        super::check_schema(&schema)?;
        Ok(Self {
            column: Column::new(schema.field(0), &ColumnOptions::default())?,
            defaults: DefaultFiller::new(&schema)?,
            tombstones: options.tombstones,
            absent: Vec::new(),
            schema,
        })
    }

    /// Decodes one record; yields whether it gave a row.
    #[inline(never)]
    fn decode_record(&mut self, record: Option<&[u8]>) -> Result<bool, Rejection> {
        match (record, self.tombstones) {
            (Some(bytes), _) => self.column.push_scalar(Scalar::Bytes(bytes)).map_err(Rejection::Mismatch)?,
            (None, NoContent::Skip) => return Ok(false),
            (None, NoContent::Reject) => return Err(Rejection::Tombstone),
            (None, NoContent::Null) => {
                if self.defaults.has_default(0) {
                    self.absent.push(self.column.num_rows() as u32);
                } else if !self.schema.field(0).is_nullable() {
                    return Err(Rejection::Missing);
                }
                self.column.push_null();
            }
        }
        Ok(true)
    }

    #[cold]
    fn error(&self, rejection: Rejection) -> SchemaError {
        let field = self.schema.field(0);
        let expected = field.data_type().clone();
        let error = match rejection {
            Rejection::Tombstone => return DecodeError::Tombstone.into(),
            Rejection::Missing => DecodeError::MissingField { expected },
            Rejection::Mismatch(Mismatch::Type) => {
                DecodeError::TypeMismatch { expected, found: Found::kind("bytes that are no UTF-8 text") }
            }
            // Only a column that is full refuses bytes of the right kind.
            Rejection::Mismatch(Mismatch::Range) => {
                DecodeError::OutOfRange { expected, found: Found::kind("more than 2 GiB in one batch") }
            }
        };
        SchemaError::new(error).in_field(field.name())
    }
}

impl FormatDecoder for RawDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut account = Account::of(batch.len());
        for index in 0..batch.len() {
            let record = (!batch.is_tombstone(index)).then(|| batch.value(index));
            match self.decode_record(record) {
                Ok(gave_row) => account.gave(index, gave_row.into()),
                Err(rejection) => account.reject(index, self.error(rejection)),
            }
        }
        let array: ArrayRef = self.defaults.fill(0, self.column.finish(), &self.absent)?;
        self.absent.clear();
        Ok(account.decoded(RecordBatch::try_new(Arc::clone(&self.schema), vec![array])?))
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for RawDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = RawOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), &options).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        if format == super::NAME { crate::infer::inference(format) } else { None }
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        Ok(Some(RawOptions::from_options(&format.options)?.framing.into()))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
