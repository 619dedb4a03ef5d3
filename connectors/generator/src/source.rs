//! The generator source: a workload's records, from any record on.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    ConnectorError, DecoderSet, NewRecord, Position, Positions, RecordStream, SchemaResult, Source, SourceBatch,
    SourceConfig, SourceConnector, SourceFromConfig,
};
use tokio::time::{Instant, sleep_until};

use crate::{config::GeneratorConfig, workload::WorkloadGenerator};

/// Yields synthetic JSON records, the same on every machine.
///
/// One partition, named by workload and seed; a position is the number of records before it.
#[derive(Debug, SourceConnector)]
#[connector(name = "generator", formats(json, raw))]
#[capabilities(inferable)]
pub struct GeneratorSource<D: DecoderSet = AnyDecoder> {
    config: GeneratorConfig,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> GeneratorSource<D> {
    /// A source of the records that `config` describes.
    pub fn new(config: GeneratorConfig) -> Self {
        Self { config, decoder: PhantomData }
    }

    pub(crate) fn stream(&self) -> GeneratorStream {
        let config = &self.config;
        let mut generator = config
            .workload
            .generator(config.seed)
            .with_bad_rate(config.bad_rate)
            .with_missing_rate(config.missing_rate);
        if config.shuffled_keys {
            generator = generator.with_shuffled_keys();
        }
        GeneratorStream {
            partition: format!("{}-{}", config.workload.name(), config.seed).into(),
            generator,
            end: config.rows.unwrap_or(u64::MAX),
            pace: None,
            record: Vec::new(),
        }
    }
}

impl<D: DecoderSet> SourceFromConfig for GeneratorSource<D> {
    type Config = GeneratorConfig;

    fn from_config(config: GeneratorConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self::new(config))
    }
}

impl<D: DecoderSet> Source for GeneratorSource<D> {
    type Decoder = D;
    type Stream = GeneratorStream;

    fn is_bounded(&self) -> bool {
        self.config.rows.is_some()
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<GeneratorStream> {
        let mut stream = self.stream();
        for (partition, position) in from.into_iter().flat_map(Positions::iter) {
            let bad = |reason: String| ConnectorError::BadPosition { partition: partition.to_string(), reason };
            if *partition != stream.partition {
                return Err(bad(format!("this source generates {}; was the seed changed?", stream.partition)).into());
            }
            let at = position.as_u64().ok_or_else(|| bad("it is not a number of records".to_owned()))?;
            stream.generator.seek(at);
        }
        stream.pace = self.config.rows_per_second.map(|rate| Pace {
            rate,
            start: Instant::now(),
            first: stream.generator.position(),
        });
        Ok(stream)
    }
}

/// A running [`GeneratorSource`].
#[derive(Debug)]
pub struct GeneratorStream {
    pub(crate) partition: Arc<str>,
    pub(crate) generator: WorkloadGenerator,
    /// Number of the first record that is not to be yielded.
    pub(crate) end: u64,
    pace: Option<Pace>,
    record: Vec<u8>,
}

/// How fast records become due.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rate: f64,
    start: Instant,
    /// The record that is due at the start.
    first: u64,
}

impl Pace {
    /// Records after `next` that are due now, and when `next` is.
    fn due(self, next: u64) -> (u64, Instant) {
        let due = (self.start.elapsed().as_secs_f64() * self.rate) as u64 + 1;
        let passed = next.saturating_sub(self.first);
        // A tenth of a millisecond more, so that rounding never lets the record be not yet due when its time comes.
        let seconds = passed as f64 / self.rate + 1e-4;
        let at = Duration::try_from_secs_f64(seconds).ok().and_then(|d| self.start.checked_add(d));
        (due.saturating_sub(passed), at.unwrap_or_else(|| self.start + Duration::from_secs(u64::from(u32::MAX))))
    }
}

impl GeneratorStream {
    /// Appends up to `max` records; yields how many.
    fn generate(&mut self, out: &mut SourceBatch, max: u64) -> usize {
        let first = self.generator.position();
        let count = max.min(self.end.saturating_sub(first));
        let raw = out.raw_mut();
        let partition = Some(raw.partition(&self.partition, None));
        for offset in first..first + count {
            self.record.clear();
            self.generator.write_record(&mut self.record);
            raw.push(NewRecord { partition, offset: Some(offset), ..NewRecord::new(&self.record) });
        }
        out.positions.set(Arc::clone(&self.partition), Position::from_u64(first + count));
        // No more than `max`, which came from a usize.
        count as usize
    }
}

impl RecordStream for GeneratorStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        // Nothing below ever waits without a pace, and a runtime of one thread has signals and timers to look after.
        tokio::task::yield_now().await;
        let mut max = max.max(1) as u64;
        if let Some(pace) = self.pace {
            let next = self.generator.position();
            if next < self.end {
                let (mut due, at) = pace.due(next);
                while due == 0 {
                    sleep_until(at).await;
                    due = pace.due(next).0;
                }
                max = max.min(due);
            }
        }
        Ok(self.generate(out, max))
    }
}
