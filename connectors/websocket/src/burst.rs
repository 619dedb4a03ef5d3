//! Messages of one peer that are handed over together, as the records that they become.
//!
//! They are copied out of the library's buffers by the task that reads them. Its buffers count who holds a part of them, and the
//! task that takes messages may be another one: counting between two processors costs more than copying a message of a kilobyte. A
//! burst that nobody has to look into is taken as it is.

use std::sync::Arc;

use chrono::Utc;
use laminar_schema::{NewRecord, RawBatch, SourceBatch, record::RecordRef};

use crate::inbox::Peer;

/// Messages of a burst, at most, and bytes from which on it is full.
pub(crate) const MOST: usize = 4096;
pub(crate) const MOST_BYTES: usize = 512 << 10;
/// Allocated bytes beyond which a burst is not kept to be filled again.
const MAX_KEPT_BYTES: usize = 2 << 20;

/// Messages that came one behind the other.
#[derive(Default)]
pub(crate) struct Burst {
    raw: RawBatch,
    /// How many were taken from the front.
    taken: usize,
    /// Bytes of those that were not.
    num_bytes: usize,
    /// When the first one came, in milliseconds since the Unix epoch.
    at: i64,
    /// Who sent them; `None` while there are none.
    pub(crate) peer: Option<Arc<Peer>>,
    /// The index of the partition, which is one for all.
    partition: u32,
}

impl Burst {
    /// Appends a message of `peer` as a record of the partition; its key says who sent it where that is wanted.
    pub(crate) fn push(&mut self, message: &[u8], peer: &Arc<Peer>, partition: &Arc<str>, is_keyed: bool) {
        if self.peer.is_none() {
            (self.peer, self.at) = (Some(Arc::clone(peer)), Utc::now().timestamp_millis());
            self.partition = self.raw.partition(partition, None);
        }
        let key = is_keyed.then_some(peer.name.as_bytes());
        let partition = Some(self.partition);
        self.raw.push(NewRecord { key, timestamp: Some(self.at), partition, ..NewRecord::new(message) });
        self.num_bytes += message.len();
    }

    /// Numbers the last `count` messages.
    pub(crate) fn number_last(&mut self, count: usize, first: u64) {
        self.raw.set_offsets(self.raw.len() - count, first);
    }

    /// Whether `other` may be appended as one with this.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        match (&self.peer, &other.peer) {
            (Some(peer), Some(of_other)) => Arc::ptr_eq(peer, of_other),
            _ => false,
        }
    }

    /// How many messages were not taken.
    pub(crate) fn len(&self) -> usize {
        self.raw.len() - self.taken
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the messages that were not taken.
    pub(crate) fn num_bytes(&self) -> usize {
        self.num_bytes
    }

    /// The first message that was not taken.
    pub(crate) fn front(&self) -> Option<RecordRef<'_>> {
        (!self.is_empty()).then(|| self.raw.record(self.taken))
    }

    /// Takes the first message; yields its size.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let size = self.front()?.value().map_or(0, <[u8]>::len);
        self.taken += 1;
        self.num_bytes -= size;
        Some(size)
    }

    /// Takes all messages at once, into a batch that is empty; false where some were taken before.
    pub(crate) fn take_whole(&mut self, out: &mut SourceBatch) -> bool {
        if self.taken > 0 {
            return false;
        }
        std::mem::swap(out.raw_mut(), &mut self.raw);
        self.num_bytes = 0;
        true
    }

    /// The messages that were not taken.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RecordRef<'_>> {
        self.raw.iter().skip(self.taken)
    }

    /// Moves the first `count` messages to the end of `other`.
    pub(crate) fn move_to(&mut self, other: &mut Self, count: usize) {
        if other.peer.is_none() {
            (other.peer, other.at) = (self.peer.clone(), self.at);
            let name = self.raw.partitions().first().map(|partition| &partition.name);
            other.partition = name.map_or(0, |name| other.raw.partition(name, None));
        }
        for _ in 0..count {
            if let Some(first) = self.front() {
                let (value, key, timestamp) = (first.value(), first.key(), first.timestamp());
                let partition = Some(other.partition);
                other.raw.push(NewRecord { value, key, timestamp, partition, ..NewRecord::default() });
                other.num_bytes += value.map_or(0, <[u8]>::len);
            }
            self.pop();
        }
    }

    /// Makes it empty; false where its room is too large to be kept.
    pub(crate) fn clear(&mut self) -> bool {
        let is_small = self.raw.num_allocated_bytes() <= MAX_KEPT_BYTES;
        self.raw.clear();
        (self.taken, self.num_bytes, self.peer) = (0, 0, None);
        is_small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(burst: &Burst) -> Vec<(&[u8], u64)> {
        burst.iter().filter_map(|record| Some((record.value()?, record.offset()?))).collect()
    }

    #[test]
    fn messages_are_taken_in_their_order_and_counted() {
        let (peer, partition) = (Peer::new("peer".to_owned()), Arc::from("feed"));
        let mut burst = Burst::default();
        for message in ["a", "", "bcd"] {
            burst.push(message.as_bytes(), &peer, &partition, true);
        }
        burst.number_last(3, 7);
        burst.at = 5;
        assert_eq!((burst.len(), burst.num_bytes()), (3, 4));
        assert_eq!(burst.front().and_then(|first| first.key()), Some(&b"peer"[..]));
        assert_eq!(burst.pop(), Some(1));
        assert_eq!(values(&burst), [(&b""[..], 8), (b"bcd", 9)]);
        let mut other = Burst::default();
        burst.move_to(&mut other, 1);
        other.number_last(1, 8);
        burst.number_last(1, 3);
        assert_eq!(
            other.front().and_then(|first| first.timestamp()),
            burst.front().and_then(|first| first.timestamp())
        );
        assert!(burst.is_of(&other) && !burst.is_of(&Burst::default()));
        assert_eq!((values(&other), values(&burst)), (vec![(&b""[..], 8)], vec![(&b"bcd"[..], 3)]));
        let mut out = SourceBatch::new();
        assert!(!burst.take_whole(&mut out) && other.take_whole(&mut out));
        assert_eq!((out.len(), other.len(), other.num_bytes()), (1, 0, 0));
        assert_eq!((burst.pop(), burst.pop(), burst.is_empty(), burst.num_bytes()), (Some(3), None, true, 0));
        assert!(burst.clear() && burst.front().is_none());
        burst.push(&vec![0; 2 << 20], &peer, &partition, false);
        assert!(!burst.clear());
    }
}
