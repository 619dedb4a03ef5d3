//! A sample from running streams: what connectors of messages sample with.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};

use super::{InferenceConfig, SampledRange};
use crate::{
    connector::RecordStream,
    error::{SchemaError, SchemaResult},
    record::{BatchContent, RawRecord, SourceBatch},
};

/// Bytes of keys and values that a sample holds, at most and one record: 64 MiB. Sampling ends there.
pub const MAX_SAMPLE_BYTES: usize = 64 << 20;

/// How long a stream that yields nothing keeps the others from taking its share.
const MAX_SILENCE: Duration = Duration::from_millis(200);

/// Time between attempts on a stream whose error says that another one may succeed.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Records asked for at once: few enough that several streams take turns.
const RECORDS_AT_ONCE: usize = 64;

/// A stream of several partitions is read up to so many times its share, so that a partition that comes later has a
/// part in the sample.
const OVERSAMPLING: usize = 4;

/// Takes a sample from streams: one stream for each partition, or one for several of them.
///
/// Up to `config.sample_size` records, spread evenly over the partitions: what a short one lacks, the others give. They
/// come by partition in the order of the names, then in the order of their positions. All of it ends after
/// `config.sample_timeout`, or with [`MAX_SAMPLE_BYTES`]; what there is then is the sample.
///
/// Nothing is committed. Dropping the future drops the streams and leaves nothing behind. Broken records are passed over:
/// who reads in earnest is told of them. Rows that come as columns are no records.
///
/// A stream that hands over one partition after another is better opened once for each: of one that does not, no more
/// than four times its share is read.
///
/// Needs a tokio runtime with time.
///
/// ```
/// use laminar_schema::{InferenceConfig, RawRecord, RecordStream, SchemaResult, inference::sample_streams};
///
/// /// What `SchemaInferable::sample_records` of a connector does with its partitions.
/// async fn sample(partitions: Vec<impl RecordStream>, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
///     sample_streams(partitions, config).await
/// }
/// ```
///
/// # Errors
/// What kept a stream from being read, where no stream gave a record.
pub async fn sample_streams<S: RecordStream>(
    streams: Vec<S>,
    config: &InferenceConfig,
) -> SchemaResult<Vec<RawRecord>> {
    let taken = Mutex::new(Taken::new(streams.len(), config.sample_size));
    let mut running: Vec<Option<Collecting<'_>>> = streams
        .into_iter()
        .enumerate()
        .map(|(index, stream)| Some(Box::pin(collect(stream, index, &taken)) as Collecting<'_>))
        .collect();
    let deadline = Instant::now() + config.sample_timeout;
    while !lock(&taken).is_done() {
        let seen = lock(&taken).changes;
        let until = match lock(&taken).is_someone_kept_waiting() {
            true => deadline.min(Instant::now() + MAX_SILENCE),
            false => deadline,
        };
        let changed = poll_fn(|cx| {
            for slot in &mut running {
                if slot.as_mut().is_some_and(|collecting| collecting.as_mut().poll(cx).is_ready()) {
                    *slot = None;
                }
            }
            // A stream that waits for its turn sets no waker: whatever gives it its turn is a change.
            if lock(&taken).changes == seen { Poll::Pending } else { Poll::Ready(()) }
        });
        match timeout_at(until, changed).await {
            Ok(()) => {}
            Err(_) if Instant::now() >= deadline => break,
            Err(_) => lock(&taken).give_shares_away(),
        }
    }
    drop(running);
    taken.into_inner().unwrap_or_else(PoisonError::into_inner).into_sample()
}

/// Where the records of a sample stand, by partition.
pub fn sampled_ranges(samples: &[RawRecord]) -> Vec<SampledRange> {
    let mut ranges: BTreeMap<Option<&Arc<str>>, SampledRange> = BTreeMap::new();
    for RawRecord { metadata, .. } in samples {
        let range = ranges.entry(metadata.partition.as_ref()).or_insert_with(|| SampledRange {
            partition: metadata.partition.clone(),
            records: 0,
            first_offset: metadata.offset,
            last_offset: metadata.offset,
        });
        range.records += 1;
        // A header line has no offset, and any offset is more than none.
        range.first_offset = range.first_offset.into_iter().chain(metadata.offset).min();
        range.last_offset = range.last_offset.max(metadata.offset);
    }
    ranges.into_values().collect()
}

type Collecting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Reads one stream for as long as it has a share to fill.
async fn collect<S: RecordStream>(mut stream: S, index: usize, taken: &Mutex<Taken>) {
    let mut batch = SourceBatch::new();
    loop {
        let missing = poll_fn(|_| match lock(taken).missing_of(index) {
            0 => Poll::Pending,
            missing => Poll::Ready(missing),
        })
        .await;
        match stream.next(&mut batch, missing.min(RECORDS_AT_ONCE)).await {
            Ok(0) => return lock(taken).close(index, None),
            Ok(_) => lock(taken).add(index, &batch),
            Err(e) if e.is_row_level() => lock(taken).changes += 1,
            Err(e) if e.is_retryable() => {
                lock(taken).streams[index].error = Some(e);
                sleep(RETRY_PAUSE).await;
            }
            Err(e) => return lock(taken).close(index, Some(e)),
        }
        batch.clear();
        // A stream that never has to wait must not keep the deadline from being seen.
        tokio::task::yield_now().await;
    }
}

/// Each change is whole before the lock is let go, so a panic elsewhere leaves it usable.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was taken of all streams.
#[derive(Debug)]
struct Taken {
    size: usize,
    bytes: usize,
    streams: Vec<Stream>,
    /// Counts whatever may give another stream its turn, or end the sampling.
    changes: usize,
}

/// What was taken of one stream.
#[derive(Debug, Default)]
struct Stream {
    partitions: BTreeMap<Option<Arc<str>>, Vec<RawRecord>>,
    count: usize,
    /// It has ended, or failed for good.
    is_closed: bool,
    /// It yielded nothing for a while, and the others have its share until it does.
    is_silent: bool,
    /// What its last attempt failed with.
    error: Option<SchemaError>,
}

impl Taken {
    fn new(streams: usize, size: usize) -> Self {
        let streams = (0..streams).map(|_| Stream::default()).collect();
        Self { size, bytes: 0, streams, changes: 0 }
    }

    fn is_full(&self) -> bool {
        self.bytes >= MAX_SAMPLE_BYTES
    }

    fn is_done(&self) -> bool {
        let is_over = |index: usize| {
            let stream = &self.streams[index];
            stream.is_closed || if stream.is_silent { self.count() >= self.size } else { self.missing_of(index) == 0 }
        };
        self.is_full() || (0..self.streams.len()).all(is_over)
    }

    fn count(&self) -> usize {
        self.streams.iter().map(|s| s.count).sum()
    }

    /// What each stream should give: what is left over by those that give no more, in equal parts.
    fn share_of(&self, index: usize) -> usize {
        let gives_more = |s: &Stream| !s.is_closed && !s.is_silent;
        let given: usize = self.streams.iter().filter(|s| !gives_more(s)).map(|s| s.count).sum();
        let left = self.size.saturating_sub(given);
        let givers = self.streams.iter().filter(|s| gives_more(s)).count().max(1);
        let place = self.streams[..index].iter().filter(|s| gives_more(s)).count();
        left / givers + usize::from(place < left % givers)
    }

    /// Records that the stream is to be asked for now.
    fn missing_of(&self, index: usize) -> usize {
        let stream = &self.streams[index];
        if stream.is_closed || self.is_full() {
            return 0;
        }
        let share = self.share_of(index);
        let shortest = stream.partitions.values().map(Vec::len).min().unwrap_or(0);
        let is_even = shortest >= share / stream.partitions.len().max(1);
        let wanted = if stream.partitions.len() < 2 || is_even { share } else { share * OVERSAMPLING };
        wanted.saturating_sub(stream.count)
    }

    /// Whether a stream could give more while others, which owe it, give nothing.
    fn is_someone_kept_waiting(&self) -> bool {
        let open = || (0..self.streams.len()).filter(|i| !self.streams[*i].is_closed && !self.streams[*i].is_silent);
        open().any(|i| self.missing_of(i) == 0) && open().any(|i| self.missing_of(i) > 0)
    }

    /// Takes their shares from the streams that are waited for.
    fn give_shares_away(&mut self) {
        let silent: Vec<usize> = (0..self.streams.len()).filter(|i| self.missing_of(*i) > 0).collect();
        silent.into_iter().for_each(|index| self.streams[index].is_silent = true);
        self.changes += 1;
    }

    fn close(&mut self, index: usize, error: Option<SchemaError>) {
        let stream = &mut self.streams[index];
        stream.is_closed = true;
        stream.error = error.or(stream.error.take());
        self.changes += 1;
    }

    fn add(&mut self, index: usize, batch: &SourceBatch) {
        self.changes += 1;
        self.streams[index].is_silent = false;
        let BatchContent::Raw(raw) = batch.content() else { return };
        for record in raw.iter() {
            if self.is_full() {
                return;
            }
            let record = record.to_owned();
            self.bytes += [&record.key, &record.value].into_iter().flatten().map(Vec::len).sum::<usize>();
            let stream = &mut self.streams[index];
            stream.count += 1;
            stream.partitions.entry(record.metadata.partition.clone()).or_default().push(record);
        }
    }

    /// The same number of each partition, as far as it has as many, by partition and stream.
    fn into_sample(self) -> SchemaResult<Vec<RawRecord>> {
        let (mut partitions, mut errors) = (BTreeMap::new(), Vec::new());
        for (index, stream) in self.streams.into_iter().enumerate() {
            partitions.extend(stream.partitions.into_iter().map(|(name, records)| ((name, index), records)));
            errors.extend(stream.error);
        }
        if let (true, Some(error)) = (partitions.is_empty(), errors.into_iter().next()) {
            return Err(error);
        }
        let counts: Vec<usize> = partitions.values().map(Vec::len).collect();
        let taken = even_parts(&counts, self.size);
        let parts = partitions.into_values().zip(taken);
        Ok(parts.flat_map(|(records, taken)| records.into_iter().take(taken)).collect())
    }
}

/// How much of each to take, so that it is `size` together and as even as it can be.
fn even_parts(counts: &[usize], size: usize) -> Vec<usize> {
    // The shortest first: what each lacks of an equal part is there for those behind it.
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|i| counts[*i]);
    let (mut parts, mut left) = (vec![0; counts.len()], size);
    for (done, index) in order.into_iter().enumerate() {
        parts[index] = counts[index].min(left / (counts.len() - done));
        left -= parts[index];
    }
    parts
}

#[cfg(test)]
mod tests;
