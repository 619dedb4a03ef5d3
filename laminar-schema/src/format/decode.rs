//! Decoders: raw records → `RecordBatch`.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{
    ColumnsReader, ColumnsRequest, DecodeSpec, FormatFile, FormatInfo, Framing, SelfDescription, Wrapping,
    WriterSchemaId,
};
use crate::{
    config::{ConfigKey, FormatSpec},
    error::{SchemaError, SchemaResult},
    inference::FormatInference,
    record::{RawBatch, RawRecord},
};

/// Decodes raw records into columns. An immutable plan plus reusable scratch; never does I/O.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no decoder",
    label = "`FormatDecoder` is not implemented for `{Self}`",
    note = "implement `FormatDecoder` by hand for a format, or derive it for an enum of decoders: `#[derive(FormatDecoder)]`"
)]
pub trait FormatDecoder: Send + fmt::Debug {
    /// The schema of every batch. Frozen after construction.
    fn output_schema(&self) -> SchemaRef;

    /// Decodes records in order.
    ///
    /// Input: `batch`, as many records as one likes; larger batches cost less per record.
    /// Shape: the accepted records' rows × the schema's columns; rejected records are listed beside them.
    /// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
    ///
    /// # Errors
    /// Only when the whole decoder is unusable; a record that does not fit is listed in [`Decoded::rejected`].
    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded>;

    /// Decodes owned records, and fails on the first rejected one.
    ///
    /// # Errors
    /// The first rejection, or what [`FormatDecoder::decode`] says.
    fn decode_batch(&mut self, records: &[RawRecord]) -> SchemaResult<RecordBatch> {
        let raw = RawBatch::from_records(records);
        let decoded = self.decode(&raw)?;
        match decoded.rejected.into_iter().next() {
            Some(first) => Err(first.error.at(raw.record(first.record).location())),
            None => Ok(decoded.batch),
        }
    }

    /// Decodes one owned record.
    ///
    /// # Errors
    /// As [`FormatDecoder::decode_batch`].
    fn decode_one(&mut self, record: &RawRecord) -> SchemaResult<RecordBatch> {
        self.decode_batch(std::slice::from_ref(record))
    }

    /// The format's name, for people.
    fn format_name(&self) -> &'static str;
}

/// What a decoder made of a batch.
#[derive(Debug)]
pub struct Decoded {
    /// Rows of the accepted records, in arrival order.
    pub batch: RecordBatch,
    /// Records that did not fit, in arrival order.
    pub rejected: Vec<Rejected>,
    /// Which record each row came from.
    pub rows: RowRecords,
    /// Records looked at, from the front: all of them, or those before the one that names an unknown writer schema.
    pub consumed: usize,
    /// The writer schema that record number `consumed` was written with and this decoder does not know. The
    /// pipeline fetches it on Ring 2, rebuilds the decoder and goes on with that record.
    pub needs: Option<WriterSchemaId>,
}

impl Decoded {
    /// Everything consumed, one row per record, nothing rejected.
    pub fn all(batch: RecordBatch) -> Self {
        let consumed = batch.num_rows();
        Self { batch, rejected: Vec::new(), rows: RowRecords::Identity, consumed, needs: None }
    }
}

/// One record that did not fit. Its bytes are still in the [`RawBatch`].
#[derive(Debug)]
pub struct Rejected {
    /// Index of the record in the batch.
    pub record: usize,
    /// Why.
    pub error: SchemaError,
}

/// Which record each row came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowRecords {
    /// Row i came from record i.
    Identity,
    /// Row i came from record `[i]`: some records gave no row, or several.
    Indices(Vec<u32>),
}

impl RowRecords {
    /// The record of a row.
    #[inline]
    pub fn record_of(&self, row: usize) -> usize {
        match self {
            Self::Identity => row,
            Self::Indices(records) => records[row] as usize,
        }
    }
}

/// A closed set of decoders, built by format name: one format's decoder, or a derived enum of sets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of decoders",
    label = "`DecoderSet` is not implemented for `{Self}`",
    note = "a single decoder implements `DecoderSet` by hand; an enum of decoders gets it from `#[derive(FormatDecoder)]`"
)]
pub trait DecoderSet: FormatDecoder + Sized + 'static {
    /// Names of the formats, all distinct.
    const FORMATS: &'static [&'static str];

    /// Builds the decoder of `spec.format`; `None` when the format is not in this set.
    ///
    /// # Errors
    /// Wrong options; a column type that the format cannot carry.
    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>>;

    /// The inference of a format of this set, if it has one.
    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        let _ = format;
        None
    }

    /// How records of the format lie in a stream of bytes; `None` when the format is not in this set.
    ///
    /// # Errors
    /// Wrong options.
    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        Ok(Self::FORMATS.contains(&format.name.as_str()).then_some(Framing::Lines))
    }

    /// The schema that the format tells itself, if it does. Ring 2: may read what its options name.
    ///
    /// Without a `file` it is what options alone say, such as a descriptor's path; the resolver asks for that before it
    /// turns to the source. With one it is what the file says: a source of files that has the capability `provider`
    /// asks for that.
    ///
    /// # Errors
    /// Wrong options; a description that cannot be read, or has a type that Arrow lacks.
    fn describe(format: &FormatSpec, file: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        let _ = (format, file);
        Ok(None)
    }

    /// How records of the format wrap their rows, under its options; `None` where a record is a row.
    ///
    /// # Errors
    /// Wrong options.
    fn wrapping(format: &FormatSpec) -> SchemaResult<Option<Wrapping>> {
        let _ = format;
        Ok(None)
    }

    /// Options that a format of this set takes beside its own.
    fn wrapping_options(format: &str) -> Option<&'static [ConfigKey]> {
        let _ = format;
        None
    }

    /// Opens a file of a format that holds columns ([`Framing::Columns`]); `None` when the format is not in this set, or
    /// has records.
    ///
    /// # Errors
    /// Wrong options; a file that cannot be read, or does not fit the frozen schema.
    fn open_columns(
        format: &FormatSpec,
        request: &ColumnsRequest<'_>,
        file: Box<dyn FormatFile>,
    ) -> SchemaResult<Option<Box<dyn ColumnsReader>>> {
        let _ = (format, request, file);
        Ok(None)
    }

    /// Name, options and description of a format of this set.
    fn format_info(format: &str) -> Option<FormatInfo>;
}
