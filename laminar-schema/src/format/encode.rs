//! Encoders: `RecordBatch` → bytes.

use std::{fmt, ops::Range};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{EncodeSpec, FormatInfo};
use crate::error::SchemaResult;

/// Encodes batches into one reusable arena.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no encoder",
    label = "`FormatEncoder` is not implemented for `{Self}`",
    note = "implement `FormatEncoder` by hand for a format, or derive it for an enum of encoders: `#[derive(FormatEncoder)]`"
)]
pub trait FormatEncoder: Send + fmt::Debug {
    /// The schema of the batches to write.
    fn input_schema(&self) -> SchemaRef;

    /// Appends one record per row to `out`.
    ///
    /// # Errors
    /// [`EncodeError`](crate::error::EncodeError) when a value cannot be written; `out` then holds what was
    /// appended before and must be cleared.
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()>;

    /// Encodes into one vector per row (SPEC.md §2.1); allocates for each.
    ///
    /// # Errors
    /// As [`FormatEncoder::encode`].
    fn encode_batch(&mut self, batch: &RecordBatch) -> SchemaResult<Vec<Vec<u8>>> {
        let mut out = EncodedBatch::new();
        self.encode(batch, &mut out)?;
        Ok(out.iter().map(<[u8]>::to_vec).collect())
    }

    /// Bytes that start a byte stream in this format: a CSV header, a file magic. Message sinks do not write them.
    fn prologue(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Bytes that follow each record in a byte stream; nothing where records delimit themselves.
    fn delimiter(&self) -> &'static [u8] {
        b"\n"
    }

    /// Bytes that end a byte stream in this format: a Parquet footer.
    ///
    /// # Errors
    /// [`EncodeError`](crate::error::EncodeError).
    fn finish(&mut self) -> SchemaResult<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Whether a byte stream in this format cannot be read before [`FormatEncoder::finish`] has ended it. A pipeline then
    /// ends it at every checkpoint, before the sinks prepare, and begins another one behind it: after `finish` the
    /// encoder is as new, and `finish` of a stream that nothing was encoded into gives one without rows.
    fn has_footer(&self) -> bool {
        false
    }

    /// Whether each batch is encoded by itself: several encoders of one spec, each with some of the batches, give the
    /// same records as one, and nothing follows them at the stream's end. A pipeline then encodes on several threads.
    fn is_stateless(&self) -> bool {
        false
    }

    /// The format's name, for people.
    fn format_name(&self) -> &'static str;
}

/// Encoded records: one arena and where each record ends in it. Reused from batch to batch.
#[derive(Debug, Default, Clone)]
pub struct EncodedBatch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    is_length_delimited: bool,
}

impl EncodedBatch {
    /// An empty batch that has allocated nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Removes all records, keeping what was allocated.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// The arena, to append a record's bytes to; [`EncodedBatch::end_record`] ends the record.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The arena, and where each record ends in it: for an encoder that makes room beyond the last record, and cuts
    /// off what it did not need.
    pub fn parts_mut(&mut self) -> (&mut Vec<u8>, &mut Vec<usize>) {
        (&mut self.bytes, &mut self.ends)
    }

    /// Says whether in a byte stream each record stands behind its length, a varint, as [`Framing::Delimited`] reads
    /// them. Message sinks write records as they are.
    ///
    /// [`Framing::Delimited`]: super::Framing::Delimited
    pub fn set_length_delimited(&mut self, is_length_delimited: bool) {
        self.is_length_delimited = is_length_delimited;
    }

    /// Whether in a byte stream each record stands behind its length.
    pub fn is_length_delimited(&self) -> bool {
        self.is_length_delimited
    }

    /// Ends the record that was being appended.
    pub fn end_record(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when there is no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all records.
    pub fn num_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// All records' bytes, one behind the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One record's bytes.
    ///
    /// # Panics
    /// When `index >= len()`.
    pub fn record(&self, index: usize) -> &[u8] {
        &self.bytes[self.span(index)]
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }

    /// All records, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|i| self.record(i))
    }
}

/// A closed set of encoders, built by format name: one format's encoder, or a derived enum of sets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of encoders",
    label = "`EncoderSet` is not implemented for `{Self}`",
    note = "a single encoder implements `EncoderSet` by hand; an enum of encoders gets it from `#[derive(FormatEncoder)]`"
)]
pub trait EncoderSet: FormatEncoder + Sized + 'static {
    /// Names of the formats, all distinct.
    const FORMATS: &'static [&'static str];

    /// Builds the encoder of `spec.format`; `None` when the format is not in this set.
    ///
    /// # Errors
    /// Wrong options; a column type that the format cannot carry.
    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>>;

    /// Name, options and description of a format of this set.
    fn format_info(format: &str) -> Option<FormatInfo>;
}
