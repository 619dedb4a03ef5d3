//! Messages → columns, many messages abreast: a program carried out for all of them, field by field.
//!
//! What a field takes is then decided once for many values instead of once for each; and since no value waits for where the
//! one before it in its own message ends, the processor works on several messages at a time.
//!
//! This is the way of messages in which nothing is amiss. Where anything is, the rows are taken back, and their messages are
//! read one by one, which finds the one at fault and says what is wrong with it.

mod by_writer;
mod items;
mod some;
#[cfg(test)]
mod some_tests;
#[cfg(test)]
mod tests;
mod values;
mod ways;

use laminar_schema::RawBatch;

use self::{
    by_writer::{LONG_RUN, Order},
    values::Messages,
};
use super::{
    cursor::Cursor,
    decode::{Rules, Scratch},
    run::Run,
    writers::{Header, Writers},
};
use crate::{
    column::{ColumnOps, StructColumn},
    rows::Reluctance,
};

/// Most messages at a time: so few that their bytes stay in the nearest cache from one field to the next.
const MOST: usize = 128;

/// Fewer messages of one writer are not worth it.
const LEAST: usize = 4;

/// Most bytes of them, which bounds what is noted of their items, too.
const MOST_BYTES: usize = 32 << 10;

/// Messages that lie behind each other and have one writer.
#[derive(Debug, Default)]
pub(super) struct Abreast {
    messages: Places,
    /// Where they are of several writers: of each which fields its writer has.
    masks: Vec<u64>,
    /// Room for items of lists in them.
    spare: Vec<Places>,
    /// Messages in front of this one are read one by one: something was amiss among them, or shortly before.
    alone_until: usize,
    /// How often in turn something was amiss: then ever more messages are spared the attempt.
    refusals: u32,
    order: Order,
    /// Of another order: where it was of no use, most batches are spared the attempt.
    order_reluctance: Reluctance,
    /// Messages that were read abreast, for tests.
    #[cfg(test)]
    num_read: usize,
}

/// After so many refusals in turn, no more messages are spared than before.
const MOST_REFUSALS: u32 = 6;

/// Where values are that are read abreast.
#[derive(Debug, Default)]
struct Places {
    /// Where the next value of each begins.
    next: Vec<usize>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Places {
    fn clear(&mut self) {
        self.next.clear();
        self.ends.clear();
    }
}

impl Abreast {
    /// How many messages were read abreast.
    #[cfg(test)]
    pub(super) fn num_read(&self) -> usize {
        self.num_read
    }

    /// Begins a batch.
    pub(super) fn restart(&mut self) {
        self.alone_until = 0;
    }

    /// Decodes messages from `first` on, a row each, and yields how many: none where they are to be read one by one, and then
    /// rows are as before.
    #[inline(never)]
    pub(super) fn decode(
        &mut self,
        batch: &RawBatch,
        first: usize,
        (writers, rules, scratch): (&mut Writers, Rules, &mut Scratch),
        row: &mut StructColumn,
    ) -> usize {
        if first < self.alone_until || rules.checks_text {
            return 0;
        }
        let Some(header) = self.gather(batch, first, rules) else { return 0 };
        let is_merged = self.messages.next.len() < LONG_RUN && self.gather_merged(batch, first, writers, rules);
        let named = match header.key.map(|key| writers.find(key)) {
            None => None,
            Some(None) => return 0,
            Some(named) => named,
        };
        let writers = &*writers;
        let Some(writer) = writers.of_number(named) else { return 0 };
        let (count, before) = (self.messages.next.len(), row.num_rows());
        if count < LEAST || writer.reads_alone {
            self.alone_until = first + count;
            return 0;
        }
        let most = self.messages.ends[count - 1] - batch.span(first).start;
        let Self { messages: Places { next, ends }, masks, spare, .. } = self;
        let bytes = batch.padded_values();
        let mut run = Run::new(writer, scratch, rules, Cursor::new(bytes, 0));
        let mut messages = Messages { bytes, next, ends, most, spare, run: &mut run };
        let is_read = match is_merged {
            true => messages.merged(&writers.merged, &writers.named, masks, row),
            false => messages.whole(&writer.program, row),
        };
        if is_read {
            self.refusals = 0;
            #[cfg(test)]
            {
                self.num_read += count;
            }
            return count;
        }
        row.truncate(before);
        self.alone_until = first + (count << self.refusals);
        self.refusals = MOST_REFUSALS.min(self.refusals + 1);
        0
    }

    /// Notes the messages from `first` on that have the header of the first one, and yields it.
    #[inline(always)]
    fn gather(&mut self, batch: &RawBatch, first: usize, rules: Rules) -> Option<Header> {
        self.messages.clear();
        let bytes = batch.padded_values();
        let most_end = batch.span(first).start + MOST_BYTES;
        let mut of_first = None;
        for record in first..batch.len().min(first + MOST) {
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes || span.end > most_end {
                break;
            }
            let Some(header) = Writers::header(rules, &bytes[span.clone()]) else { break };
            if *of_first.get_or_insert(header) != header {
                break;
            }
            self.messages.next.push(span.start + header.len);
            self.messages.ends.push(span.end);
        }
        of_first
    }

    /// Where the first messages from `first` on are of several writers whose messages are read together: notes these. False
    /// where they are of one, and then what was noted stays.
    #[inline(always)]
    fn gather_merged(&mut self, batch: &RawBatch, first: usize, writers: &mut Writers, rules: Rules) -> bool {
        let count = self.messages.next.len();
        let bytes = batch.padded_values();
        let most_end = batch.span(first).start + MOST_BYTES;
        let mut last = None;
        self.masks.clear();
        for record in first..batch.len().min(first + MOST) {
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes || span.end > most_end {
                break;
            }
            let Some(header) = Writers::header(rules, &bytes[span.clone()]) else { break };
            let mask = match last {
                Some((known, mask)) if known == header => mask,
                _ => {
                    let writer = header.key.and_then(|key| writers.find(key));
                    let Some(mask) = writer.and_then(|writer| writers.merged.mask(writer)) else { break };
                    last = Some((header, mask));
                    mask
                }
            };
            if record - first >= count {
                self.messages.next.push(span.start + header.len);
                self.messages.ends.push(span.end);
            }
            self.masks.push(mask);
        }
        self.messages.next.len() > count
    }
}
