//! Where in a file reading can go on: what stands in a checkpoint for each file.

use laminar_formats::framing::Resume;
use laminar_schema::Position;

/// A place in one file.
///
/// As bytes: those of [`Resume::to_position`], then `finished` as a big-endian number where there is one. Later places
/// compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePosition {
    /// Bytes of the uncompressed stream before it, or rows where it holds columns, its line, and what the framing has to remember.
    pub at: Resume,
    /// Set when the file was read to its end: the length it had in storage, compressed or not. As long as it has that
    /// length, a resumed source need not open it.
    pub finished: Option<u64>,
}

impl FilePosition {
    /// A place in a file that holds columns: so many of its rows come before it.
    pub fn of_row(row: u64, finished: Option<u64>) -> Self {
        let mut at = Resume::START;
        at.offset = row;
        Self { at, finished }
    }

    /// The position as a checkpoint stores it.
    pub fn to_position(self) -> Position {
        let at = self.at.to_position();
        match self.finished {
            None => at,
            Some(stored) => Position::from_bytes([at.as_bytes(), &stored.to_be_bytes()].concat()),
        }
    }

    /// Reads a position; `None` when it is none of this connector's.
    pub fn from_position(position: &Position) -> Option<Self> {
        if let Some(at) = Resume::from_position(position) {
            return Some(Self { at, finished: None });
        }
        let (at, stored) = position.as_bytes().split_last_chunk::<8>()?;
        let at = Resume::from_position(&Position::from_bytes(at))?;
        Some(Self { at, finished: Some(u64::from_be_bytes(*stored)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_and_compare_in_order() {
        let at = |offset, line, finished| {
            let mut at = Resume::START;
            (at.offset, at.line) = (offset, line);
            FilePosition { at, finished }
        };
        let in_order =
            [at(0, 1, None), at(0, 1, Some(0)), at(7, 1, None), at(7, 1, Some(30)), at(255, 9, None), at(256, 9, None)];
        for pair in in_order.windows(2) {
            assert!(pair[0].to_position() < pair[1].to_position(), "{pair:?}");
        }
        for position in in_order {
            assert_eq!(FilePosition::from_position(&position.to_position()), Some(position));
        }
    }

    #[test]
    fn foreign_positions_are_refused() {
        for bytes in [&b""[..], b"12345678", b"123456789", &[0; 26]] {
            assert_eq!(FilePosition::from_position(&Position::from_bytes(bytes)), None, "{bytes:?}");
        }
    }
}
