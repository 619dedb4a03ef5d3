//! What a memory source reads: a log that the program appends to.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arrow_array::RecordBatch;
use laminar_schema::{DecoderSet, NewRecord, Position, Positions, RawRecord, SchemaError, SchemaResult, SourceBatch};
use tokio::sync::Notify;

use crate::{fault::injected, names::Names, source::MemorySource};

/// The partition of records that name none.
pub const DEFAULT_PARTITION: &str = "0";

static NAMES: Names<Shared> = Names::new();

/// A handle on a log of records. Clones share the log.
///
/// Nothing is ever removed: a source may start from any position, any number of times.
#[derive(Clone, Default)]
pub struct MemoryFeed(Arc<Shared>);

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    changed: Notify,
}

#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    /// Records so far, by partition.
    lengths: BTreeMap<Arc<str>, u64>,
    has_ended: bool,
    faults: Vec<Fault>,
    committed: Positions,
}

/// One record, or a batch of rows.
struct Entry {
    partition: Arc<str>,
    /// Records of the partition before it.
    offset: u64,
    content: Content,
}

enum Content {
    Record(RawRecord),
    Columns(RecordBatch),
}

impl Entry {
    fn len(&self) -> u64 {
        match &self.content {
            Content::Record(_) => 1,
            Content::Columns(batch) => batch.num_rows() as u64,
        }
    }
}

/// A failure before an entry of the log, which happens once.
struct Fault {
    before: usize,
    retryable: bool,
}

impl fmt::Debug for MemoryFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.log();
        f.debug_struct("MemoryFeed").field("lengths", &log.lengths).field("has_ended", &log.has_ended).finish()
    }
}

impl MemoryFeed {
    /// An empty feed that has not ended.
    pub fn new() -> Self {
        Self::default()
    }

    /// A feed of these records that has ended.
    pub fn of_values<V: Into<Vec<u8>>>(values: impl IntoIterator<Item = V>) -> Self {
        let feed = Self::new();
        for value in values {
            feed.push(RawRecord::new(value));
        }
        feed.end();
        feed
    }

    /// Lets SQL find the feed: `FROM MEMORY (name = '…')`. False when another live feed has the name.
    #[must_use]
    pub fn register(&self, name: &str) -> bool {
        NAMES.register(name, &self.0)
    }

    pub(crate) fn find(name: &str) -> SchemaResult<Self> {
        let help = "the program registers a feed with `MemoryFeed::register` before it runs the SQL";
        NAMES.find("memory feed", name, help).map(Self)
    }

    /// Appends a record to the partition its metadata names, or to [`DEFAULT_PARTITION`]. Its offset becomes its
    /// place in the partition.
    pub fn push(&self, record: RawRecord) {
        let partition = record.metadata.partition.clone().unwrap_or_else(|| DEFAULT_PARTITION.into());
        self.append(partition, Content::Record(record));
    }

    /// Appends a record of nothing but bytes to `partition`.
    pub fn push_to(&self, partition: &str, value: impl Into<Vec<u8>>) {
        self.append(partition.into(), Content::Record(RawRecord::new(value)));
    }

    /// Appends rows to [`DEFAULT_PARTITION`], as a table source yields them. Each row counts as one record.
    pub fn push_columns(&self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.append(DEFAULT_PARTITION.into(), Content::Columns(batch));
        }
    }

    /// Says that nothing follows: sources end once they have read everything.
    pub fn end(&self) {
        self.log().has_ended = true;
        self.0.changed.notify_waiters();
    }

    /// Lets the next source that reaches entry number `before` of the log, counted over all partitions, fail once in
    /// front of it. Records and pushed batches are one entry each.
    pub fn fail_before(&self, before: usize, retryable: bool) {
        self.log().faults.push(Fault { before, retryable });
    }

    /// Up to where sources were told that everything is safe.
    pub fn committed(&self) -> Positions {
        self.log().committed.clone()
    }

    /// A source of this feed.
    pub fn source<D: DecoderSet>(&self) -> MemorySource<D> {
        MemorySource::new(self.clone())
    }

    fn append(&self, partition: Arc<str>, content: Content) {
        let mut log = self.log();
        let length = log.lengths.entry(Arc::clone(&partition)).or_default();
        let entry = Entry { partition, offset: *length, content };
        *length += entry.len();
        log.entries.push(entry);
        drop(log);
        self.0.changed.notify_waiters();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Every change is one assignment or push, so a panic elsewhere leaves the log whole.
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn commit(&self, upto: &Positions) {
        self.log().committed.advance(upto);
    }

    /// Records in a partition now.
    pub(crate) fn length(&self, partition: &str) -> Option<u64> {
        self.log().lengths.get(partition).copied()
    }

    /// The first raw records, up to `max`.
    pub(crate) fn head(&self, max: usize) -> Vec<RawRecord> {
        let log = self.log();
        let records = log.entries.iter().filter_map(|entry| match &entry.content {
            Content::Record(record) => {
                let mut record = record.clone();
                record.metadata.partition = Some(Arc::clone(&entry.partition));
                record.metadata.offset = Some(entry.offset);
                Some(record)
            }
            Content::Columns(_) => None,
        });
        records.take(max).collect()
    }

    fn has_more_than(&self, seen: usize) -> bool {
        let log = self.log();
        log.entries.len() > seen || log.has_ended
    }

    /// Waits until there is something to look at behind entry `seen`, or the feed has ended. Safe to cancel.
    pub(crate) async fn wait(&self, seen: usize) {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            // Registered before looking, so that a change in between is not missed.
            changed.as_mut().enable();
            if self.has_more_than(seen) {
                return;
            }
            changed.await;
        }
    }

    /// Appends up to `max` records behind `cursor` to `out` and moves the cursor. Never waits.
    pub(crate) fn read(&self, cursor: &mut Cursor, out: &mut SourceBatch, max: usize) -> SchemaResult<Read> {
        let read = self.append_to(cursor, out, max)?;
        // Once for a batch: each position is an allocation.
        let is_told = !out.is_empty();
        for (partition, at) in cursor.reached.iter().filter(|_| is_told) {
            out.positions.set(Arc::clone(partition), Position::from_u64(*at));
        }
        Ok(read)
    }

    fn append_to(&self, cursor: &mut Cursor, out: &mut SourceBatch, max: usize) -> SchemaResult<Read> {
        let mut log = self.log();
        let mut count = 0;
        while count < max && cursor.entry < log.entries.len() {
            if let Some(error) = log.fault_before(cursor.entry) {
                return if count > 0 { Ok(Read::Records(count)) } else { Err(log.fire(error)) };
            }
            let entry = &log.entries[cursor.entry];
            let done = cursor.reached.get(&entry.partition).copied().unwrap_or(0);
            let skip = done.saturating_sub(entry.offset).min(entry.len());
            match &entry.content {
                _ if skip == entry.len() => cursor.entry += 1,
                Content::Record(record) => {
                    push(out, entry, record);
                    count += 1;
                    cursor.reach(entry, 1);
                    cursor.entry += 1;
                }
                // A batch is either records or columns.
                Content::Columns(_) if count > 0 => break,
                Content::Columns(batch) => {
                    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
                    let rows = (batch.num_rows() - skip).min(max);
                    out.set_columns(batch.slice(skip, rows));
                    cursor.reach(entry, (skip + rows) as u64);
                    return Ok(Read::Records(rows));
                }
            }
        }
        let nothing_left = cursor.entry >= log.entries.len() && log.has_ended;
        Ok(if count == 0 && nothing_left { Read::Ended } else { Read::Records(count) })
    }
}

impl Log {
    fn fault_before(&self, entry: usize) -> Option<usize> {
        self.faults.iter().position(|f| f.before == entry)
    }

    fn fire(&mut self, fault: usize) -> SchemaError {
        injected("read the memory feed", self.faults.swap_remove(fault).retryable)
    }
}

fn push(out: &mut SourceBatch, entry: &Entry, record: &RawRecord) {
    let raw = out.raw_mut();
    let partition = raw.partition(&entry.partition, None);
    let headers: Vec<(&str, &[u8])> = record.headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
    raw.push(NewRecord {
        value: record.value.as_deref(),
        key: record.key.as_deref(),
        timestamp: record.timestamp,
        partition: Some(partition),
        offset: Some(entry.offset),
        line: record.metadata.line,
        headers: &headers,
    });
}

/// What reading found.
pub(crate) enum Read {
    /// So many records; with none, more may come.
    Records(usize),
    /// There are no more, and none will come.
    Ended,
}

/// Where a stream stands in the log.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// The entry to look at next.
    pub(crate) entry: usize,
    /// Records of each partition that are behind the stream.
    pub(crate) reached: BTreeMap<Arc<str>, u64>,
}

impl Cursor {
    fn reach(&mut self, entry: &Entry, records: u64) {
        self.reached.insert(Arc::clone(&entry.partition), entry.offset + records);
    }
}
