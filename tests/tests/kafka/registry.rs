//! Kafka with a schema registry, which is the stand-in of these tests: from a topic of JSON that nobody declared to a topic of
//! Avro, and back, also by another client where there is one.

use std::process::Command;

use laminar_tests::registry::StandInRegistry;
use laminar_tests::served::{account, memory};

use crate::{
    broker::{Topic, brokers},
    ids,
    sql::run,
};

#[tokio::test(flavor = "multi_thread")]
async fn json_that_nobody_declared_becomes_avro_in_the_registry_and_is_read_back() {
    let Some(brokers) = brokers() else { return };
    let (from, to) = (Topic::create(brokers, "infer", 2).await, Topic::create(brokers, "avro", 2).await);
    from.write(2, ids(0..500));
    let registry = StandInRegistry::start().await;
    let sql = format!(
        "CREATE SOURCE s FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON
         INFER SCHEMA (sample_size = 100);
         CREATE SINK k INTO KAFKA (brokers = '{brokers}', topic = '{}', key = name) FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{url}'); INSERT INTO k SELECT id, name FROM s WHERE id < 400",
        from.name,
        to.name,
        url = registry.url(),
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.rows, summary.left_out), (500, 100));
    let records = to.read();
    assert_eq!(records.len(), 400);

    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}'); {out} INSERT INTO out SELECT * FROM s",
        to.name,
        registry.url(),
    );
    run(&sql).await.unwrap();
    assert_eq!(account(store.texts(), 400), (vec![], vec![]));
    assert!(store.texts().contains(&r#"{"id":7,"name":"n7"}"#.to_owned()));
    read_by_another_client(brokers, &to.name, &registry.url());
}

/// Lets Confluent's own deserializer read the topic, where `scripts/check_kafka` has named a Python that has it.
fn read_by_another_client(brokers: &str, topic: &str, registry: &str) {
    let Ok(python) = std::env::var("LAMINAR_KAFKA_PYTHON") else {
        println!("skipped: no Python with confluent-kafka; scripts/check_kafka brings one");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/check_kafka.py");
    let output = Command::new(python).args([script, brokers, topic, registry, "400"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", String::from_utf8_lossy(&output.stdout).trim_end());
}
