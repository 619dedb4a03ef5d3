//! Records that stand behind their lengths, each a varint: Protobuf's delimited messages.

use super::{Fault, Step};

/// Longest varint, in bytes.
const MAX_VARINT: usize = 10;

/// Reads a length, and waits for so many bytes.
#[derive(Debug, Default)]
pub(super) struct Delimited {
    /// Bytes of the current record still to come, once its length is known.
    left: Option<u64>,
    /// Bytes of the length that were looked at in this window.
    head: usize,
    /// Bytes of the window that were looked at.
    pub(super) scanned: usize,
    /// A length was none, and nothing behind it can be understood.
    is_lost: bool,
}

impl Delimited {
    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        if self.is_lost {
            return if eof { Step::End } else { Step::More { drop: window.len() } };
        }
        if self.left.is_none() {
            match read_length(window) {
                Some((len, head)) => (self.left, self.head, self.scanned) = (Some(len), head, head),
                None if !eof && window.len() < MAX_VARINT => return Step::More { drop: 0 },
                None if window.is_empty() => return Step::End,
                None if window.len() < MAX_VARINT => {
                    return Step::Fault { at: 0, next: window.len(), reason: Fault::Truncated };
                }
                None => {
                    self.is_lost = true;
                    return Step::Fault { at: 0, next: 1, reason: Fault::Length };
                }
            }
        }
        let left = self.left.unwrap_or(0);
        let there = (window.len() - self.scanned) as u64;
        if left > there {
            self.left = Some(left - there);
            self.scanned = window.len();
            if !eof {
                return Step::More { drop: 0 };
            }
            let at = self.head;
            *self = Self::default();
            return Step::Fault { at, next: window.len(), reason: Fault::Truncated };
        }
        let end = self.scanned + left as usize;
        let start = self.head;
        *self = Self::default();
        Step::Record { start, end, next: end }
    }

    /// What is to be known to go on from the place where it stands.
    pub(super) fn state(&self) -> u8 {
        u8::from(self.is_lost)
    }

    /// One that goes on at a place with that state.
    pub(super) fn resumed(state: u8) -> Self {
        Self { is_lost: state != 0, ..Self::default() }
    }

    /// Whether what is unfinished is a length, and no record yet.
    pub(super) fn is_in_length(&self) -> bool {
        self.left.is_none()
    }

    /// Bytes of the length in front of the unfinished record.
    pub(super) fn lead(&self) -> usize {
        self.head
    }

    /// Forgets the part of the record that was looked at; returns its length.
    pub(super) fn behead(&mut self) -> usize {
        self.head = 0;
        std::mem::take(&mut self.scanned)
    }
}

/// The length at the start of `bytes` and the bytes that it takes; `None` when not all of it is there, or it is none.
fn read_length(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            // The tenth byte has room for one bit.
            return (index < MAX_VARINT - 1 || *byte <= 1).then_some((value, index + 1));
        }
    }
    None
}
