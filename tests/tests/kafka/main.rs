//! The Kafka connector on a broker: whole pipelines from SQL, judged by another client.
//!
//! Every test makes topics of its own, and deletes them. Without a broker it prints why it was skipped.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::disallowed_methods, reason = "a broker is another process, and is waited for by looking again")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod broker;
mod conformance;
mod exactly_once;
mod faults;
mod measures;
mod placement;
mod registry;
mod security;
mod sql;

laminar_testkit::count_allocations!();

use std::time::Duration;

use laminar_tests::served::{account, memory, unique};

use broker::{Topic, brokers};
use sql::{run, run_until};

fn ids(range: std::ops::Range<u64>) -> impl Iterator<Item = String> {
    range.map(|id| format!(r#"{{"id":{id},"name":"n{id}"}}"#))
}

/// Waits until `done`, looking again and again.
async fn until(mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "it did not come to pass");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_yields_what_the_topic_holds() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "bounded", 3).await;
    topic.write(3, ids(0..1000));
    let check = async |options: &str, expected: Vec<u64>| {
        let (store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM KAFKA (brokers = '{brokers}', topic = '{}', {options})
             FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            topic.name
        );
        let summary = run(&sql).await.unwrap();
        let mut seen: Vec<u64> = store.texts().iter().map(|t| id_of(t)).collect();
        seen.sort_unstable();
        assert_eq!((seen, summary.rejected), (expected, 0), "{options}");
    };
    check("end = latest", (0..1000).collect()).await;
    check("end = '0:2,2:1'", vec![0, 2, 3]).await;
    check("start = '0:333,1:332,2:333', end = latest", vec![997, 999]).await;
    check("start = latest, end = latest", vec![]).await;
    check(
        "start = '2001-01-01T00:00:00Z', end = latest, 'fetch.min.bytes' = 1, debug = 'fetch', retries = 3",
        (0..1000).collect(),
    )
    .await;
    check("end = latest, max_batch_bytes = 10, isolation = read_uncommitted", (0..1000).collect()).await;
}

fn id_of(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_read_and_written() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "metadata", 1).await;
    topic.write_full("k1", Some(r#"{"id":1}"#), &[("h", "x"), ("trace", "t")], 1_700_000_000_123);
    topic.write_full("k2", Some(r#"{"id":2}"#), &[], 1_700_000_000_124);
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON
         INCLUDE KEY AS k, TIMESTAMP AS t, PARTITION AS p, OFFSET AS o, HEADERS AS h;
         {out} INSERT INTO out SELECT * FROM s",
        topic.name
    );
    run(&sql).await.unwrap();
    let name = &topic.name;
    assert_eq!(
        store.texts(),
        [
            format!(
                r#"{{"id":1,"k":"azE=","t":"2023-11-14T22:13:20.123Z","p":"{name}/0","o":0,"h":{{"h":"eA==","trace":"dA=="}}}}"#
            ),
            format!(r#"{{"id":2,"k":"azI=","t":"2023-11-14T22:13:20.124Z","p":"{name}/0","o":1,"h":{{}}}}"#),
        ]
    );

    let copy = Topic::create(brokers, "metadata-copy", 2).await;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, note VARCHAR) FROM KAFKA (brokers = '{brokers}', topic = '{name}', end = latest)
         FORMAT JSON INCLUDE KEY AS k, OFFSET AS o;
         CREATE SINK out INTO KAFKA (brokers = '{brokers}', topic = '{}', key = 'k', headers = 'o, note', value = 'id',
         compression = zstd, linger = '1ms') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        copy.name
    );
    run(&sql).await.unwrap();
    let mut seen: Vec<_> = copy.read().into_iter().map(|r| (r.key, r.value, r.headers)).collect();
    seen.sort();
    let record =
        |k: &str, v: &str, o: &str| (Some(k.to_owned()), Some(v.to_owned()), vec![("o".to_owned(), o.to_owned())]);
    assert_eq!(seen, [record("k1", r#"{"id":1}"#, "0"), record("k2", r#"{"id":2}"#, "1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_inferred_and_an_empty_one_says_how_to_declare() {
    let Some(brokers) = brokers() else { return };
    let (topic, empty) = (Topic::create(brokers, "inferred", 4).await, Topic::create(brokers, "empty", 2).await);
    // Only one partition knows the last column.
    topic.write(
        4,
        (0..400).map(|i| if i % 4 == 3 { format!(r#"{{"id":{i},"x":1.5}}"#) } else { format!(r#"{{"id":{i}}}"#) }),
    );
    let (store, out) = memory();
    let statement = |topic: &Topic| {
        format!(
            "CREATE SOURCE s FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest)
             FORMAT JSON INFER SCHEMA (sample_size = 40, sample_timeout = '3s'); {out} INSERT INTO out SELECT * FROM s",
            topic.name
        )
    };
    run(&statement(&topic)).await.unwrap();
    let mut texts = store.texts();
    texts.sort_by_key(|t| id_of(t));
    assert_eq!(texts.len(), 400);
    assert_eq!(texts[2..4], [r#"{"id":2,"x":null}"#, r#"{"id":3,"x":1.5}"#]);
    assert_eq!(topic.committed("laminar-sample", 4), [None; 4], "sampling commits nothing");

    let error = run(&statement(&empty)).await.unwrap_err();
    assert!(error.contains("had no record within 3 s") && error.contains("declare the columns"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_goes_on_behind_what_it_has_committed() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "group", 2).await;
    let group = unique("group");
    let sql = |out: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', 'group.id' = '{group}')
             FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            topic.name
        )
    };
    let mut all = Vec::new();
    for round in 0..3 {
        topic.write(2, ids(round * 100..round * 100 + 100));
        let (store, out) = memory();
        let enough = until(|| store.texts().len() >= 100);
        run_until(&sql(&out), None, enough).await.unwrap();
        all.extend(store.texts());
        let upto = i64::try_from(round * 50 + 50).unwrap();
        assert_eq!(topic.committed(&group, 2), [Some(upto); 2], "round {round}");
    }
    assert_eq!(account(&all, 300), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_group_share_the_partitions() {
    members_share_the_partitions("range").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_rebalance_cooperatively_share_the_partitions() {
    members_share_the_partitions("cooperative-sticky").await;
}

async fn members_share_the_partitions(strategy: &str) {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "shared", 6).await;
    let group = unique("shared");
    let (stores, outs): (Vec<_>, Vec<_>) = (0..3).map(|_| memory()).unzip();
    let stop = tokio_util_stop();
    let mut members = tokio::task::JoinSet::new();
    let sql = |out: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', 'group.id' = '{group}',
                 'partition.assignment.strategy' = '{strategy}')
             FORMAT JSON INCLUDE PARTITION AS p; {out} INSERT INTO out SELECT * FROM s",
            topic.name
        )
    };
    let total = || stores.iter().map(|s| s.texts().len()).sum::<usize>();
    let mut written = 0;
    for out in &outs {
        let (sql, mut stop) = (sql(out), stop.subscribe());
        members.spawn(async move { run_until(&sql, None, async move { drop(stop.wait_for(|s| *s).await) }).await });
        // Time to join; then records for everybody.
        tokio::time::sleep(Duration::from_secs(4)).await;
        topic.write(6, ids(written..written + 600));
        written += 600;
        until(|| {
            if let Some(ended) = members.try_join_next() {
                panic!("a member ended: {ended:?}");
            }
            total() >= usize::try_from(written).unwrap()
        })
        .await;
    }
    stop.send(true).unwrap();
    while let Some(ended) = members.join_next().await {
        ended.unwrap().unwrap();
    }
    let (missing, _) = account(stores.iter().flat_map(|s| s.texts()), written);
    assert_eq!(missing, Vec::<u64>::new(), "at least once loses none");
    let counts: Vec<usize> = stores.iter().map(|s| s.texts().iter().filter(|t| id_of(t) >= 1200).count()).collect();
    println!("{strategy}: the last 600 records went to three members as {counts:?}");
    assert!(counts.iter().all(|n| *n > 0), "each has a share: {counts:?}");
}

/// A member that is gone without a word holds up its group's next rebalance until its session is over, which some brokers never
/// have end.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_partitions_leaves_its_group() {
    let Some(brokers) = brokers() else { return };
    for strategy in ["range", "cooperative-sticky"] {
        let topic = Topic::create(brokers, "spare-member", 1).await;
        let group = unique("spare-member");
        let sql = |out: &str| {
            format!(
                "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', 'group.id' = '{group}',
                     'partition.assignment.strategy' = '{strategy}', 'heartbeat.interval.ms' = 200, 'session.timeout.ms' = 45000)
                 FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
                topic.name
            )
        };
        let (stop, (_first, first), (_second, second)) = (tokio_util_stop(), memory(), memory());
        let reading = {
            let (sql, mut stop) = (sql(&first), stop.subscribe());
            tokio::spawn(async move { run_until(&sql, None, async move { drop(stop.wait_for(|s| *s).await) }).await })
        };
        until(|| topic.members(&group) == 1).await;
        run_until(&sql(&second), None, until(|| topic.members(&group) == 2)).await.unwrap();
        let left = std::time::Instant::now();
        until(|| topic.members(&group) == 1).await;
        assert!(left.elapsed() < Duration::from_secs(15), "{strategy}: it was missed after {:?}", left.elapsed());
        stop.send(true).unwrap();
        reading.await.unwrap().unwrap();
    }
}

fn tokio_util_stop() -> tokio::sync::watch::Sender<bool> {
    tokio::sync::watch::channel(false).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_resumed_and_one_beyond_the_log_is_refused() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "resumed", 2).await;
    let dir = tempfile::tempdir().unwrap();
    let sql = |topic: &str, out: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{topic}', end = latest) FORMAT JSON;
             CREATE SINK out INTO FILE (path = '{out}') FORMAT JSON; INSERT INTO out SELECT * FROM s"
        )
    };
    let out = dir.path().join("out.ndjson").display().to_string();
    for round in 0..3 {
        topic.write(2, ids(round * 10..round * 10 + 10));
        let sql = sql(&topic.name, &out);
        let running = run_until(&sql, Some(dir.path()), std::future::pending());
        assert_eq!(running.await.unwrap().records, 10, "round {round}");
    }
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(account(text.lines(), 30), (vec![], vec![]));

    // The same checkpoint against a shorter log.
    let other = Topic::create(brokers, "shorter", 2).await;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".checkpoint.json") {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace(&topic.name, &other.name)).unwrap();
        }
    }
    let sql = sql(&other.name, &out);
    let running = run_until(&sql, Some(dir.path()), std::future::pending());
    let error = running.await.unwrap_err();
    assert!(error.contains("offset 15 is to be read next, and the log holds 0 to 0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_options_are_refused_by_name() {
    let check = async |from: &str, expected: &str| {
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM KAFKA ({from}) FORMAT JSON; {out} INSERT INTO out SELECT * FROM s"
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{from}\n{error}");
        assert!(!error.contains("hunter2"), "{error}");
    };
    check("topic = 't'", "missing required option `brokers`").await;
    check("brokers = 'b', topic = 't', 'auto.offset.reset' = 'latest'", "write start = 'earliest'").await;
    check("brokers = 'b', topic = 't', 'enable.auto.commit' = true", "offsets are committed at checkpoints").await;
    check("brokers = 'b', topic = 't', 'no.such' = 1", "librdkafka knows no such property").await;
    check("brokers = 'b', topic = 't', 'fetch.min.bytes' = 'many'", "or not this value of it").await;
    check("brokers = 'b', topic = 't', debug = 'no such context'", "or not this value of it").await;
    check("brokers = 'b', topic = 't', topc = 1", "did you mean `topic`?").await;
    check("brokers = 'b', topic = '^t'", "a pattern needs `group.id`").await;
    check("brokers = 'b', topic = 't', 'sasl.oauthbearer.token' = 'hunter2'", "'sasl.mechanism' = OAUTHBEARER").await;
    check(
        "brokers = 'b', topic = 't', 'sasl.oauthbearer.token' = 'a', 'sasl.oauthbearer.token_file' = 'b'",
        "one of the two",
    )
    .await;
    check("brokers = 'b', topic = 't', 'group.id' = 'g', end = latest", "assignment = 'manual'").await;
    check("brokers = 'b', topic = 't', start = 'yesterday'", "expected earliest, latest").await;
    check(
        "brokers = '127.0.0.1:1', topic = 't', connect_timeout = '300ms', 'sasl.password' = 'hunter2'",
        "cannot look the topic up",
    )
    .await;
    let unreachable = "brokers = '127.0.0.1:1', topic = 't', connect_timeout = '300ms'";
    check(unreachable, "Connection refused").await;
    check(unreachable, "see that the brokers run and that `brokers` names them").await;
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "short", 1).await;
    let beyond = format!("brokers = '{brokers}', topic = '{}', end = latest, start = '0:7'", topic.name);
    check(&beyond, "holds offsets 0 to 0, not 7").await;
    let missing = unique("missing");
    check(&format!("brokers = '{brokers}', topic = '{missing}'"), &format!("topic `{missing}` does not exist")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_go_to_a_topic_with_their_place_as_headers() {
    let Some(brokers) = brokers() else { return };
    let (topic, dead) = (Topic::create(brokers, "poisoned", 1).await, Topic::create(brokers, "dead", 1).await);
    topic.write_full("k0", Some(r#"{"id":0}"#), &[], 1);
    topic.write_full("k1", Some(r#"{"id":"x"}"#), &[("trace", "t1"), ("trace", "t2")], 1);
    topic.write_full("k2", Some("{"), &[], 1);
    topic.write_full("k3", Some(r#"{"id":3}"#), &[], 1);
    let (store, out) = memory();
    let sql = format!(
        "CREATE SINK dead INTO KAFKA (brokers = '{brokers}', topic = '{}', key = 'key', value = 'record',
         headers = 'source, partition, offset, field, kind, error, schema_id, headers') FORMAT RAW;
         CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON
         ON ERROR DEAD LETTER TO dead;
         {out} INSERT INTO out SELECT * FROM s",
        dead.name, topic.name
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.records, summary.rows, summary.rejected), (4, 2, 2));
    assert_eq!(store.texts(), [r#"{"id":0}"#, r#"{"id":3}"#]);
    let letters = dead.read();
    let header = |letter: &broker::Seen, name: &str| {
        letter.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
    };
    assert_eq!(letters.len(), 2);
    assert_eq!((letters[0].key.as_deref(), letters[0].value.as_deref()), (Some("k1"), Some(r#"{"id":"x"}"#)));
    assert_eq!(header(&letters[0], "partition"), Some(format!("{}/0", topic.name)));
    assert_eq!(header(&letters[0], "offset").as_deref(), Some("1"));
    assert_eq!(header(&letters[0], "field").as_deref(), Some("id"));
    assert_eq!(header(&letters[0], "kind").as_deref(), Some("type_mismatch"));
    let traces = letters[0].headers.iter().filter(|(name, _)| name == "trace").map(|(_, value)| value.as_str());
    assert_eq!(traces.collect::<Vec<_>>(), ["t1", "t2"], "what the record had goes along");
    assert_eq!(header(&letters[0], "schema_id"), None, "JSON without a registry names no schema");
    assert!(header(&letters[0], "error").is_some_and(|e| e.contains("expected")), "{letters:?}");
    assert_eq!((letters[1].key.as_deref(), letters[1].value.as_deref()), (Some("k2"), Some("{")));
    assert_eq!(header(&letters[1], "field"), None, "a record that is no JSON has no field");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sinks_are_refused_by_name() {
    let Some(brokers) = brokers() else { return };
    let (topic, to) = (Topic::create(brokers, "refused", 1).await, Topic::create(brokers, "refused-to", 1).await);
    topic.write(1, [format!(r#"{{"id":0,"l":[{}1]}}"#, "1,".repeat(1000))]);
    let check = async |options: &str, format: &str, expected: &str| {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, l BIGINT[]) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest)
             FORMAT JSON; CREATE SINK out INTO KAFKA (brokers = '{brokers}', topic = '{}', {options}) FORMAT {format};
             INSERT INTO out SELECT * FROM s",
            topic.name, to.name
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{options}\n{error}");
    };
    check("key = 'idd'", "JSON", "did you mean `id`?").await;
    check("key = 'l'", "JSON", "has no bytes of its own").await;
    check("headers = 'id, l'", "JSON", "has no bytes of its own").await;
    check("linger = '5ms'", "PARQUET", "writes files here, and a topic has records").await;
    check("acks = 1", "JSON", "an idempotent producer needs all of them").await;
    check("'linger.ms' = 1", "JSON", "write linger").await;
    check("compression = 'rar'", "JSON", "expected none, gzip").await;
    check("transactional_id = 't'", "JSON", "spool_dir").await;
    check("'message.max.bytes' = 1000", "JSON", "is larger than 'message.max.bytes' allows").await;
    assert_eq!(to.read(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_read_from_their_beginning() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "grown", 1).await;
    topic.write(1, ids(0..10));
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', discovery_interval = '200ms') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        topic.name
    );
    let enough = async {
        until(|| store.texts().len() == 10).await;
        if let Err(why) = topic.grow(3).await {
            println!("skipped: the broker adds no partitions: {why}");
            topic.write(1, ids(10..40));
        } else {
            topic.write(3, ids(10..40));
        }
        until(|| store.texts().len() >= 40).await;
    };
    run_until(&sql, None, enough).await.unwrap();
    assert_eq!(account(store.texts(), 40), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_stay_away_end_the_run() {
    // librdkafka's stand-in for a cluster, which can be told to be down.
    let cluster = rdkafka::mocking::MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = 't', outage_timeout = '1s') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s"
    );
    let running = tokio::spawn(async move { run(&sql).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.broker_down(1).unwrap();
    let error = running.await.unwrap().unwrap_err();
    assert!(error.contains("no broker of") && error.contains("see that they run"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_was_empty_at_latest_is_resumed_where_it_was() {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "latest", 2).await;
    let (store, out) = memory();
    let state = tempfile::tempdir().unwrap();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', start = latest)
         FORMAT JSON (unknown_fields = 'ignore'); {out} INSERT INTO out SELECT * FROM s",
        topic.name
    );
    // Partition 0 has records while the first run reads, partition 1 only while nothing does.
    let running = run_until(&sql, Some(state.path()), async {
        let mut id = 0;
        until(|| {
            topic.write(1, ids(id..id + 1));
            id += 1;
            !store.texts().is_empty()
        })
        .await;
    });
    Box::pin(running).await.unwrap();
    let seen = store.texts().len();
    topic.write(2, ids(1000..1010));
    let running = run_until(&sql, Some(state.path()), until(|| store.texts().len() >= seen + 10));
    Box::pin(running).await.unwrap();
    let late = store.texts().iter().filter(|text| id_of(text) >= 1000).count();
    assert_eq!(late, 10, "{:?}", store.texts());
}
