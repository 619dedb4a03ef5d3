//! Rows that lie in one buffer, each of which becomes a message.
//!
//! A row is no message before it is sent: what counts the holders of a buffer is then touched by the task that sends alone, and rows
//! are checked to be text all at once.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// Some rows of a batch.
pub(crate) struct Rows {
    bytes: Bytes,
    /// Where each row ends.
    ends: Vec<usize>,
    kind: Data,
}

impl Rows {
    /// Rows that lie behind each other, with where each ends; none of them is looked at if they are not to be text.
    ///
    /// # Errors
    /// The first row that is to be text and is no UTF-8.
    pub(crate) fn new(bytes: &[u8], ends: impl Iterator<Item = usize>, is_text: bool) -> Result<Self, usize> {
        let (bytes, ends) = (Bytes::copy_from_slice(bytes), ends.collect::<Vec<_>>());
        let rows = Self { bytes, ends, kind: if is_text { Data::Text } else { Data::Binary } };
        let is_fit = !is_text
            || simdutf8::basic::from_utf8(&rows.bytes)
                .is_ok_and(|text| rows.ends.iter().all(|end| text.is_char_boundary(*end)));
        if is_fit {
            return Ok(rows);
        }
        let is_no_text = |row: &usize| std::str::from_utf8(&rows.bytes[rows.start(*row)..rows.ends[*row]]).is_err();
        Err((0..rows.len()).find(is_no_text).unwrap_or(0))
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// Bytes of the rows from one on and before another.
    pub(crate) fn num_bytes(&self, from: usize, to: usize) -> usize {
        self.start(to) - self.start(from)
    }

    /// A row as the message that it becomes. It shares the buffer.
    pub(crate) fn message(&self, row: usize) -> Message {
        let payload = self.bytes.slice(self.start(row)..self.ends[row]);
        // As a frame, since a text message would be checked once more.
        Message::Frame(Frame::message(payload, OpCode::Data(self.kind), true))
    }
}

#[cfg(test)]
impl Rows {
    /// Rows of text, for tests.
    pub(crate) fn of(rows: &[&str]) -> std::sync::Arc<Self> {
        let ends = rows.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        });
        std::sync::Arc::new(Self::new(rows.concat().as_bytes(), ends, true).unwrap_or_else(|_| unreachable!()))
    }

    pub(crate) fn text(&self, row: usize) -> String {
        self.message(row).into_text().map(|text| text.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_text_are_text_each_by_itself() {
        let check = |rows: &[&[u8]], is_text, expected: Result<usize, usize>| {
            let ends = rows.iter().scan(0, |end, row| {
                *end += row.len();
                Some(*end)
            });
            let made = Rows::new(&rows.concat(), ends, is_text);
            assert_eq!(made.map(|made| made.num_bytes(1, made.len())), expected, "{rows:?}");
        };
        check(&[b"a", "ä€".as_bytes(), b""], true, Ok(5));
        check(&[b"a", b"\xff"], true, Err(1));
        check(&[b"a", b"\xff"], false, Ok(1));
        // A character that begins in one row and ends in the next one.
        check(&[b"a", b"b\xc3", b"\xa4"], true, Err(1));
    }

    #[test]
    fn a_row_is_a_message_of_its_own() {
        let rows = Rows::of(&["a", "", "bcd"]);
        assert_eq!((0..rows.len()).map(|row| rows.text(row)).collect::<Vec<_>>(), ["a", "", "bcd"]);
    }
}
