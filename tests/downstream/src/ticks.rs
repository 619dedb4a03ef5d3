//! A source of our own: a bounded counter.

use std::{marker::PhantomData, sync::Arc};

use laminar_schema::{
    ConnectorConfig, DecoderSet, InferenceConfig, NewRecord, Position, Positions, RawRecord, RecordStream,
    SchemaInferable, SchemaResult, Source, SourceBatch, SourceConfig, SourceConnector, SourceFromConfig,
};

/// Options of the counter.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct TickConfig {
    /// Ticks to yield
    #[config(default = 10)]
    pub count: u64,
}

/// Counts, one logfmt record per tick; every seventh is broken.
#[derive(Debug, SourceConnector)]
#[connector(name = "ticks", formats(logfmt))]
#[capabilities(inferable)]
pub struct TickSource<D: DecoderSet> {
    config: TickConfig,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> SourceFromConfig for TickSource<D> {
    type Config = TickConfig;
    fn from_config(config: TickConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self { config, decoder: PhantomData })
    }
}

impl<D: DecoderSet> Source for TickSource<D> {
    type Decoder = D;
    type Stream = TickStream;

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<TickStream> {
        let next = from.and_then(|p| p.get("ticks")).and_then(Position::as_u64).unwrap_or(0);
        Ok(TickStream { next, end: self.config.count, record: String::new() })
    }
}

impl<D: DecoderSet> SchemaInferable for TickSource<D> {
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let n = self.config.count.min(config.sample_size as u64);
        Ok((0..n).filter(|i| i % 7 != 6).map(|i| RawRecord::new(tick(i))).collect())
    }
}

fn tick(i: u64) -> String {
    if i % 7 == 6 { format!("n=\"{i} and no end") } else { format!("n={i} level=\"all is well\" load={}", i as f64 / 4.0) }
}

/// The running counter.
#[derive(Debug)]
pub struct TickStream {
    next: u64,
    end: u64,
    record: String,
}

impl RecordStream for TickStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let raw = out.raw_mut();
        let partition = raw.partition(&Arc::from("ticks"), None);
        let n = (self.end - self.next).min(max as u64);
        for i in self.next..self.next + n {
            self.record.clear();
            self.record.push_str(&tick(i));
            let place = NewRecord { partition: Some(partition), offset: Some(i), ..NewRecord::new(self.record.as_bytes()) };
            raw.push(place);
        }
        self.next += n;
        out.positions.set("ticks", Position::from_u64(self.next));
        Ok(usize::try_from(n).unwrap_or(usize::MAX))
    }
}
