//! What a source tells of itself while it runs.

use std::collections::BTreeMap;

use laminar_connector_kafka::{KafkaSource, KafkaSourceConfig};
use laminar_schema::{
    ConnectorConfig, Metrics, Options, RecordStream, Source, SourceBatch, connector::LAG, pipeline::prometheus_text,
};
use laminar_tests::served::{memory, run_measured, unique};

use crate::{
    broker::{Topic, brokers},
    ids,
    sql::{Sinks, Sources},
    until,
};

/// The numbers of a source by name, partitions added up.
fn told(metrics: &Metrics) -> BTreeMap<&'static str, u64> {
    let mut told = BTreeMap::new();
    for measured in metrics.source_measures() {
        *told.entry(measured.measure.name).or_default() += measured.value;
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_tells_how_far_behind_it_is() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "measured", 3).await;
    topic.write(3, ids(0..300));
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', 'group.id' = '{}',
         statistics_interval = '50ms') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        topic.name,
        unique("group")
    );
    let metrics = Metrics::new();
    // What is told is looked at before the end: a closed consumer has given its partitions up.
    let (mut told_while_running, mut text) = (BTreeMap::new(), String::new());
    let seen = async {
        until(|| {
            let told = told(&metrics);
            let is = |name, value| told.get(name) == Some(&value);
            // Everything is read, and what was read is committed.
            is("laminar_lag_records", 0)
                && is("laminar_kafka_committed_lag_records", 0)
                && is("laminar_kafka_received_records_total", 300)
        })
        .await;
        told_while_running = told(&metrics);
        text = prometheus_text([("s", &metrics)].into_iter());
    };
    run_measured::<Sources, Sinks>(&sql, None, seen, &metrics).await.unwrap();

    let told = told_while_running;
    assert_eq!(told["laminar_kafka_rebalances_total"], 1, "{told:?}");
    assert_eq!(told["laminar_kafka_brokers_up"], 1, "{told:?}");
    assert!(told["laminar_kafka_received_bytes_total"] > 300 * 10, "{told:?}");
    for partition in 0..3 {
        let line = format!("laminar_lag_records{{source=\"s\",partition=\"{}/{partition}\"}} 0\n", topic.name);
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_records_nobody_takes_tells_that_it_falls_behind() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "behind", 1).await;
    topic.write(1, ids(0..5000));
    let options =
        [("brokers", brokers), ("topic", &topic.name), ("max_batch_bytes", "1"), ("statistics_interval", "50ms")];
    let config = KafkaSourceConfig::from_options(&Options::from_pairs(options)).unwrap();
    let source: KafkaSource = KafkaSource::new(config).unwrap();
    let mut stream = source.start(None).await.unwrap();
    let measures = stream.measures().unwrap();
    // Some records are on their way between the client and the pipeline; the others are behind.
    until(|| measures.total(LAG.name).is_some_and(|lag| (3000..5000).contains(&lag))).await;
    topic.write(1, ids(5000..9000));
    until(|| measures.total(LAG.name).is_some_and(|lag| lag >= 7000)).await;

    let (mut batch, mut seen) = (SourceBatch::new(), 0);
    while seen < 9000 {
        seen += stream.next(&mut batch, 8192).await.unwrap();
        batch.clear();
    }
    until(|| measures.total(LAG.name) == Some(0)).await;
}
