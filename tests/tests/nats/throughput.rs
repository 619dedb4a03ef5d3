//! How fast a whole pipeline is beside a loop that does nothing but receive or publish, with the same client library.
//!
//! Debug builds say little: `cargo test --release -p laminar-tests --test nats throughput -- --nocapture --test-threads 1`.

use std::time::Instant;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use futures_util::StreamExt;
use laminar_connector_nats::{NatsSource, NatsSourceConfig};
use laminar_schema::{ConnectorConfig, Options, RecordStream, Source, SourceBatch};

use crate::{
    server::{Stream, server},
    sql::run,
};

const RECORDS: usize = if cfg!(debug_assertions) { 20_000 } else { 500_000 };

fn record(id: usize) -> String {
    format!(r#"{{"id":{id},"user":"user-{}","amount":{}.25,"note":"{}"}}"#, id % 1000, id % 977, "x".repeat(100))
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn throughput_of_the_source() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "fast").await;
    stream.write("a", (0..RECORDS).map(record)).await;
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let bare = bare_source(&stream).await;
        let options = [("servers", server), ("stream", stream.name.as_str()), ("end", "latest")];
        let config = NatsSourceConfig::from_options(&Options::from_pairs(options)).unwrap();
        let source: NatsSource = NatsSource::new(config).unwrap();
        let started = Instant::now();
        let (mut running, mut batch, mut count) = (source.start(None).await.unwrap(), SourceBatch::new(), 0);
        loop {
            batch.clear();
            match running.next(&mut batch, 8192).await.unwrap() {
                0 => break,
                read => count += read,
            }
        }
        let ours = started.elapsed().as_secs_f64();
        assert_eq!(count, RECORDS);
        rates.push(format!("{:.0}/{:.0}", RECORDS as f64 / ours, RECORDS as f64 / bare));
        ratios.push(bare / ours);
    }
    println!("source: records/s ours/bare {}; ratio {:.2}", rates.join(" "), median(ratios.clone()));
    assert!(median(ratios.clone()) > 0.2, "{ratios:?}");
    stream.context.delete_stream(&stream.name).await.unwrap();
}

/// Seconds that the client library takes to hand over every record, with one look at its bytes.
async fn bare_source(stream: &Stream) -> f64 {
    let started = Instant::now();
    let config = pull::Config { ack_policy: AckPolicy::None, memory_storage: true, ..pull::Config::default() };
    let consumer = stream.stream().await.create_consumer(config).await.unwrap();
    let mut messages = consumer.stream().max_messages_per_batch(8192).messages().await.unwrap();
    let (mut count, mut bytes) = (0, 0);
    while count < RECORDS {
        bytes += messages.next().await.unwrap().unwrap().payload.len();
        count += 1;
    }
    assert!(bytes > RECORDS * 100);
    started.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn throughput_of_the_sink() {
    let Some(server) = server() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.ndjson");
    std::fs::write(&path, (0..RECORDS).map(|id| record(id) + "\n").collect::<String>()).unwrap();
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (ours_to, bare_to) = (Stream::create(server, "ours").await, Stream::create(server, "bare").await);
        let bare = bare_sink(&bare_to).await;
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, user VARCHAR, amount DOUBLE, note VARCHAR) FROM FILE (path = '{}') FORMAT JSON;
             CREATE SINK out INTO NATS (servers = '{server}', subject = '{}.x') FORMAT JSON; INSERT INTO out SELECT * FROM s",
            path.display(),
            ours_to.name
        );
        let started = Instant::now();
        let summary = run(&sql).await.unwrap();
        let ours = started.elapsed().as_secs_f64();
        assert_eq!(summary.rows, RECORDS as u64);
        assert_eq!(ours_to.stream().await.info().await.unwrap().state.messages, RECORDS as u64);
        rates.push(format!("{:.0}/{:.0}", RECORDS as f64 / ours, RECORDS as f64 / bare));
        ratios.push(bare / ours);
        for stream in [ours_to, bare_to] {
            stream.context.delete_stream(&stream.name).await.unwrap();
        }
    }
    println!("sink, with file and JSON: records/s ours/bare {}; ratio {:.2}", rates.join(" "), median(ratios.clone()));
    assert!(median(ratios.clone()) > 0.1, "{ratios:?}");
}

/// Seconds that the client library takes to publish every record with as many in flight as the sink has.
async fn bare_sink(to: &Stream) -> f64 {
    let records: Vec<String> = (0..RECORDS).map(record).collect();
    let subject = format!("{}.x", to.name);
    let started = Instant::now();
    let mut acks = std::collections::VecDeque::new();
    for record in records {
        if acks.len() >= 4096 {
            let ack: async_nats::jetstream::context::PublishAckFuture = acks.pop_front().unwrap();
            ack.await.unwrap();
        }
        acks.push_back(to.context.publish(subject.clone(), record.into()).await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
    started.elapsed().as_secs_f64()
}
