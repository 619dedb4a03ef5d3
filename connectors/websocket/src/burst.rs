//! Messages of one peer that are handed over together.
//!
//! They are copied out of the library's buffers by the task that reads them. Its buffers count who holds a part of them, and the
//! task that takes messages is another one: counting between two processors costs more than copying a message of a kilobyte.

use std::sync::Arc;

use crate::inbox::Peer;

/// Bytes beyond which a burst is not kept to be filled again.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// Messages that came one behind the other.
#[derive(Default)]
pub(crate) struct Burst {
    bytes: Vec<u8>,
    /// Where each message ends.
    ends: Vec<usize>,
    /// How many were taken from the front.
    taken: usize,
    /// Where the first one begins that was not taken.
    start: usize,
    /// Who sent them; `None` until they are handed over.
    pub(crate) peer: Option<Arc<Peer>>,
    /// When they came, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// How many messages came before the first one that was not taken, since the source was started.
    pub(crate) number: u64,
}

impl Burst {
    /// Appends a message.
    pub(crate) fn push(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
        self.ends.push(self.bytes.len());
    }

    /// How many messages were not taken.
    pub(crate) fn len(&self) -> usize {
        self.ends.len() - self.taken
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the messages that were not taken.
    pub(crate) fn num_bytes(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The first message that was not taken, with its number.
    pub(crate) fn front(&self) -> Option<(&[u8], u64)> {
        let end = *self.ends.get(self.taken)?;
        Some((&self.bytes[self.start..end], self.number))
    }

    /// Takes the first message; yields its size.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let end = *self.ends.get(self.taken)?;
        let size = end - self.start;
        (self.taken, self.start, self.number) = (self.taken + 1, end, self.number + 1);
        Some(size)
    }

    /// The messages that were not taken.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = self.start;
        self.ends[self.taken..].iter().map(move |end| &self.bytes[std::mem::replace(&mut start, *end)..*end])
    }

    /// Moves the first `count` messages into `other`, which is empty.
    pub(crate) fn split_into(&mut self, count: usize, other: &mut Self) {
        for _ in 0..count {
            if let Some((message, _)) = self.front() {
                other.push(message);
                self.pop();
            }
        }
    }

    /// Makes it empty; false where its room is too large to be kept.
    pub(crate) fn clear(&mut self) -> bool {
        self.bytes.clear();
        self.ends.clear();
        (self.taken, self.start, self.peer) = (0, 0, None);
        self.bytes.capacity() <= MAX_KEPT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_in_their_order_and_counted() {
        let mut burst = Burst { number: 7, ..Burst::default() };
        for message in ["a", "", "bcd"] {
            burst.push(message.as_bytes());
        }
        assert_eq!((burst.len(), burst.num_bytes(), burst.front()), (3, 4, Some((&b"a"[..], 7))));
        assert_eq!(burst.pop(), Some(1));
        assert_eq!(burst.iter().collect::<Vec<_>>(), [&b""[..], b"bcd"]);
        let mut other = Burst::default();
        burst.split_into(1, &mut other);
        assert_eq!((other.len(), burst.len(), burst.front()), (1, 1, Some((&b"bcd"[..], 9))));
        assert_eq!((burst.pop(), burst.pop(), burst.is_empty(), burst.num_bytes()), (Some(3), None, true, 0));
        assert!(burst.clear() && burst.front().is_none());
        burst.push(&vec![0; 2 << 20]);
        assert!(!burst.clear());
    }
}
