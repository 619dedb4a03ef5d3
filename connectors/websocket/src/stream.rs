//! A running source: messages out of the inbox, as records.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use laminar_schema::{Location, Measures, NewRecord, Position, RecordStream, SchemaError, SchemaResult, SourceBatch};

use crate::{burst::Burst, cut::Cutter, error::WebSocketFault, feed::Feed, sequence::Sequence};

/// From so many messages on a burst is a batch by itself, whatever waits behind it.
const MANY: usize = 256;

/// A running [`WebSocketSource`](crate::WebSocketSource).
pub struct WebSocketStream {
    feed: Feed,
    partition: Arc<str>,
    max_batch_bytes: usize,
    sequence: Option<Sequence>,
    cutter: Option<Cutter>,
    /// Bursts that were moved out of the inbox; messages are taken from their fronts, and the first may be half cut.
    taken: VecDeque<Burst>,
    /// The burst at work: those before it are all taken.
    current: usize,
    /// What to tell behind the records before it.
    failed: Option<SchemaError>,
}

impl std::fmt::Debug for WebSocketStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketStream").field("partition", &self.partition).finish_non_exhaustive()
    }
}

impl WebSocketStream {
    pub(crate) fn new(
        feed: Feed,
        partition: Arc<str>,
        max_batch_bytes: usize,
        sequence: Option<Sequence>,
        cutter: Option<Cutter>,
    ) -> Self {
        Self { feed, partition, max_batch_bytes, sequence, cutter, taken: VecDeque::new(), current: 0, failed: None }
    }

    /// Turns messages that were taken into records, without waiting.
    fn fill(&mut self, out: &mut SourceBatch, max: usize) -> usize {
        if let Some(count) = self.take_whole(out, max) {
            return count;
        }
        let raw = out.raw_mut();
        let (before, partition) = (raw.len(), raw.partition(&self.partition, None));
        while raw.len() - before < max && raw.num_value_bytes() < self.max_batch_bytes {
            let Some(burst) = self.taken.get_mut(self.current) else { break };
            let (Some(record), Some(peer)) = (burst.front(), &burst.peer) else {
                self.current += 1;
                continue;
            };
            let (message, number, sequence) = (record.value().unwrap_or_default(), record.offset(), &self.sequence);
            let mut push = |value: &[u8], line| {
                if let Some(sequence) = sequence {
                    sequence.check(value, peer, &self.feed.inbox.measures)?;
                }
                let key = record.key();
                let (partition, offset, timestamp) = (Some(partition), number, record.timestamp());
                raw.push(NewRecord { value: Some(value), key, timestamp, partition, offset, line, headers: &[] });
                Ok(())
            };
            let pushed = match &mut self.cutter {
                None => push(message, None).map_err(|fault: WebSocketFault| fault.during("read")),
                Some(cutter) => {
                    cutter.begin(message);
                    match cutter.frames.next() {
                        Ok(Some(frame)) => push(frame.bytes, frame.place_line()).map_err(|fault| fault.during("read")),
                        Ok(None) => {
                            cutter.is_at_work = false;
                            Ok(())
                        }
                        Err(e) => Err(e),
                    }
                }
            };
            if let Err(e) = pushed {
                let (partition, offset) = (Some(Arc::clone(&self.partition)), number);
                self.failed = Some(e.at(Location { partition, offset, ..Location::default() }));
            }
            if self.cutter.as_ref().is_none_or(|cutter| !cutter.is_at_work) {
                burst.pop();
            }
            if self.failed.is_some() {
                break;
            }
        }
        raw.len() - before
    }

    /// Takes a burst as it is, where nobody has to look into it.
    fn take_whole(&mut self, out: &mut SourceBatch, max: usize) -> Option<usize> {
        if !out.is_empty() || self.sequence.is_some() || self.cutter.is_some() {
            return None;
        }
        while self.taken.get(self.current).is_some_and(Burst::is_empty) {
            self.current += 1;
        }
        let is_last = self.current + 1 == self.taken.len();
        let burst = self.taken.get_mut(self.current)?;
        let fits = burst.len() <= max && burst.num_bytes() <= self.max_batch_bytes && (is_last || burst.len() >= MANY);
        (fits && burst.take_whole(out)).then(|| out.len())
    }

    /// The last number of the server's records, to be compared with the first one of the next run.
    fn note_position(&self, out: &mut SourceBatch) {
        let Some(server) = self.feed.server.as_ref().filter(|_| self.sequence.is_some()) else { return };
        if let Some(last) = *server.last.lock().unwrap_or_else(PoisonError::into_inner) {
            out.positions.set(Arc::clone(&self.partition), Position::from_u64(last));
        }
    }
}

impl RecordStream for WebSocketStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let count = self.fill(out, max.max(1));
            if count > 0 {
                self.note_position(out);
                return Ok(count);
            }
            // A batch that is full already, or a message without records, is not the end.
            if self.failed.is_none() && self.current >= self.taken.len() {
                self.current = 0;
                match self.feed.take(&mut self.taken).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(0),
                    Err(fault) => return Err(fault.during("read")),
                }
            }
        }
    }

    fn measures(&self) -> Option<Measures> {
        Some(self.feed.inbox.measures.clone())
    }
}
