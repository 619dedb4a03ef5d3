//! The place in a byte stream to go on from.

use laminar_schema::Position;

/// A place between two records: byte offset, line, and what the framing has to remember there.
///
/// As a [`Position`] it is 17 bytes: offset and line, big-endian so that later places compare greater, and the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// Bytes before the place.
    pub offset: u64,
    /// Line of the place, from 1.
    pub line: u64,
    pub(super) state: u8,
}

impl Resume {
    /// The beginning of a stream.
    pub const START: Self = Self { offset: 0, line: 1, state: 0 };

    /// The place as a source reports it.
    pub fn to_position(self) -> Position {
        let mut bytes = [0; 17];
        bytes[..8].copy_from_slice(&self.offset.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.line.to_be_bytes());
        bytes[16] = self.state;
        Position::from_bytes(bytes)
    }

    /// The place that [`Resume::to_position`] made a position of; `None` when the bytes are something else.
    pub fn from_position(position: &Position) -> Option<Self> {
        let bytes: &[u8; 17] = position.as_bytes().try_into().ok()?;
        let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_be_bytes).ok();
        Some(Self { offset: number(0)?, line: number(8)?, state: bytes[16] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_and_keep_their_order() {
        let early = Resume { offset: 255, line: 300, state: 4 };
        let late = Resume { offset: 256, line: 300, state: 0 };
        assert_eq!(Resume::from_position(&early.to_position()), Some(early));
        assert!(early.to_position() < late.to_position());
        assert_eq!(Resume::from_position(&Position::from_u64(7)), None);
    }
}
