//! Feeds and stores, through the traits that pipelines use.

use std::{sync::Arc, time::Duration};

use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_schema::{
    Checkpoint, ConfigError, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder,
    FormatEncoder, FormatInfo, FormatSpec, InferenceConfig, Options, Position, Positions, Prepared, RawBatch,
    RawRecord, RecordSink, RecordStream, SchemaInferable, SchemaResult, Sink, SinkBatch, SinkConfig, SinkFromConfig,
    Source, SourceBatch, SourceConfig, SourceFromConfig, SourceMetadata, config::ConnectorConfig, record::BatchContent,
};

use crate::{MemoryFeed, MemorySink, MemorySource, MemoryStore, MemoryWriter, SinkStep};

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
        "unused"
    }
}

impl DecoderSet for Unused {
    const FORMATS: &'static [&'static str] = &["unused"];
    fn build(_: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Some(Self))
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

impl FormatEncoder for Unused {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::new(Schema::empty())
    }
    fn encode(&mut self, _: &RecordBatch, _: &mut EncodedBatch) -> SchemaResult<()> {
        Err(ConfigError::invalid("format", "unused", "a format that encodes", "").into())
    }
    fn format_name(&self) -> &'static str {
        "unused"
    }
}

impl EncoderSet for Unused {
    const FORMATS: &'static [&'static str] = &["unused"];
    fn build(_: &EncodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Some(Self))
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

fn rows(values: &[i64]) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("v", DataType::Int64, false)]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from(values.to_vec()))]).unwrap()
}

fn show(batch: &SourceBatch) -> Vec<String> {
    match batch.content() {
        BatchContent::Raw(raw) => raw
            .iter()
            .map(|r| {
                format!("{}@{} {}", r.partition().unwrap().name, r.offset().unwrap(), r.value().unwrap().escape_ascii())
            })
            .collect(),
        BatchContent::Columns(batch) => {
            let values = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            values.iter().map(|v| v.unwrap().to_string()).collect()
        }
    }
}

async fn read_all(feed: &MemoryFeed, from: Option<&Positions>, max: usize) -> Vec<(Vec<String>, Positions)> {
    let mut stream = feed.source::<Unused>().start(from).await.unwrap();
    let (mut batch, mut reached, mut batches) = (SourceBatch::new(), from.cloned().unwrap_or_default(), Vec::new());
    while stream.next(&mut batch, max).await.unwrap() > 0 {
        reached.advance(&batch.positions);
        batches.push((show(&batch), reached.clone()));
        batch.clear();
    }
    batches
}

fn flat(batches: Vec<(Vec<String>, Positions)>) -> Vec<String> {
    batches.into_iter().flat_map(|(shown, _)| shown).collect()
}

#[tokio::test]
async fn a_feed_is_read_from_any_position() {
    let feed = MemoryFeed::new();
    feed.push_to("a", "1");
    feed.push_to("b", "2");
    feed.push_columns(rows(&[10, 11, 12]));
    let metadata = SourceMetadata::at(Some("a".into()), Some(99), Some(7));
    feed.push(RawRecord { metadata, ..RawRecord::new("3") });
    feed.end();
    let whole = ["a@0 1", "b@0 2", "10", "11", "12", "a@1 3"];
    for max in [1, 2, 100] {
        let batches = read_all(&feed, None, max).await;
        assert_eq!(flat(batches.clone()), whole, "{max}");
        let mut seen = 0;
        for (shown, positions) in batches {
            seen += shown.len();
            assert_eq!(flat(read_all(&feed, Some(&positions), max).await), whole[seen..], "{max}, after {seen}");
        }
    }
}

#[tokio::test]
async fn positions_that_fit_no_feed_are_refused() {
    let feed = MemoryFeed::of_values(["1"]);
    for (partition, position, expected) in [
        ("0", Position::from_u64(2), "the feed has 1 records, and 2 had been read"),
        ("0", Position::from_bytes(*b"x"), "it is not a number of records"),
        ("9", Position::from_u64(0), "the feed has no such partition"),
    ] {
        let from = [(partition, position)].into_iter().collect();
        let error = feed.source::<Unused>().start(Some(&from)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_feed_is_waited_for_and_waiting_can_be_cancelled() {
    let feed = MemoryFeed::new();
    let source = feed.source::<Unused>();
    let mut stream = source.start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    assert!(tokio::time::timeout(Duration::from_secs(1), stream.next(&mut batch, 9)).await.is_err());
    assert_eq!(source.sample_records(&InferenceConfig::default()).await.unwrap(), []);

    let pushing = tokio::spawn({
        let feed = feed.clone();
        async move { feed.push_to("0", "1") }
    });
    assert_eq!(stream.next(&mut batch, 9).await.unwrap(), 1);
    pushing.await.unwrap();
    let sample = source.sample_records(&InferenceConfig::default()).await.unwrap();
    assert_eq!(sample[0].metadata, SourceMetadata::at(Some("0".into()), Some(0), None));

    stream.commit(&batch.positions).await.unwrap();
    assert_eq!(feed.committed().get("0").and_then(Position::as_u64), Some(1));
    feed.end();
    assert_eq!(stream.next(&mut batch, 9).await.unwrap(), 0);
}

#[tokio::test]
async fn a_fault_happens_once_and_loses_nothing() {
    let feed = MemoryFeed::of_values(["1", "2", "3"]);
    feed.fail_before(1, true);
    let mut stream = feed.source::<Unused>().start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    assert_eq!(stream.next(&mut batch, 9).await.unwrap(), 1);
    assert!(stream.next(&mut batch, 9).await.unwrap_err().is_retryable());
    assert_eq!(stream.next(&mut batch, 9).await.unwrap(), 2);
    assert_eq!(show(&batch), ["0@0 1", "0@1 2", "0@2 3"]);
}

#[test]
fn names_lead_to_what_is_alive() {
    let source = |name: &str| {
        let options = Options::from_pairs([("name", name)]);
        let config = ConnectorConfig::from_options(&options).unwrap();
        MemorySource::<Unused>::from_config(config, &SourceConfig::default())
    };
    let sink = |name: &str| {
        let config = ConnectorConfig::from_options(&Options::from_pairs([("name", name)])).unwrap();
        MemorySink::<Unused>::from_config(config, &SinkConfig::default())
    };
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("names") && store.register("names"));
    assert!(!MemoryFeed::new().register("names") && !MemoryStore::new().register("names"));
    let (kept, _) = (source("names").unwrap(), sink("names").unwrap());
    drop((feed, store));
    // The source still holds the feed; nobody holds the store.
    assert!(source("names").is_ok());
    assert_eq!(
        sink("names").unwrap_err().to_string(),
        "memory store `names` names nothing; the program registers a store with `MemoryStore::register` before it runs the SQL"
    );
    drop(kept);
    assert!(source("names").is_err());
    assert!(MemoryFeed::new().register("names"));
}

async fn open(store: &MemoryStore, last: Option<&Prepared>) -> SchemaResult<MemoryWriter> {
    let spec = EncodeSpec::new(SchemaRef::new(Schema::empty()), FormatSpec::new("unused"));
    let mut writer = store.sink::<Unused>().start(&spec).await?;
    writer.recover(last).await?;
    Ok(writer)
}

async fn write(writer: &mut MemoryWriter, record: &str) -> SchemaResult<()> {
    let mut batch = EncodedBatch::new();
    batch.bytes_mut().extend_from_slice(record.as_bytes());
    batch.end_record();
    writer.write(SinkBatch::Encoded { records: &batch, prologue: b"head", delimiter: b"\n" }).await
}

async fn prepare(writer: &mut MemoryWriter) -> SchemaResult<Prepared> {
    writer.prepare(Checkpoint { epoch: 1, positions: &Positions::new() }).await
}

#[tokio::test]
async fn nothing_is_visible_before_it_is_committed() {
    let store = MemoryStore::new();
    let mut writer = open(&store, None).await.unwrap();
    write(&mut writer, "a").await.unwrap();
    let first = prepare(&mut writer).await.unwrap();
    write(&mut writer, "b").await.unwrap();
    assert_eq!((store.texts(), store.num_uncommitted()), (vec![], 2));
    writer.commit(&first).await.unwrap();
    writer.commit(&first).await.unwrap();
    assert_eq!((store.texts(), store.num_uncommitted(), store.num_commits()), (vec!["a".to_owned()], 1, 1));
    writer.abort().await.unwrap();
    writer.write(SinkBatch::Columns(&rows(&[1, 2]))).await.unwrap();
    let second = prepare(&mut writer).await.unwrap();
    writer.commit(&second).await.unwrap();
    assert_eq!((store.batches(), store.epilogue()), (vec![rows(&[1, 2])], None));
    writer.close(b"foot").await.unwrap();
    assert_eq!((store.prologue(), store.epilogue()), (b"head".to_vec(), Some(b"foot".to_vec())));
}

#[tokio::test]
async fn recovery_ends_where_the_stored_transaction_does() {
    for commits_before_the_crash in [false, true] {
        let store = MemoryStore::new();
        let mut writer = open(&store, None).await.unwrap();
        write(&mut writer, "a").await.unwrap();
        let stored = prepare(&mut writer).await.unwrap();
        if commits_before_the_crash {
            writer.commit(&stored).await.unwrap();
        }
        write(&mut writer, "prepared").await.unwrap();
        let later = prepare(&mut writer).await.unwrap();
        write(&mut writer, "written").await.unwrap();
        drop(writer);
        let mut writer = open(&store, Some(&stored)).await.unwrap();
        assert_eq!((store.texts(), store.num_uncommitted()), (vec!["a".to_owned()], 0));
        let error = writer.commit(&later).await.unwrap_err().to_string();
        assert!(error.contains("its transaction was undone"), "{error}");
        let error = writer.commit(&Prepared(b"x".to_vec())).await.unwrap_err().to_string();
        assert!(error.contains("none of the memory sink's"), "{error}");
    }
}

#[tokio::test]
async fn steps_fail_where_they_are_told_to() {
    let store = MemoryStore::new();
    store.fail_at(SinkStep::Start, 0);
    assert!(open(&store, None).await.is_err());
    store.fail_at(SinkStep::Write, 1);
    store.fail_at(SinkStep::Prepare, 0);
    let mut writer = open(&store, None).await.unwrap();
    write(&mut writer, "a").await.unwrap();
    let error = write(&mut writer, "b").await.unwrap_err().to_string();
    assert_eq!(error, "cannot write to the memory sink: injected failure");
    assert!(prepare(&mut writer).await.is_err());
    let prepared = prepare(&mut writer).await.unwrap();
    writer.commit(&prepared).await.unwrap();
    assert_eq!(store.texts(), ["a"]);
}

#[test]
fn only_the_column_sink_takes_columns() {
    let store = MemoryStore::new();
    assert!(store.column_sink::<Unused>().takes_columns() && !store.sink::<Unused>().takes_columns());
}
