//! How far event time has come, by partition: `WATERMARK FOR`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType,
    cast::AsArray,
    types::{TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType},
};
use arrow_schema::{DataType, TimeUnit};
use tokio::time::Instant;

use super::Metrics;
use crate::{format::RowRecords, record::RawBatch};

/// Which column says when something happened, and how late it may come.
///
/// The watermark of a partition is the latest time in it less the delay; the source's is the least of its partitions'. It
/// never goes back, also not over a restart from a checkpoint. Rows behind it are late: they are counted and go on as any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatermarkConfig {
    /// Name of the column, a TIMESTAMP.
    pub column: String,
    /// How far the watermark stays behind the latest time.
    pub delay: Duration,
    /// A partition without records for so long does not hold the others back. Partitions that never had any do not either.
    pub idle_timeout: Duration,
}

/// The time after which a partition without records is idle, where nothing else is said.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The times of a batch's rows, and which records those are.
#[derive(Debug)]
pub(super) struct EventTimes {
    pub(super) times: ArrayRef,
    pub(super) rows: RowRecords,
    /// The partition of rows that came as columns.
    pub(super) origin: Option<Arc<str>>,
}

/// What is known of the partitions of a running source.
#[derive(Debug)]
pub(super) struct Watermarks {
    config: WatermarkConfig,
    partitions: BTreeMap<Arc<str>, Seen>,
    /// Microseconds since the Unix epoch.
    current: Option<i64>,
}

#[derive(Debug)]
struct Seen {
    /// The latest time, in microseconds.
    latest: i64,
    /// When the last record came.
    at: Instant,
}

impl Watermarks {
    /// Goes on from the watermark of an earlier run.
    pub(super) fn new(config: WatermarkConfig, current: Option<i64>, metrics: &Metrics) -> Self {
        metrics.set_watermark(current);
        Self { config, partitions: BTreeMap::new(), current }
    }

    /// The source's watermark, in microseconds since the Unix epoch; `None` before anything came.
    pub(super) fn current(&self) -> Option<i64> {
        self.current
    }

    /// Takes in the times of a batch: rows behind the watermark so far are late, and then it moves.
    pub(super) fn observe(&mut self, raw: &RawBatch, batch: &EventTimes, metrics: &Metrics) {
        let (now, before) = (Instant::now(), self.current);
        // By the partition's index; the last is for rows that are of none.
        let mut latest = vec![None; raw.partitions().len() + 1];
        let none = raw.partitions().len();
        let mut num_late = 0;
        each_time(&batch.times, |row, time| {
            num_late += u64::from(before.is_some_and(|watermark| time < watermark));
            let partition = if raw.is_empty() { None } else { raw.partition_index(batch.rows.record_of(row)) };
            if let Some(latest) = latest.get_mut(partition.map_or(none, |partition| partition as usize)) {
                *latest = Some(latest.map_or(time, |latest: i64| latest.max(time)));
            }
        });
        let names = raw.partitions().iter().map(|partition| Some(&partition.name)).chain([batch.origin.as_ref()]);
        for (name, latest) in names.zip(latest) {
            let Some(latest) = latest else { continue };
            let name = name.map_or_else(|| Arc::from(""), Arc::clone);
            let seen = self.partitions.entry(name).or_insert(Seen { latest, at: now });
            *seen = Seen { latest: latest.max(seen.latest), at: now };
        }
        let is_awake = |seen: &&Seen| now.duration_since(seen.at) <= self.config.idle_timeout;
        let reached = self.partitions.values().filter(is_awake).map(|seen| seen.latest).min();
        self.reach(reached, metrics);
        metrics.count_late(num_late);
    }

    /// The source has ended: nothing holds the latest of its partitions back. Yields whether the watermark has moved.
    pub(super) fn end(&mut self, metrics: &Metrics) -> bool {
        let before = self.current;
        self.reach(self.partitions.values().map(|seen| seen.latest).max(), metrics);
        self.current != before
    }

    fn reach(&mut self, latest: Option<i64>, metrics: &Metrics) {
        let delay = i64::try_from(self.config.delay.as_micros()).unwrap_or(i64::MAX);
        self.current = self.current.max(latest.map(|latest| latest.saturating_sub(delay)));
        metrics.set_watermark(self.current);
    }
}

/// Whether a column of this type can say when something happened.
pub(crate) fn is_event_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..))
}

/// Hands on each row's time that is not null, in microseconds, rounded towards the past; none of a column of another type.
fn each_time(times: &ArrayRef, take: impl FnMut(usize, i64)) {
    fn each<T: ArrowPrimitiveType<Native = i64>>(
        times: &ArrayRef,
        in_micros: impl Fn(i64) -> i64,
        mut take: impl FnMut(usize, i64),
    ) {
        for (row, time) in times.as_primitive::<T>().iter().enumerate() {
            if let Some(time) = time {
                take(row, in_micros(time));
            }
        }
    }
    let DataType::Timestamp(unit, _) = times.data_type() else { return };
    match unit {
        TimeUnit::Second => each::<TimestampSecondType>(times, |time| time.saturating_mul(1_000_000), take),
        TimeUnit::Millisecond => each::<TimestampMillisecondType>(times, |time| time.saturating_mul(1_000), take),
        TimeUnit::Microsecond => each::<TimestampMicrosecondType>(times, |time| time, take),
        TimeUnit::Nanosecond => each::<TimestampNanosecondType>(times, |time| time.div_euclid(1_000), take),
    }
}
