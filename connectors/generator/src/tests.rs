//! The source, through the traits that pipelines use.

use std::time::Duration;

use arrow_schema::{Schema, SchemaRef};
use laminar_schema::{
    ConfigError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInfo, InferenceConfig, Position, Positions,
    RawBatch, RawRecord, RecordStream, SchemaInferable, SchemaResult, Source, SourceBatch, record::BatchContent,
};
use tokio::time::Instant;

use crate::{GeneratorConfig, GeneratorSource, workload::Workload};

/// A format that is never used: these tests look at records, not at rows.
#[derive(Debug)]
struct Unused;

impl FormatDecoder for Unused {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::new(Schema::empty())
    }
    fn decode(&mut self, _: &RawBatch) -> SchemaResult<Decoded> {
        Err(ConfigError::invalid("format", "unused", "a format that decodes", "").into())
    }
    fn format_name(&self) -> &'static str {
        "json"
    }
}

impl DecoderSet for Unused {
    const FORMATS: &'static [&'static str] = &["json"];
    fn build(_: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Some(Self))
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

fn source(rows: Option<u64>, rows_per_second: Option<f64>) -> GeneratorSource<Unused> {
    let config = GeneratorConfig { rows, rows_per_second, bad_rate: 0.1, ..GeneratorConfig::new(Workload::Orders) };
    GeneratorSource::new(config)
}

fn owned(batch: &SourceBatch) -> Vec<RawRecord> {
    let BatchContent::Raw(raw) = batch.content() else { panic!("a generator has no columns") };
    raw.iter().map(|r| r.to_owned()).collect()
}

async fn read(from: Option<&Positions>, max: usize) -> Vec<RawRecord> {
    let mut stream = source(Some(50), None).start(from).await.unwrap();
    let (mut batch, mut records) = (SourceBatch::new(), Vec::new());
    while stream.next(&mut batch, max).await.unwrap() > 0 {
        records.extend(owned(&batch));
        batch.clear();
    }
    records
}

#[tokio::test]
async fn resuming_after_any_record_equals_reading_on() {
    let whole = read(None, 7).await;
    assert_eq!(whole.len(), 50);
    for done in 0..=50 {
        let from = [("orders-42", Position::from_u64(done as u64))].into_iter().collect();
        assert_eq!(read(Some(&from), 7).await, whole[done..]);
    }
    let config = InferenceConfig { sample_size: 20, ..InferenceConfig::default() };
    assert_eq!(source(Some(50), None).sample_records(&config).await.unwrap(), whole[..20]);
    assert_eq!(source(Some(5), None).sample_records(&config).await.unwrap(), whole[..5]);
}

#[tokio::test]
async fn positions_of_other_records_are_refused() {
    for (partition, position, expected) in [
        ("orders-43", Position::from_u64(1), "this source generates orders-42"),
        ("orders-42", Position::from_bytes(*b"x"), "not a number of records"),
    ] {
        let from = [(partition, position)].into_iter().collect();
        let error = source(None, None).start(Some(&from)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() {
    let start = Instant::now();
    let mut stream = source(Some(100), Some(10.0)).start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    for expected in 1..=100 {
        assert_eq!(stream.next(&mut batch, 1000).await.unwrap(), 1);
        let due = Duration::from_millis((expected - 1) * 100);
        let late = start.elapsed().checked_sub(due).unwrap();
        assert!(late < Duration::from_millis(5), "record {expected} is {late:?} late");
    }
    assert_eq!(stream.next(&mut batch, 1000).await.unwrap(), 0);

    // What became due while nobody asked comes at once, and a cancelled wait costs nothing.
    let mut stream = source(None, Some(10.0)).start(None).await.unwrap();
    tokio::time::advance(Duration::from_millis(1050)).await;
    assert_eq!(stream.next(&mut batch, 1000).await.unwrap(), 11);
    assert!(tokio::time::timeout(Duration::from_millis(10), stream.next(&mut batch, 1000)).await.is_err());
    assert_eq!(stream.next(&mut batch, 1000).await.unwrap(), 1);
}
