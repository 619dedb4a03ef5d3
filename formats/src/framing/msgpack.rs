//! MessagePack values, one behind the other.

use super::Step;

/// Finds where a value ends by counting the values that its containers still need: no recursion, no stack.
#[derive(Debug)]
pub(super) struct MsgPackValues {
    /// Values still to come before the record ends, this one included.
    left: u64,
    /// Bytes of the current value's content still to come.
    content: u64,
    /// Bytes of the window that were looked at.
    pub(super) scanned: usize,
}

impl Default for MsgPackValues {
    fn default() -> Self {
        Self { left: 1, content: 0, scanned: 0 }
    }
}

impl MsgPackValues {
    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        loop {
            let there = window.len() - self.scanned;
            let passed = usize::try_from(self.content).unwrap_or(usize::MAX).min(there);
            self.scanned += passed;
            self.content -= passed as u64;
            if (self.content, self.left) == (0, 0) {
                break;
            }
            let head = if self.content == 0 { Head::read(&window[self.scanned..]) } else { None };
            let Some(head) = head else {
                if !eof {
                    return Step::More { drop: 0 };
                }
                if window.is_empty() {
                    *self = Self::default();
                    return Step::End;
                }
                // Cut off within a value, as its decoder will say.
                self.scanned = window.len();
                break;
            };
            self.left = (self.left - 1).saturating_add(head.values);
            self.content = head.content;
            self.scanned += head.len;
        }
        let end = std::mem::take(self).scanned;
        Step::Record { start: 0, end, next: end }
    }

    /// Forgets the part of the record that was looked at; returns its length.
    pub(super) fn behead(&mut self) -> usize {
        std::mem::take(&mut self.scanned)
    }
}

/// What the first bytes of a value say about the rest.
struct Head {
    /// Bytes of the head itself.
    len: usize,
    /// Bytes of content behind it.
    content: u64,
    /// Values in it.
    values: u64,
}

impl Head {
    /// The head at the start of `bytes`; `None` when not all of it is there.
    ///
    /// Source: MessagePack specification, "Formats".
    #[inline]
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let content = |len, content| Some(Self { len, content, values: 0 });
        match first {
            0x80..=0x8f => Some(Self { len: 1, content: 0, values: u64::from(first & 0x0f) * 2 }),
            0x90..=0x9f => Some(Self { len: 1, content: 0, values: u64::from(first & 0x0f) }),
            0xa0..=0xbf => content(1, u64::from(first & 0x1f)),
            0xc4 | 0xd9 => content(2, number(bytes, 1)?),
            0xc5 | 0xda => content(3, number(bytes, 2)?),
            0xc6 | 0xdb => content(5, number(bytes, 4)?),
            // The type stands before the content.
            0xc7 => content(2, number(bytes, 1)? + 1),
            0xc8 => content(3, number(bytes, 2)? + 1),
            0xc9 => content(5, number(bytes, 4)? + 1),
            0xcc | 0xd0 => content(1, 1),
            0xcd | 0xd1 => content(1, 2),
            0xca | 0xce | 0xd2 => content(1, 4),
            0xcb | 0xcf | 0xd3 => content(1, 8),
            0xd4..=0xd8 => content(1, 1 + (1 << (first - 0xd4))),
            0xdc => Some(Self { len: 3, content: 0, values: number(bytes, 2)? }),
            0xdd => Some(Self { len: 5, content: 0, values: number(bytes, 4)? }),
            0xde => Some(Self { len: 3, content: 0, values: number(bytes, 2)? * 2 }),
            0xdf => Some(Self { len: 5, content: 0, values: number(bytes, 4)? * 2 }),
            // 0xc1 begins no value, as its decoder will say. All others are whole.
            _ => content(1, 0),
        }
    }
}

/// The big-endian number of `len` bytes behind the first.
fn number(bytes: &[u8], len: usize) -> Option<u64> {
    Some(bytes.get(1..=len)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}
