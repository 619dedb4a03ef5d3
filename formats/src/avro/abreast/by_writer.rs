//! Messages of several writers in one batch, none many in a row, where the writers' programs do not merge: they are read writer by
//! writer, those of each abreast, and rows are then put into the order of the messages.

use laminar_schema::RawBatch;

use super::{Abreast, LEAST, MOST, MOST_BYTES, Places, values::Messages};
use crate::{
    avro::{
        cursor::Cursor,
        decode::{Rules, Scratch},
        run::Run,
        writers::{Unreadable, Writer, Writers},
    },
    column::{ColumnOps, StructColumn},
};

/// In which order messages are read.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By writer.
    parts: Vec<Part>,
    /// Of each message, the row that it gave.
    rows: Vec<u32>,
}

/// The messages of one writer.
#[derive(Debug, Default)]
struct Part {
    places: Places,
    messages: Vec<u32>,
}

/// So many messages on average that have one writer and lie behind each other are read abreast as they come.
pub(super) const LONG_RUN: usize = 16;

impl Order {
    /// Parts messages by their writers; false where they are to be read in their order: one of them is not the usual one, most
    /// have the writer of the one before, or writers have few each.
    fn part(&mut self, batch: &RawBatch, writers: &mut Writers, rules: Rules) -> bool {
        let bytes = batch.padded_values();
        self.parts.resize_with(writers.named.len(), Part::default);
        for part in &mut self.parts {
            part.places.clear();
            part.messages.clear();
        }
        let (mut before, mut num_runs) = (usize::MAX, 0);
        for record in 0..batch.len() {
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes {
                return false;
            }
            let Some(header) = Writers::header(rules, &bytes[span.clone()]) else { return false };
            let Some(writer) = header.key.and_then(|key| writers.find(key)) else { return false };
            let Part { places, messages } = &mut self.parts[writer];
            places.next.push(span.start + header.len);
            places.ends.push(span.end);
            messages.push(record as u32);
            num_runs += usize::from(before != writer);
            before = writer;
            if record == LONG_RUN * LEAST && num_runs * LONG_RUN < record {
                return false;
            }
        }
        let num_writers = self.parts.iter().filter(|part| !part.messages.is_empty()).count();
        num_runs * LONG_RUN > batch.len() && batch.len() >= num_writers * 2 * LEAST
    }

    /// Notes which row each message gave.
    fn note_rows(&mut self, num_messages: usize) {
        self.rows.clear();
        self.rows.resize(num_messages, 0);
        for (row, message) in (0..).zip(self.parts.iter().flat_map(|part| &part.messages)) {
            self.rows[*message as usize] = row;
        }
    }
}

impl Places {
    /// Where those end that are read at a time, from number `first` on, and how many bytes they have together.
    fn behind(&self, first: usize) -> (usize, usize) {
        let (mut behind, mut most) = (first, 0);
        while behind < self.ends.len().min(first + MOST) {
            let len = self.ends[behind] - self.next[behind];
            if most > 0 && most + len > MOST_BYTES {
                break;
            }
            most += len;
            behind += 1;
        }
        (behind, most)
    }
}

impl Abreast {
    /// Decodes all messages, a row each; [`Abreast::order`] says where these are. False where messages are to be read in their
    /// order; rows are then as before. The root of everything that happens per message that is read so.
    #[inline(never)]
    pub(in crate::avro) fn decode_by_writer(
        &mut self,
        batch: &RawBatch,
        (writers, rules, scratch): (&mut Writers, Rules, &mut Scratch),
        row: &mut StructColumn,
    ) -> bool {
        if writers.named.len() < 2 || writers.merged.has_all || rules.checks_text || self.order_reluctance.spares() {
            return false;
        }
        let reads_alone = |(writer, part): (&Result<Writer, Unreadable>, &Part)| {
            !part.messages.is_empty() && writer.as_ref().is_ok_and(|writer| writer.reads_alone)
        };
        if !self.order.part(batch, writers, rules) || writers.named.iter().zip(&self.order.parts).any(reads_alone) {
            self.order_reluctance.left_one();
            return false;
        }
        let (bytes, before) = (batch.padded_values(), row.num_rows());
        for (writer, Part { places, .. }) in writers.named.iter().zip(&mut self.order.parts) {
            let mut first = 0;
            while first < places.ends.len() {
                let (behind, most) = places.behind(first);
                let (next, ends) = (&mut places.next[first..behind], &places.ends[first..behind]);
                let is_read = writer.as_ref().is_ok_and(|writer| {
                    let mut run = Run::new(writer, scratch, rules, Cursor::new(bytes, 0));
                    let spare = &mut self.spare;
                    Messages { bytes, next, ends, most, spare, run: &mut run }.whole(&writer.program, row)
                });
                if !is_read {
                    row.truncate(before);
                    self.order_reluctance.left_one();
                    return false;
                }
                first = behind;
            }
        }
        self.order.note_rows(batch.len());
        self.order_reluctance.took(1);
        #[cfg(test)]
        {
            self.num_read += batch.len();
        }
        true
    }

    /// Of each message that was decoded by its writer, which row it gave.
    pub(in crate::avro) fn order(&self) -> &[u32] {
        &self.order.rows
    }
}
