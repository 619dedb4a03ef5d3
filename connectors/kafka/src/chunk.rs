//! Records on their way from the reader thread to the stream.

use std::sync::Arc;

use laminar_schema::{NewRecord, Position, RawBatch, SchemaError, SourceBatch};

/// Records of one or several polls, and where to go on behind them.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) raw: RawBatch,
    /// The next offset of each partition that has records here.
    pub(crate) next: Vec<(Arc<str>, u64)>,
    /// Records that were handed over already.
    taken: usize,
}

/// What the reader thread sends.
#[derive(Debug)]
pub(crate) enum Event {
    Chunk(Chunk),
    /// A bounded read has come to its end.
    Ended,
    Failed(SchemaError),
}

impl Chunk {
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.next.clear();
        self.taken = 0;
    }

    /// Records that were not handed over yet.
    pub(crate) fn remaining(&self) -> usize {
        self.raw.len() - self.taken
    }

    /// Moves up to `max` records to `out`, without a copy where that is all of them and `out` is empty.
    pub(crate) fn hand_over(&mut self, out: &mut SourceBatch, max: usize) -> usize {
        let count = self.remaining().min(max);
        if self.taken == 0 && count == self.raw.len() && out.is_empty() {
            std::mem::swap(out.raw_mut(), &mut self.raw);
            for (partition, next) in &self.next {
                out.positions.set(Arc::clone(partition), Position::from_u64(*next));
            }
            self.clear();
            return count;
        }
        // Each position is an allocation: one for a partition, and none for a record.
        let mut reached: Vec<(Arc<str>, u64)> = Vec::new();
        for index in self.taken..self.taken + count {
            let record = self.raw.record(index);
            let headers: Vec<(&str, &[u8])> = record.headers().collect();
            let partition = record.partition().map(|p| Arc::clone(&p.name));
            let slot = partition.as_ref().map(|name| out.raw_mut().partition(name, None));
            out.raw_mut().push(NewRecord {
                value: record.value(),
                key: record.key(),
                timestamp: record.timestamp(),
                partition: slot,
                offset: record.offset(),
                line: None,
                headers: &headers,
            });
            if let (Some(partition), Some(offset)) = (partition, record.offset()) {
                match reached.iter_mut().find(|(name, _)| Arc::ptr_eq(name, &partition)) {
                    Some((_, next)) => *next = offset + 1,
                    None => reached.push((partition, offset + 1)),
                }
            }
        }
        for (partition, next) in reached {
            out.positions.set(partition, Position::from_u64(next));
        }
        self.taken += count;
        if self.remaining() == 0 {
            // Partitions without a record in the chunk, too.
            for (partition, next) in &self.next {
                out.positions.set(Arc::clone(partition), Position::from_u64(*next));
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(count: u64) -> Chunk {
        let mut chunk = Chunk::default();
        for offset in 0..count {
            let name: Arc<str> = format!("t/{}", offset % 2).into();
            let partition = Some(chunk.raw.partition(&name, None));
            let value = offset.to_string();
            chunk.raw.push(NewRecord { partition, offset: Some(offset), ..NewRecord::new(value.as_bytes()) });
        }
        chunk.next = vec![("t/0".into(), count - 1), ("t/1".into(), count)];
        chunk
    }

    #[test]
    fn every_way_to_hand_over_gives_the_same_records_and_positions() {
        for max in [1, 2, 3, 5, 6, 100] {
            let (mut chunk, mut out, mut seen) = (chunk(6), SourceBatch::new(), Vec::new());
            let mut positions = laminar_schema::Positions::new();
            while chunk.remaining() > 0 {
                assert!(chunk.hand_over(&mut out, max) <= max);
                seen.extend(out.raw_mut().iter().map(|r| r.to_owned().value.unwrap_or_default()));
                positions.advance(&out.positions);
                out.clear();
            }
            assert_eq!(seen, ["0", "1", "2", "3", "4", "5"].map(|v| v.as_bytes().to_vec()), "{max}");
            let expected = [("t/0", Position::from_u64(5)), ("t/1", Position::from_u64(6))].into_iter().collect();
            assert_eq!(positions, expected, "{max}");
        }
    }
}
