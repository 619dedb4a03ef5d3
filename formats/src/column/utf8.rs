//! Rows of text, whose arrays are made without looking at it again.
#![allow(unsafe_code, reason = "Arrow's checked constructor validates UTF-8 a second time, a quarter of all decoding")]

use arrow_array::{GenericStringArray, OffsetSizeTrait, builder::GenericStringBuilder};

use super::{storage::ByteRows, text_block::TextSpan};
use crate::scan::{Cursor, Isa, WINDOW, low_bits, string};

/// Rows of text: offsets and data.
///
/// Invariant: every row is UTF-8, unless `unchecked` says that nobody has looked. Whatever else is appended is text, and rows
/// are only ever removed whole.
#[derive(Debug)]
pub(super) struct Utf8Rows<O: OffsetSizeTrait> {
    rows: ByteRows<O>,
    unchecked: bool,
}

impl<O: OffsetSizeTrait> Default for Utf8Rows<O> {
    fn default() -> Self {
        Self { rows: ByteRows::default(), unchecked: false }
    }
}

impl<O: OffsetSizeTrait> Utf8Rows<O> {
    #[inline]
    pub(super) fn num_rows(&self) -> usize {
        self.rows.num_rows()
    }

    /// Appends a row; false when the column is full, and then it is as before.
    #[inline]
    pub(super) fn push(&mut self, text: &str) -> bool {
        self.rows.push(text.as_bytes())
    }

    /// Appends a row of ASCII: the first `len` bytes of a window. False where they are not, or the column is full, and then
    /// it is as before.
    #[inline(always)]
    pub(super) fn push_ascii(&mut self, window: &[u8; 32], len: usize) -> bool {
        if !is_ascii(window, len) {
            return false;
        }
        append_front(&mut self.rows.data, window, len);
        self.rows.end_row()
    }

    /// Appends row `row`: the first `len` bytes of a window, which [`Utf8Rows::check`] looks at later. False when that is not
    /// the next row, or the column full, and then nothing is appended.
    #[inline(always)]
    pub(super) fn push_window<const N: usize>(&mut self, row: usize, window: &[u8; N], len: usize) -> bool {
        if self.num_rows() != row {
            return false;
        }
        self.unchecked = true;
        append_front(&mut self.rows.data, window, len);
        self.rows.end_row()
    }

    /// Appends a row that [`Utf8Rows::check`] looks at later; false when the column is full, and then it is as before.
    #[inline]
    pub(super) fn push_unchecked(&mut self, bytes: &[u8]) -> bool {
        self.unchecked = true;
        self.rows.push(bytes)
    }

    /// Appends a row for each place in `bytes`, which [`Utf8Rows::check`] looks at later; false as
    /// [`ByteRows::push_each_or_null`] says.
    #[inline(always)]
    pub(super) fn push_each(
        &mut self,
        bytes: &[u8],
        places: &mut [usize],
        most: usize,
        read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> bool {
        self.unchecked = true;
        self.rows.push_each_or_null(bytes, places, most, read)
    }

    /// Puts rows into another order: of each of them, where it is.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.rows.reorder(order);
    }

    /// Whether every row is UTF-8, all of them looked at together. The rows stay in any case.
    pub(super) fn check(&mut self) -> bool {
        if self.unchecked {
            // A row that ends within a character makes no text of itself, though all of them together may be.
            let data = &self.rows.data;
            self.unchecked = !(data.is_ascii() || simdutf8::basic::from_utf8(data).is_ok() && self.rows.end_at_chars());
        }
        !self.unchecked
    }

    /// Appends a row of text: the first `len` bytes of `text`. False where they do not end with a character, and where they
    /// are more than 64 or `text` is shorter, or the column is full, and then it is as before.
    #[inline(always)]
    pub(super) fn push_front(&mut self, text: &str, len: usize) -> bool {
        let Some(window) = text.as_bytes().first_chunk::<64>() else { return false };
        if len > window.len() || !text.is_char_boundary(len) {
            return false;
        }
        append_front(&mut self.rows.data, window, len);
        self.rows.end_row()
    }

    /// Appends a row of text for each of the spans; see [`ByteRows::push_short`].
    #[inline]
    pub(super) fn push_short(&mut self, text: &str, spans: &[TextSpan], nulls: &[u32]) -> bool {
        self.rows.push_short(text, spans, nulls)
    }

    /// Appends a row of text: the first `len` bytes of `text`, with one quote for every two. False where they do not end with a
    /// character, and where `text` is not longer by a window, or the column is full, and then it is as before.
    #[inline(always)]
    pub(super) fn push_doubled<I: Isa>(&mut self, isa: I, text: &str, len: usize, quote: u8) -> bool {
        if text.len() < len.saturating_add(WINDOW) || !text.is_char_boundary(len) || !quote.is_ascii() {
            return false;
        }
        let mut at = 0;
        while at < len {
            let Some(window) = text.as_bytes().get(at..).and_then(<[u8]>::first_chunk) else { break };
            let left = len - at;
            // The first quote of two stays. What is left out is ASCII, so that the rest is text.
            let (kept, left_out) = match isa.any_of(window, [quote; 3]) & low_bits(left) {
                0 => (left.min(WINDOW), 0),
                quotes => (quotes.trailing_zeros() as usize + 1, 1),
            };
            append_front(&mut self.rows.data, window, kept);
            at += kept + left_out;
        }
        self.rows.end_row()
    }

    /// Appends a row of bytes that may be no text; false when the column is full, `None` when they are none, and then it is
    /// as before.
    #[inline]
    pub(super) fn push_utf8(&mut self, bytes: &[u8]) -> Option<bool> {
        is_text(bytes).then(|| self.rows.push(bytes))
    }

    /// Appends row `row` from the JSON string that opens at `quote`, and returns where its closing quote ends; `None` when
    /// there is none, it is malformed, the column full or that not the next row, and then the column is as before.
    #[inline(always)]
    pub(super) fn push_json<'a, I: Isa>(&mut self, isa: I, row: usize, quote: Cursor<'a>) -> Option<Cursor<'a>> {
        if self.num_rows() != row {
            return None;
        }
        // What it appends is UTF-8 where it returns an end.
        let Some(end) = string::append(isa, quote, &mut self.rows.data) else {
            self.rows.abandon();
            return None;
        };
        self.rows.end_row().then_some(end)
    }

    #[inline]
    pub(super) fn push_null(&mut self) {
        self.rows.push_null();
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
        self.unchecked &= rows > 0;
    }

    pub(super) fn finish(&mut self) -> GenericStringArray<O> {
        if !self.check() {
            return self.finish_lossily();
        }
        let (offsets, data, nulls) = self.rows.finish_parts();
        // SAFETY: the offsets grow and end with the data, and all rows between them are UTF-8 by this type's invariant, since
        // they were checked; there are as many as the validity has bits.
        unsafe { GenericStringArray::new_unchecked(offsets, data, nulls) }
    }

    /// What is left of rows that somebody should have taken back: no decoder gets here.
    #[cold]
    fn finish_lossily(&mut self) -> GenericStringArray<O> {
        let (offsets, data, nulls) = self.rows.finish_parts();
        self.unchecked = false;
        let mut builder = GenericStringBuilder::with_capacity(offsets.len(), data.len());
        for (row, ends) in offsets.windows(2).enumerate() {
            let bytes = &data[ends[0].as_usize()..ends[1].as_usize()];
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            builder.append_option((!is_null).then(|| String::from_utf8_lossy(bytes)));
        }
        builder.finish()
    }
}

/// Appends the first `len` bytes of a window, all of it if they were more. A known number of bytes is copied faster than one
/// that depends on the text.
#[inline(always)]
fn append_front<const N: usize>(data: &mut Vec<u8>, window: &[u8; N], len: usize) {
    let start = data.len();
    data.extend_from_slice(window);
    data.truncate(start + len);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that were pushed without a look, whether they are text, and what is made of them in any case.
    fn check(rows: &[&[u8]], is_text: bool, made: &[&str]) {
        let mut text = Utf8Rows::<i32>::default();
        for (row, bytes) in rows.iter().enumerate() {
            let mut window = [0xff; 32];
            match window.get_mut(..bytes.len()) {
                Some(start) if row % 2 == 0 => {
                    start.copy_from_slice(bytes);
                    assert!(!text.push_window(row + 1, &window, bytes.len()));
                    assert!(text.push_window(row, &window, bytes.len()));
                }
                _ => assert!(text.push_unchecked(bytes)),
            }
        }
        assert_eq!(text.check(), is_text, "{rows:x?}");
        let array = text.finish();
        assert_eq!(array.iter().map(Option::unwrap_or_default).collect::<Vec<_>>(), made);
        // Taken back, they are forgotten.
        rows.iter().for_each(|row| assert!(text.push_unchecked(row)));
        text.truncate(0);
        assert!(text.check());
    }

    #[test]
    fn text_is_checked_together() {
        check(&[], true, &[]);
        check(&[b"plain", b"", b"text"], true, &["plain", "", "text"]);
        check(&["é".as_bytes(), "日本".as_bytes()], true, &["é", "日本"]);
        check(&[b"a", b"\xc3", b"\xa9", b"b"], false, &["a", "\u{fffd}", "\u{fffd}", "b"]);
        check(&[b"a", b"\xff"], false, &["a", "\u{fffd}"]);
        check(&[b"\xe6\x97"], false, &["\u{fffd}"]);
    }
}
