//! `WATERMARK FOR`: from SQL to what a run and its checkpoint say of event time.

use std::{sync::Arc, time::Duration};

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use laminar_connector_memory::{MemoryFeed, MemoryStore, SinkStep};
use laminar_schema::{Metrics, RawRecord, SchemaError, Summary, engine::RunOptions, pipeline::prometheus_text};
use laminar_tests::engine::{TestEngine, run};

/// 2026-01-01 00:00:00 and so many seconds, in microseconds.
fn second(second: i64) -> i64 {
    (1_767_225_600 + second) * 1_000_000
}

fn sql(name: &str, column: &str, clause: &str) -> String {
    format!(
        "CREATE SOURCE s ({column}, WATERMARK FOR {clause}) FROM MEMORY (name = '{name}') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    )
}

/// A feed of records `(partition, second)`; one record is a batch.
fn feed(name: &str, records: &[(&str, u32)]) -> (MemoryFeed, MemoryStore) {
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register(name) && store.register(name));
    push(&feed, records);
    (feed, store)
}

fn push(feed: &MemoryFeed, records: &[(&str, u32)]) {
    for (partition, second) in records {
        feed.push_to(partition, format!(r#"{{"ts":"2026-01-01T00:00:{second:02}Z"}}"#));
    }
}

fn one_by_one() -> RunOptions {
    RunOptions { max_batch_records: 1, ..RunOptions::default() }
}

const COLUMN: &str = "ts TIMESTAMP";
const FIVE_BEHIND: &str = "ts AS ts - INTERVAL '5' SECOND";

async fn outcome(sql: &str, options: &RunOptions) -> (Summary, Metrics) {
    let (summary, metrics) = run(sql, options).await;
    (summary.unwrap(), metrics)
}

#[tokio::test]
async fn it_stays_behind_the_latest_time_and_late_rows_are_counted_and_written() {
    let (feed, store) = feed("wm_delay", &[("p", 10), ("p", 20), ("p", 14), ("p", 15), ("p", 19)]);
    feed.end();
    let (summary, metrics) = outcome(&sql("wm_delay", COLUMN, FIVE_BEHIND), &one_by_one()).await;
    // The watermark is at 15 when 14 comes.
    assert_eq!((summary.watermark, summary.late, summary.rows), (Some(second(15)), 1, 5));
    assert_eq!(store.texts().len(), 5);
    let scraped = prometheus_text([("s", &metrics)].into_iter());
    assert!(scraped.contains("laminar_watermark_timestamp_seconds{source=\"s\"} 1767225615\n"), "{scraped}");
    assert!(scraped.contains("laminar_late_rows_total{source=\"s\"} 1\n"), "{scraped}");
}

#[tokio::test]
async fn every_unit_and_zone_says_the_same() {
    for (index, column) in ["ts TIMESTAMP_S", "ts TIMESTAMP_MS", "ts TIMESTAMP_NS", "ts TIMESTAMPTZ"].iter().enumerate()
    {
        let name = format!("wm_unit_{index}");
        let (feed, _store) = feed(&name, &[("p", 30)]);
        feed.end();
        let (summary, _) = outcome(&sql(&name, column, "ts AS ts"), &one_by_one()).await;
        assert_eq!(summary.watermark, Some(second(30)), "{column}");
    }
}

#[tokio::test]
async fn a_time_of_the_record_says_it_as_well() {
    let (feed, _store) = feed("wm_include", &[]);
    feed.push(RawRecord { timestamp: Some(second(7) / 1000), ..RawRecord::new("{}") });
    feed.end();
    let sql = sql("wm_include", "a BIGINT", "at AS at").replacen("JSON;", "JSON INCLUDE TIMESTAMP AS at;", 1);
    let (summary, _) = outcome(&sql, &one_by_one()).await;
    assert_eq!(summary.watermark, Some(second(7)));
}

#[tokio::test]
async fn rows_that_come_as_columns_have_times_too_also_where_nobody_selects_them() {
    let (feed, store) = feed("wm_columns", &[]);
    let times: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![Some(second(3)), None, Some(second(9)), Some(second(4))]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    feed.push_columns(RecordBatch::try_from_iter([("ts", times), ("name", names)]).unwrap());
    feed.end();
    let sql = sql("wm_columns", "ts TIMESTAMP, name VARCHAR", "ts AS ts").replace("SELECT *", "SELECT name");
    let (summary, _) = outcome(&sql, &RunOptions { max_batch_records: 3, ..RunOptions::default() }).await;
    // The last row comes in a batch of its own.
    assert_eq!((summary.watermark, summary.late, store.texts().len()), (Some(second(9)), 1, 4));
}

/// Runs until the feed's records are read, and says where the watermark is then: a feed that goes on has no end that could move it.
async fn watermark_at_rest(name: &str, records: u64, options: &RunOptions) -> Option<i64> {
    let metrics = Metrics::new();
    let mut engine = TestEngine::new();
    let script = engine.load(&sql(name, COLUMN, "ts AS ts")).unwrap();
    let planned = engine.plan(&script, options).await.unwrap().remove(0);
    let read = async {
        while metrics.rows() < records {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    planned.pipeline.dispatch(read, &metrics).await.unwrap().watermark
}

#[tokio::test]
async fn the_slowest_partition_holds_it_back() {
    let (_feed, _store) = feed("wm_slow", &[("a", 40), ("b", 10), ("a", 50), ("b", 12)]);
    assert_eq!(watermark_at_rest("wm_slow", 4, &one_by_one()).await, Some(second(40)));
}

#[tokio::test]
async fn it_never_goes_back_and_idle_partitions_do_not_hold_it() {
    // When `b` comes, 40 was reached by `a` alone.
    let (_feed, _store) = feed("wm_back", &[("a", 40), ("b", 10)]);
    assert_eq!(watermark_at_rest("wm_back", 2, &one_by_one()).await, Some(second(40)));
    // `b` comes first and is idle at once.
    let (_feed, _store) = feed("wm_idle", &[("b", 10), ("a", 40), ("a", 50)]);
    let options = RunOptions { idle_timeout: Duration::ZERO, ..one_by_one() };
    assert_eq!(
        watermark_at_rest("wm_idle", 3, &RunOptions { idle_timeout: Duration::MAX, ..one_by_one() }).await,
        Some(second(10))
    );
    assert_eq!(watermark_at_rest("wm_idle", 3, &options).await, Some(second(50)));
}

#[tokio::test]
async fn the_end_of_the_source_lets_go_of_what_held_it_back() {
    let (feed, _store) = feed("wm_end", &[("b", 10), ("a", 50)]);
    feed.end();
    let (summary, _) = outcome(&sql("wm_end", COLUMN, FIVE_BEHIND), &one_by_one()).await;
    assert_eq!(summary.watermark, Some(second(45)));
}

#[tokio::test]
async fn it_outlives_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let (feed, store) = feed("wm_crash", &[("p", 50)]);
    feed.end();
    let options = RunOptions { checkpoint_dir: Some(dir.path().to_owned()), ..one_by_one() };
    let text = sql("wm_crash", COLUMN, "ts AS ts");
    let (summary, _) = outcome(&text, &options).await;
    assert_eq!((summary.watermark, summary.rows), (Some(second(50)), 1));
    // The checkpoint says 50, so what comes now is late, also in the run that resumes behind a crash.
    push(&feed, &[("p", 20)]);
    store.fail_at(SinkStep::Write, 0);
    let (crashed, _): (Result<Summary, SchemaError>, _) = run(&text, &options).await;
    assert!(crashed.is_err());
    let (summary, _) = outcome(&text, &options).await;
    assert_eq!((summary.watermark, summary.late, summary.rows), (Some(second(50)), 1, 1));
}

#[tokio::test]
async fn what_cannot_say_when_is_refused_with_its_place() {
    let (feed, _store) = feed("wm_wrong", &[]);
    feed.end();
    let check = async |column: &str, clause: &str, expected: &str| {
        let error = run(&sql("wm_wrong", column, clause), &RunOptions::default()).await.0.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("a BIGINT", "a AS a", "column `a` of the watermark is BIGINT; declare it as TIMESTAMP").await;
    check("ts TIMESTAMP", "tz AS tz", "no column `tz`").await;
    check("ts TIMESTAMP", "ts AS ts - 5", "expected `INTERVAL`").await;
}
