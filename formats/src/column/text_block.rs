//! Many rows of short text at a time → offsets and data, by loops that have no branches.
//!
//! [`ByteRows::push_each_or_null`] does the same for rows of any length whose places are found on the way. CSV's texts by it were
//! measured (`benches/`, `csv_peers`): 2.49 to 2.56 times arrow-csv in the mean of five files, beside 2.65 to 2.71 by this.

use arrow_array::OffsetSizeTrait;

use super::storage::ByteRows;

/// Rows that are short have fewer bytes. They are copied together with what is behind them: a known number of bytes is copied
/// faster than one that depends on the text.
pub(crate) const SHORT: usize = 64;

/// Where the text of a row is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextSpan {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl<O: OffsetSizeTrait> ByteRows<O> {
    /// Appends a row for each of the spans and makes those that are `nulls` null, counted from the first, and returns true.
    ///
    /// False, and the column is as before, where a span is not short, has not [`SHORT`] bytes of the text from its start on
    /// or cuts a character, or the column could get full.
    #[inline(never)]
    pub(super) fn push_short(&mut self, text: &str, spans: &[TextSpan], nulls: &[u32]) -> bool {
        let (first_byte, first_row) = (self.data.len(), self.num_rows());
        let longest = spans.iter().fold(0, |all, span| all | span.len) as usize;
        if longest >= SHORT || O::from_usize(first_byte + spans.len() * SHORT).is_none() {
            return false;
        }
        let mut at = first_byte;
        for (span, end) in spans.iter().zip(self.offsets.room(spans.len())) {
            at += span.len as usize;
            *end = O::usize_as(at);
        }
        self.data.resize(at + SHORT, 0);
        let mut rest = self.data.get_mut(first_byte..).unwrap_or(&mut []);
        let mut is_text = true;
        for span in spans {
            let piece = text.as_bytes().get(span.start as usize..).and_then(<[u8]>::first_chunk::<SHORT>);
            let (Some(piece), Some(room)) = (piece, rest.first_chunk_mut()) else {
                is_text = false;
                break;
            };
            *room = *piece;
            let len = span.len as usize;
            is_text &= begins_char(piece[0]) & begins_char(piece[len % SHORT]);
            rest = rest.get_mut(len..).unwrap_or(&mut []);
        }
        self.data.truncate(at);
        if is_text {
            nulls.iter().for_each(|null| self.nulls.push(first_row + *null as usize));
        } else {
            self.offsets.truncate(first_row);
            self.data.truncate(first_byte);
        }
        is_text
    }
}

/// Whether a byte of UTF-8 is the first of a character.
#[inline(always)]
fn begins_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Behind a row and a null: appends the spans, of which the `nulls` are null, and returns what was appended.
    fn push(text: &str, spans: &[(u32, u32)], nulls: &[u32]) -> Option<Vec<Option<String>>> {
        let mut rows = ByteRows::<i32>::default();
        assert!(rows.push(b"first"));
        rows.push_null();
        let spans: Vec<_> = spans.iter().map(|(start, len)| TextSpan { start: *start, len: *len }).collect();
        let is_pushed = rows.push_short(text, &spans, nulls);
        assert!(rows.push(b"last"));
        let array = rows.finish::<arrow_array::types::Utf8Type>();
        let rows: Vec<_> = array.iter().map(|row| row.map(str::to_owned)).collect();
        let (first, rest) = rows.split_at(2);
        assert_eq!(first, [Some("first".to_owned()), None]);
        let (last, pushed) = rest.split_last().expect("the last row");
        assert_eq!(last.as_deref(), Some("last"));
        assert_eq!(pushed.len(), if is_pushed { spans.len() } else { 0 });
        is_pushed.then(|| pushed.to_vec())
    }

    #[test]
    fn rows_of_all_lengths_are_whole() {
        let text: String = ('a'..='z').cycle().take(400).collect();
        for len in 0..SHORT as u32 {
            let spans: Vec<_> = (0..330 / (len + 1)).map(|row| (row * len, len)).collect();
            let expected =
                |(start, len): &(u32, u32)| text.get(*start as usize..(start + len) as usize).map(str::to_owned);
            assert_eq!(push(&text, &spans, &[]), Some(spans.iter().map(expected).collect()));
        }
    }

    #[test]
    fn empty_rows_are_null_where_it_is_said() {
        let text = format!("a,,é,,{}", "x".repeat(SHORT));
        let expected = [Some("a"), None, Some("é"), Some(""), None].map(|row| row.map(str::to_owned));
        assert_eq!(push(&text, &[(0, 1), (2, 0), (3, 2), (6, 0), (6, 0)], &[1, 4]), Some(expected.into()));
        assert_eq!(push("", &[], &[]), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_short_text_is_left_alone() {
        let text = format!("aé{}", "x".repeat(2 * SHORT));
        assert!(push(&text, &[(0, 1), (1, 2)], &[]).is_some());
        for wrong in [(0, 2), (2, 1), (0, SHORT as u32), (0, u32::MAX), (u32::MAX, 1), (text.len() as u32 - 63, 1)] {
            assert_eq!(push(&text, &[(0, 1), wrong, (1, 2)], &[1]), None, "{wrong:?}");
        }
    }
}
