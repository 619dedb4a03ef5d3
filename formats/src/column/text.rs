//! VARCHAR columns with offsets.

use std::sync::Arc;

use arrow_array::{ArrayRef, OffsetSizeTrait};

use super::{ColumnOps, Mismatch, Scalar, text_block::TextSpan, utf8::Utf8Rows};
use crate::scan::{Cursor, Isa};

/// Builds a Utf8 or LargeUtf8 column; also JSON text, which its decoder hands over as text.
///
/// A number or boolean is never turned into text. Bytes must be UTF-8.
#[derive(Debug, Default)]
pub struct TextColumn<O: OffsetSizeTrait>(Utf8Rows<O>);

impl<O: OffsetSizeTrait> TextColumn<O> {
    /// Appends a row of ASCII: the first `len` bytes of a window. False where they are not, or the column is full, and then
    /// it is as before.
    #[inline(always)]
    pub(crate) fn push_ascii(&mut self, window: &[u8; 32], len: usize) -> bool {
        self.0.push_ascii(window, len)
    }

    /// Appends a row of text: the first `len` bytes of `text`. False where they do not end with a character, and where they
    /// are more than 64 or `text` is shorter, or the column is full, and then it is as before.
    #[inline(always)]
    pub(crate) fn push_front(&mut self, text: &str, len: usize) -> bool {
        self.0.push_front(text, len)
    }

    /// Appends a row for each of the spans and makes those that are `nulls` null, counted from the first, and returns true.
    ///
    /// False, and the column is as before, where a span is not short, has not [`SHORT`](super::SHORT) bytes of the text from
    /// its start on or cuts a character, or the column could get full.
    #[inline]
    pub(crate) fn push_short(&mut self, text: &str, spans: &[TextSpan], nulls: &[u32]) -> bool {
        self.0.push_short(text, spans, nulls)
    }

    /// Appends a row of text: the first `len` bytes of `text`, with one quote for every two. False where they do not end with a
    /// character, and where `text` is not longer by a window, or the column is full, and then it is as before.
    #[inline(always)]
    pub(crate) fn push_doubled<I: Isa>(&mut self, isa: I, text: &str, len: usize, quote: u8) -> bool {
        self.0.push_doubled(isa, text, len, quote)
    }

    /// Appends row `row`: the first `len` bytes of a window, which may be no text, as [`TextColumn::check_text`] finds out.
    /// False when that is not the next row, or the column full, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_window<const N: usize>(&mut self, row: usize, window: &[u8; N], len: usize) -> bool {
        self.0.push_window(row, window, len)
    }

    /// Appends a row of bytes that may be no text, as [`TextColumn::check_text`] finds out.
    ///
    /// # Errors
    /// The column is full, and as before.
    #[inline]
    pub(crate) fn push_unchecked(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        if self.0.push_unchecked(bytes) { Ok(()) } else { Err(Mismatch::Range) }
    }

    /// Puts rows into another order: of each of them, where it is.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.0.reorder(order);
    }

    /// Appends a row for each place in `bytes`, which may be no text, as [`TextColumn::check_text`] finds out: `read` moves the
    /// place to where the row begins, and yields how long the row is and whether it is null. Behind it, places are where rows
    /// end.
    ///
    /// False where `read` yields nothing, where rows are not in `bytes` or of more than `most` bytes together, or the column is
    /// full; then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_each(
        &mut self,
        bytes: &[u8],
        places: &mut [usize],
        most: usize,
        read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> bool {
        self.0.push_each(bytes, places, most, read)
    }

    /// Whether all rows are text. Where they are not, they must be taken back before the column is finished.
    pub(crate) fn check_text(&mut self) -> bool {
        self.0.check()
    }

    /// Appends a row of bytes that may be no text.
    ///
    /// # Errors
    /// The column is full. `None` when the bytes are no UTF-8. Either way the column is as before.
    #[inline]
    pub(crate) fn push_utf8(&mut self, bytes: &[u8]) -> Option<Result<(), Mismatch>> {
        Some(if self.0.push_utf8(bytes)? { Ok(()) } else { Err(Mismatch::Range) })
    }

    /// Appends row `row` from the JSON string that opens at `quote`, and returns where its closing quote ends; `None` when
    /// there is none, it is malformed, the column full or that not the next row, and then the column is as before.
    #[inline(always)]
    pub(crate) fn push_json<'a, I: Isa>(&mut self, isa: I, row: usize, quote: Cursor<'a>) -> Option<Cursor<'a>> {
        self.0.push_json(isa, row, quote)
    }
}

impl<O: OffsetSizeTrait> ColumnOps for TextColumn<O> {
    #[inline]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    #[inline]
    fn push_null(&mut self) {
        self.0.push_null();
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let text = as_text(scalar)?;
        if self.0.push(text) { Ok(()) } else { Err(Mismatch::Range) }
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// The text of a value that is text.
#[inline]
pub(super) fn as_text(scalar: Scalar<'_>) -> Result<&str, Mismatch> {
    match scalar {
        Scalar::Str(text) | Scalar::Text(text) => Ok(text),
        Scalar::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| Mismatch::Type),
        _ => Err(Mismatch::Type),
    }
}
