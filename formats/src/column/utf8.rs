//! Rows of text, whose arrays are made without looking at it again.
#![allow(unsafe_code, reason = "Arrow's checked constructor validates UTF-8 a second time, a quarter of all decoding")]

use arrow_array::{GenericStringArray, OffsetSizeTrait};

use super::storage::ByteRows;
use crate::scan::{Cursor, Isa, string};

/// Rows of text: offsets and data.
///
/// Invariant: every row is UTF-8. Whatever is appended is text, and rows are only ever removed whole.
#[derive(Debug)]
pub(super) struct Utf8Rows<O: OffsetSizeTrait>(ByteRows<O>);

impl<O: OffsetSizeTrait> Default for Utf8Rows<O> {
    fn default() -> Self {
        Self(ByteRows::default())
    }
}

impl<O: OffsetSizeTrait> Utf8Rows<O> {
    #[inline]
    pub(super) fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    /// Appends a row; false when the column is full, and then it is as before.
    #[inline]
    pub(super) fn push(&mut self, text: &str) -> bool {
        self.0.push(text.as_bytes())
    }

    /// Appends a row of ASCII: the first `len` bytes of a window. False where they are not, or the column is full, and then
    /// it is as before.
    #[inline(always)]
    pub(super) fn push_ascii(&mut self, window: &[u8; 32], len: usize) -> bool {
        if !is_ascii(window, len) {
            return false;
        }
        let start = self.0.data.len();
        // Thirty-two bytes are copied faster than a number of them that is not known before.
        self.0.data.extend_from_slice(window);
        self.0.data.truncate(start + len);
        self.0.end_row()
    }

    /// Appends a row of bytes that may be no text; false when the column is full, `None` when they are none, and then it is
    /// as before.
    #[inline]
    pub(super) fn push_utf8(&mut self, bytes: &[u8]) -> Option<bool> {
        is_text(bytes).then(|| self.0.push(bytes))
    }

    /// Appends row `row` from the JSON string that opens at `quote`, and returns where its closing quote ends; `None` when
    /// there is none, it is malformed, the column full or that not the next row, and then the column is as before.
    #[inline(always)]
    pub(super) fn push_json<'a, I: Isa>(&mut self, isa: I, row: usize, quote: Cursor<'a>) -> Option<Cursor<'a>> {
        if self.num_rows() != row {
            return None;
        }
        // What it appends is UTF-8 where it returns an end.
        let Some(end) = string::append(isa, quote, &mut self.0.data) else {
            self.0.abandon();
            return None;
        };
        self.0.end_row().then_some(end)
    }

    #[inline]
    pub(super) fn push_null(&mut self) {
        self.0.push_null();
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    pub(super) fn finish(&mut self) -> GenericStringArray<O> {
        let (offsets, data, nulls) = self.0.finish_parts();
        // SAFETY: the offsets grow and end with the data, and all rows between them are UTF-8 by this type's invariant;
        // there are as many as the validity has bits.
        unsafe { GenericStringArray::new_unchecked(offsets, data, nulls) }
    }
}

/// Whether bytes are UTF-8.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    // Most are ASCII, which is seen without looking at one byte after the other. Short ones are no work for vectors.
    bytes.is_ascii()
        || if bytes.len() < 32 { std::str::from_utf8(bytes).is_ok() } else { simdutf8::basic::from_utf8(bytes).is_ok() }
}

/// Whether the first `len` bytes are ASCII, without a branch on how many they are.
#[inline(always)]
pub(crate) fn is_ascii(window: &[u8; 32], len: usize) -> bool {
    /// The high bits of the first so many bytes.
    const HIGH: [[u64; 4]; 33] = {
        let mut masks = [[0; 4]; 33];
        let mut len = 0;
        while len < 33 {
            let mut byte = 0;
            while byte < len {
                masks[len][byte / 8] |= 0x80 << (byte % 8 * 8);
                byte += 1;
            }
            len += 1;
        }
        masks
    };
    let Some(high) = HIGH.get(len) else { return false };
    let ([a, b, c, d], _) = window.as_chunks::<8>() else { return false };
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    (word(a) & high[0]) | (word(b) & high[1]) | (word(c) & high[2]) | (word(d) & high[3]) == 0
}
