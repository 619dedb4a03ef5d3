//! What the reader knows of each partition.

use std::sync::Arc;

use crate::partition;

/// What is known of one partition.
pub(crate) struct Slot {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) name: Arc<str>,
    /// The next offset.
    pub(crate) next: i64,
    pub(crate) end: Option<i64>,
    pub(crate) is_finished: bool,
    /// Its index in the batch of chunk `chunk_no`.
    pub(crate) in_batch: u32,
    pub(crate) chunk_no: u64,
    /// `next` was looked up and nothing was read since: the next chunk tells it, so that a partition without records is
    /// resumed where it began, and not at what is its end by then.
    pub(crate) is_looked_up: bool,
}

impl Slot {
    pub(crate) fn new(topic: &str, partition: i32, end: Option<i64>) -> Self {
        let name = partition::name(topic, partition);
        let topic = topic.to_owned();
        Self { topic, partition, name, next: 0, end, is_finished: false, in_batch: 0, chunk_no: 0, is_looked_up: false }
    }

    pub(crate) fn begin_at(&mut self, offset: i64) {
        (self.next, self.is_looked_up) = (offset, true);
    }
}
