//! Transactions that are lost at every step of a checkpoint: what committed readers see is each record once.

use std::{path::Path, sync::Arc};

use arrow_schema::{DataType, Field, Schema};
use laminar_connector_kafka::{KafkaSink, KafkaSinkConfig};
use laminar_schema::{
    Checkpoint, ConnectorConfig, EncodeSpec, EncodedBatch, FormatSpec, Options, Position, Positions, Prepared,
    RecordSink, SchemaResult, Sink, SinkBatch,
};
use laminar_tests::served::{account, unique};

use crate::{
    broker::{Topic, brokers},
    ids,
    sql::run_until,
};

/// A sink of one topic, with a name for its transactions.
struct Fixture {
    topic: Topic,
    id: String,
    dir: tempfile::TempDir,
    brokers: &'static str,
}

impl Fixture {
    async fn new(brokers: &'static str) -> Self {
        let topic = Topic::create(brokers, "once", 2).await;
        Self { topic, id: unique("once"), dir: tempfile::tempdir().unwrap(), brokers }
    }

    async fn open(&self, last: Option<&Prepared>) -> SchemaResult<impl RecordSink> {
        self.open_with(&[], last).await
    }

    async fn open_with(&self, more: &[(&str, &str)], last: Option<&Prepared>) -> SchemaResult<impl RecordSink> {
        let dir = self.dir.path().display().to_string();
        let own = [
            ("brokers", self.brokers),
            ("topic", &self.topic.name),
            ("transactional_id", &self.id),
            ("spool_dir", &dir),
        ];
        let options = Options::from_pairs(own.into_iter().chain(more.iter().copied()));
        let sink: KafkaSink = KafkaSink::new(KafkaSinkConfig::from_options(&options)?)?;
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
        let mut writer = sink.start(&EncodeSpec::new(schema, FormatSpec::new("json"))).await?;
        writer.recover(last).await?;
        Ok(writer)
    }

    /// Ids that committed readers see.
    fn ids(&self) -> Vec<String> {
        let mut seen: Vec<String> = self.topic.read().into_iter().filter_map(|r| r.value).collect();
        seen.sort();
        seen
    }

    fn spools(&self) -> usize {
        std::fs::read_dir(self.dir.path()).unwrap().count()
    }
}

async fn write(writer: &mut impl RecordSink, values: &[&str]) {
    let mut records = EncodedBatch::new();
    for value in values {
        records.bytes_mut().extend_from_slice(value.as_bytes());
        records.end_record();
    }
    writer.write(SinkBatch::Encoded { records: &records, prologue: b"", delimiter: b"\n" }).await.unwrap();
}

async fn prepare(writer: &mut impl RecordSink, epoch: u64) -> Prepared {
    prepare_at(writer, epoch, &Positions::new()).await
}

async fn prepare_at(writer: &mut impl RecordSink, epoch: u64, positions: &Positions) -> Prepared {
    writer.prepare(Checkpoint { epoch, positions }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_every_step_leaves_each_record_once() {
    let Some(brokers) = brokers() else { return };
    let sink = Fixture::new(brokers).await;

    // Before the checkpoint: nothing was written.
    let mut writer = sink.open(None).await.unwrap();
    write(&mut writer, &["a"]).await;
    drop(writer);
    let mut writer = sink.open(None).await.unwrap();
    assert_eq!((sink.ids(), sink.spools()), (vec![], 0));

    // A whole checkpoint, and one that is aborted.
    write(&mut writer, &["b", "c"]).await;
    let first = prepare(&mut writer, 1).await;
    assert_eq!(sink.ids(), Vec::<String>::new(), "what is prepared is not visible");
    writer.commit(&first).await.unwrap();
    assert_eq!((sink.ids(), sink.spools()), (vec!["b".into(), "c".into()], 0));
    write(&mut writer, &["d"]).await;
    writer.abort().await.unwrap();
    assert_eq!((sink.ids(), sink.spools()), (vec!["b".into(), "c".into()], 0));

    // Between the stored checkpoint and the commit: the next process finds the transaction lost, and writes it again.
    write(&mut writer, &["e", "f"]).await;
    let second = prepare(&mut writer, 2).await;
    drop(writer);
    let expected = ["b", "c", "e", "f"].map(str::to_owned).to_vec();
    for _ in 0..2 {
        let mut writer = sink.open(Some(&second)).await.unwrap();
        assert_eq!((sink.ids(), sink.spools()), (expected.clone(), 0));
        writer.commit(&second).await.unwrap();
        assert_eq!(sink.ids(), expected);
    }

    // Behind the commit: it is not written again, and what came after it is gone.
    let mut writer = sink.open(Some(&second)).await.unwrap();
    write(&mut writer, &["g"]).await;
    let third = prepare(&mut writer, 3).await;
    writer.commit(&third).await.unwrap();
    write(&mut writer, &["h"]).await;
    let _never_stored = prepare(&mut writer, 4).await;
    drop(writer);
    drop(sink.open(Some(&third)).await.unwrap());
    let expected = ["b", "c", "e", "f", "g"].map(str::to_owned).to_vec();
    assert_eq!((sink.ids(), sink.spools()), (expected.clone(), 0));

    // An older process of the same name is fenced.
    let mut old = sink.open(Some(&third)).await.unwrap();
    let mut new = sink.open(Some(&third)).await.unwrap();
    write(&mut new, &["i"]).await;
    let fourth = prepare(&mut new, 4).await;
    new.commit(&fourth).await.unwrap();
    let mut records = EncodedBatch::new();
    records.bytes_mut().push(b'j');
    records.end_record();
    let batch = SinkBatch::Encoded { records: &records, prologue: b"", delimiter: b"" };
    let mut fenced = old.write(batch).await;
    if fenced.is_ok() {
        fenced = match old.prepare(Checkpoint { epoch: 4, positions: &Positions::new() }).await {
            Ok(prepared) => old.commit(&prepared).await,
            Err(error) => Err(error),
        };
    }
    assert!(fenced.is_err(), "two processes of one name");
    assert!(!sink.ids().contains(&"j".to_owned()), "{:?}", sink.ids());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_transaction_without_its_spool_is_an_error() {
    let Some(brokers) = brokers() else { return };
    let sink = Fixture::new(brokers).await;
    let mut writer = sink.open(None).await.unwrap();
    write(&mut writer, &["a"]).await;
    let prepared = prepare(&mut writer, 1).await;
    drop(writer);
    for entry in std::fs::read_dir(sink.dir.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let error = sink.open(Some(&prepared)).await.err().unwrap().to_string();
    assert!(error.contains("a transaction was lost") && error.contains("bring it back"), "{error}");
    let error = sink.open(Some(&Prepared(vec![1]))).await.err().unwrap().to_string();
    assert!(error.contains("none of ours"), "{error}");
    assert_eq!(sink.ids(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_carries_the_offsets_of_its_source() {
    let Some(brokers) = brokers() else { return };
    let (from, sink, group) =
        (Topic::create(brokers, "offsets", 2).await, Fixture::new(brokers).await, unique("group"));
    let options = [("source_group", group.as_str())];
    let read_to = |offsets: [u64; 2]| -> Positions {
        let name = |partition| format!("{}/{partition}", from.name);
        offsets.iter().enumerate().map(|(at, next)| (name(at), Position::from_u64(*next))).collect()
    };
    let committed = || from.committed(&group, 2);
    let mut writer = sink.open_with(&options, None).await.unwrap();

    // Both at once, and neither before.
    write(&mut writer, &["a"]).await;
    let first = prepare_at(&mut writer, 1, &read_to([3, 4])).await;
    assert_eq!(committed(), [None, None]);
    writer.commit(&first).await.unwrap();
    assert_eq!((sink.ids(), committed()), (vec!["a".to_owned()], vec![Some(3), Some(4)]));
    // Records that no row came of were read all the same; and what was not read needs no transaction.
    let second = prepare_at(&mut writer, 2, &read_to([3, 9])).await;
    writer.commit(&second).await.unwrap();
    assert_eq!(committed(), [Some(3), Some(9)]);
    let third = prepare_at(&mut writer, 3, &read_to([3, 9])).await;
    writer.commit(&third).await.unwrap();
    // What is aborted does not count as told.
    write(&mut writer, &["b"]).await;
    prepare_at(&mut writer, 4, &read_to([5, 9])).await;
    writer.abort().await.unwrap();
    assert_eq!(committed(), [Some(3), Some(9)]);
    // A transaction that a crash lost is written again with its offsets.
    write(&mut writer, &["c"]).await;
    let fourth = prepare_at(&mut writer, 4, &read_to([5, 9])).await;
    drop(writer);
    let mut writer = sink.open_with(&options, Some(&fourth)).await.unwrap();
    assert_eq!((sink.ids(), committed()), (vec!["a".to_owned(), "c".to_owned()], vec![Some(5), Some(9)]));

    let foreign: Positions = [("orders.csv", Position::from_u64(1))].into_iter().collect();
    let error = writer.prepare(Checkpoint { epoch: 5, positions: &foreign }).await.unwrap_err().to_string();
    assert!(error.contains("orders.csv") && error.contains("`source_group` is for sources FROM KAFKA"), "{error}");
    let error = sink.open_with(&[("source_group", &sink.id)], None).await.err().unwrap().to_string();
    assert!(error.contains("another name than transactional_id"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_copied_exactly_once_over_restarts() {
    let Some(brokers) = brokers() else { return };
    let (from, group) = (Topic::create(brokers, "from", 3).await, unique("progress"));
    let sink = Fixture::new(brokers).await;
    let state = tempfile::tempdir().unwrap();
    let sql = |dir: &Path| {
        format!(
            "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest)
             FORMAT JSON;
             CREATE SINK out INTO KAFKA (brokers = '{brokers}', topic = '{}', key = 'id', transactional_id = '{}',
             spool_dir = '{}', source_group = '{group}') FORMAT JSON; INSERT INTO out SELECT * FROM s",
            from.name,
            sink.topic.name,
            sink.id,
            dir.display()
        )
    };
    for round in 0..3 {
        from.write(3, ids(round * 500..round * 500 + 500));
        let sql = sql(sink.dir.path());
        let summary = run_until(&sql, Some(state.path()), std::future::pending()).await.unwrap();
        assert_eq!(summary.records, 500, "round {round}");
        let offsets: i64 = from.committed(&group, 3).into_iter().flatten().sum();
        assert_eq!(offsets, (round as i64 + 1) * 500, "the group knows what was read");
    }
    assert_eq!(account(sink.ids(), 1500), (vec![], vec![]));
    assert_eq!(sink.spools(), 0);
}
