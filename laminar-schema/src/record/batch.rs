//! Many records in one arena: what Ring 1 moves.

use std::{ops::Range, sync::Arc};

use super::{RawRecord, SourceMetadata};
use crate::error::Location;

/// Readable bytes behind the last record's terminator, for parsers that load wide.
pub const ARENA_PADDING: usize = 64;

/// Records of one poll: one byte arena, spans into it, and per-record metadata in plain vectors.
///
/// Layout: values lie one after another in arrival order, each followed by one NUL that is not part of the
/// record, so that a scanning parser meets a byte that no text format allows at every record's end. Behind the last
/// one lie [`ARENA_PADDING`] zero bytes. Keys and headers lie in an arena of their own.
///
/// Cost: pushing copies the bytes once; once warm ([`RawBatch::clear`] keeps capacity) nothing is allocated.
#[derive(Debug, Default, Clone)]
pub struct RawBatch {
    values: Vec<u8>,
    side: Vec<u8>,
    records: Vec<Entry>,
    /// Empty while no record of the batch has headers; otherwise one end per record.
    header_ends: Vec<u32>,
    headers: Vec<HeaderSpan>,
    partitions: Vec<PartitionInfo>,
}

/// What a batch knows of one partition that its records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Name: a Kafka partition number, a file's path.
    pub name: Arc<str>,
    /// Bytes that hold for every record of the partition and are no record: a CSV file's header line.
    pub preamble: Option<Arc<[u8]>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    key: Option<(u32, u32)>,
    tombstone: bool,
    partition: u32,
    offset: u64,
    line: u64,
    timestamp: i64,
}

#[derive(Debug, Clone, Copy)]
struct HeaderSpan {
    name_start: u32,
    name_end: u32,
    value_end: u32,
}

const NO_LINE: u64 = 0;
const NO_OFFSET: u64 = u64::MAX;
const NO_TIMESTAMP: i64 = i64::MIN;

/// A record about to be pushed: borrowed parts, all but the value optional.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewRecord<'a> {
    /// The bytes; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Message key.
    pub key: Option<&'a [u8]>,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// Index from [`RawBatch::partition`].
    pub partition: Option<u32>,
    /// Offset in the partition.
    pub offset: Option<u64>,
    /// Line in a text file, from 1.
    pub line: Option<u64>,
    /// Message headers.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> NewRecord<'a> {
    /// A record of nothing but bytes.
    pub fn new(value: &'a [u8]) -> Self {
        Self { value: Some(value), ..Self::default() }
    }
}

/// One record of a [`RawBatch`], borrowed.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    batch: &'a RawBatch,
    index: usize,
}

impl RawBatch {
    /// An empty batch that has allocated nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies owned records into a batch.
    pub fn from_records(records: &[RawRecord]) -> Self {
        let mut batch = Self::new();
        for record in records {
            batch.push_owned(record);
        }
        batch
    }

    /// Copies plain values into a batch, one record each.
    pub fn from_values<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut batch = Self::new();
        for value in values {
            batch.push(NewRecord::new(value.as_ref()));
        }
        batch
    }

    /// A copy of the records from `first` on, for the rare batch that is decoded in two parts.
    pub fn suffix(&self, first: usize) -> Self {
        let mut rest = Self { partitions: self.partitions.clone(), ..Self::new() };
        for index in first..self.len() {
            let record = self.record(index);
            let headers: Vec<(&str, &[u8])> = record.headers().collect();
            rest.push(NewRecord {
                value: record.value(),
                key: record.key(),
                timestamp: record.timestamp(),
                partition: self.partition_index(index),
                offset: record.offset(),
                line: record.line(),
                headers: &headers,
            });
        }
        rest
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True when there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of all values, with their terminators.
    #[inline]
    pub fn num_value_bytes(&self) -> usize {
        self.records.last().map_or(0, |r| r.end + usize::from(!r.tombstone))
    }

    /// Removes all records and partitions, keeping what was allocated.
    pub fn clear(&mut self) {
        self.values.clear();
        self.side.clear();
        self.records.clear();
        self.header_ends.clear();
        self.headers.clear();
        self.partitions.clear();
    }

    /// The index of the partition `name` in this batch, adding it when new.
    ///
    /// Cost: a scan of the batch's few partitions; a source calls it once per partition and batch.
    pub fn partition(&mut self, name: &Arc<str>, preamble: Option<&Arc<[u8]>>) -> u32 {
        let known = self.partitions.iter().position(|p| p.name == *name && p.preamble.as_ref() == preamble);
        let index = known.unwrap_or_else(|| {
            self.partitions.push(PartitionInfo { name: Arc::clone(name), preamble: preamble.cloned() });
            self.partitions.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX - 1)
    }

    /// Partitions of this batch, by index.
    pub fn partitions(&self) -> &[PartitionInfo] {
        &self.partitions
    }

    /// Appends a record, copying its bytes.
    #[inline]
    pub fn push(&mut self, record: NewRecord<'_>) {
        // The padding is dropped first, so values stay contiguous.
        self.values.truncate(self.num_value_bytes());
        let start = self.values.len();
        if let Some(value) = record.value {
            self.values.extend_from_slice(value);
            self.values.push(0);
        }
        self.values.extend_from_slice(&[0; ARENA_PADDING]);
        let end = start + record.value.map_or(0, <[u8]>::len);
        let key = record.key.map(|key| {
            let from = self.side.len();
            self.side.extend_from_slice(key);
            (side_offset(from), side_offset(self.side.len()))
        });
        self.records.push(Entry {
            start,
            end,
            key,
            tombstone: record.value.is_none(),
            partition: record.partition.unwrap_or(u32::MAX),
            offset: record.offset.unwrap_or(NO_OFFSET),
            line: record.line.unwrap_or(NO_LINE),
            timestamp: record.timestamp.unwrap_or(NO_TIMESTAMP),
        });
        if !record.headers.is_empty() || !self.header_ends.is_empty() {
            self.push_headers(record.headers);
        }
    }

    /// Bytes that are allocated for values, keys and headers, whether they are in use or not: for whoever keeps batches to fill them again.
    pub fn num_allocated_bytes(&self) -> usize {
        self.values.capacity() + self.side.capacity()
    }

    /// Numbers the records from `index` on: their offsets are `first` and those that follow it. For a source that knows them only when
    /// all are there.
    pub fn set_offsets(&mut self, index: usize, first: u64) {
        for (offset, entry) in (first..).zip(self.records.iter_mut().skip(index)) {
            entry.offset = offset;
        }
    }

    #[inline(never)]
    fn push_headers(&mut self, headers: &[(&str, &[u8])]) {
        // Records before the first one with headers have none: their ends are all zero.
        self.header_ends.resize(self.records.len() - 1, side_offset(self.headers.len()));
        for (name, value) in headers {
            let name_start = side_offset(self.side.len());
            self.side.extend_from_slice(name.as_bytes());
            let name_end = side_offset(self.side.len());
            self.side.extend_from_slice(value);
            self.headers.push(HeaderSpan { name_start, name_end, value_end: side_offset(self.side.len()) });
        }
        self.header_ends.push(side_offset(self.headers.len()));
    }

    /// Appends a copy of an owned record.
    pub fn push_owned(&mut self, record: &RawRecord) {
        let partition =
            record.metadata.partition.as_ref().map(|name| self.partition(name, record.metadata.preamble.as_ref()));
        let headers: Vec<(&str, &[u8])> = record.headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        self.push(NewRecord {
            value: record.value.as_deref(),
            key: record.key.as_deref(),
            timestamp: record.timestamp,
            partition,
            offset: record.metadata.offset,
            line: record.metadata.line,
            headers: &headers,
        });
    }

    /// The value of record `index`; empty for a tombstone.
    ///
    /// # Panics
    /// When `index >= len()`.
    #[inline]
    pub fn value(&self, index: usize) -> &[u8] {
        &self.values[self.span(index)]
    }

    /// Where the value of record `index` lies in [`RawBatch::padded_values`].
    ///
    /// # Panics
    /// When `index >= len()`.
    #[inline]
    pub fn span(&self, index: usize) -> Range<usize> {
        let entry = &self.records[index];
        entry.start..entry.end
    }

    /// True when record `index` has no value.
    #[inline]
    pub fn is_tombstone(&self, index: usize) -> bool {
        self.records[index].tombstone
    }

    /// Index of the partition of record `index`, if it has one.
    #[inline]
    pub fn partition_index(&self, index: usize) -> Option<u32> {
        let partition = self.records[index].partition;
        (partition != u32::MAX).then_some(partition)
    }

    /// Record `index` with its metadata.
    pub fn record(&self, index: usize) -> RecordRef<'_> {
        RecordRef { batch: self, index }
    }

    /// All records, in arrival order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordRef<'_>> {
        (0..self.len()).map(|index| self.record(index))
    }

    /// The value arena: contiguous values, a NUL after each, and the padding.
    pub fn padded_values(&self) -> &[u8] {
        &self.values
    }
}

/// Keys and headers of one batch stay far below 4 GiB: every source bounds its poll.
fn side_offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'a> RecordRef<'a> {
    fn entry(&self) -> &'a Entry {
        &self.batch.records[self.index]
    }

    /// Index in the batch.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The bytes; `None` for a tombstone.
    pub fn value(&self) -> Option<&'a [u8]> {
        let entry = self.entry();
        (!entry.tombstone).then(|| &self.batch.values[entry.start..entry.end])
    }

    /// The message key.
    pub fn key(&self) -> Option<&'a [u8]> {
        let (from, to) = self.entry().key?;
        Some(&self.batch.side[from as usize..to as usize])
    }

    /// Milliseconds since the Unix epoch.
    pub fn timestamp(&self) -> Option<i64> {
        Some(self.entry().timestamp).filter(|t| *t != NO_TIMESTAMP)
    }

    /// Offset in its partition.
    pub fn offset(&self) -> Option<u64> {
        Some(self.entry().offset).filter(|o| *o != NO_OFFSET)
    }

    /// Line in a text file, from 1.
    pub fn line(&self) -> Option<u64> {
        Some(self.entry().line).filter(|l| *l != NO_LINE)
    }

    /// Its partition.
    pub fn partition(&self) -> Option<&'a PartitionInfo> {
        self.batch.partitions.get(self.entry().partition as usize)
    }

    /// Its headers, in the order they stood.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let ends = &self.batch.header_ends;
        let from = self.index.checked_sub(1).and_then(|i| ends.get(i)).copied().unwrap_or(0);
        let to = ends.get(self.index).copied().unwrap_or(from);
        let side = &self.batch.side;
        self.batch.headers[from as usize..to as usize].iter().map(move |h| {
            let name = std::str::from_utf8(&side[h.name_start as usize..h.name_end as usize]).unwrap_or("");
            (name, &side[h.name_end as usize..h.value_end as usize])
        })
    }

    /// Where the record is, for an error or a dead letter.
    #[cold]
    pub fn location(&self) -> Location {
        Location {
            partition: self.partition().map(|p| Arc::clone(&p.name)),
            offset: self.offset(),
            line: self.line(),
            row: Some(self.index as u64),
            ..Location::default()
        }
    }

    /// A copy that owns its bytes.
    pub fn to_owned(&self) -> RawRecord {
        let partition = self.partition();
        RawRecord {
            key: self.key().map(<[u8]>::to_vec),
            value: self.value().map(<[u8]>::to_vec),
            timestamp: self.timestamp(),
            headers: self.headers().map(|(n, v)| (n.to_owned(), v.to_vec())).collect(),
            metadata: SourceMetadata::at(partition.map(|p| Arc::clone(&p.name)), self.offset(), self.line())
                .with_preamble(partition.and_then(|p| p.preamble.clone())),
        }
    }
}

static_assertions::assert_impl_all!(RawBatch: Send, Sync);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_went_in() {
        let name: Arc<str> = "3".into();
        let full = RawRecord {
            key: Some(b"k".to_vec()),
            value: Some(b"{}".to_vec()),
            timestamp: Some(-5),
            headers: vec![("h".into(), b"1".to_vec()), ("h".into(), Vec::new())],
            metadata: SourceMetadata::at(Some(name), Some(0), Some(9)),
        };
        let records = [RawRecord::new(*b"first"), RawRecord::default(), full.clone(), RawRecord::new(Vec::new()), full];
        let mut batch = RawBatch::from_records(&records);
        let back: Vec<RawRecord> = batch.iter().map(|r| r.to_owned()).collect();
        assert_eq!(back, records);

        let rest: Vec<RawRecord> = batch.suffix(2).iter().map(|r| r.to_owned()).collect();
        assert_eq!(rest, records[2..]);

        assert_eq!(batch.padded_values().len(), batch.num_value_bytes() + ARENA_PADDING);
        batch.push(NewRecord::new(b"after padding"));
        assert_eq!(batch.value(5), b"after padding");
        assert_eq!(batch.padded_values()[batch.span(5).end], 0);
    }
}
