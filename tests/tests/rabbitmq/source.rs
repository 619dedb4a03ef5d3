//! Sources: queues that are acknowledged at checkpoints, and stream queues that are resumed exactly.

use std::{future::pending, time::Duration};

use laminar_schema::{
    Metrics,
    engine::{Engine, RunOptions},
};
use laminar_tests::served::{account, memory, unique};
use lapin::{
    BasicProperties, ExchangeKind,
    types::{AMQPValue, FieldTable},
};

use crate::{
    ids,
    server::{Queue, server},
    sql::{Sinks, Sources, run, run_until},
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_inferred_read_and_written_to_a_file_and_to_another() {
    let Some(server) = server() else { return };
    let (from, to) = (Queue::create(server, "from").await, Queue::create(server, "to").await);
    from.write((0..300).map(|id| format!(r#"{{"id":{id},"name":"n{id}","price":{id}.5,"is_new":true}}"#))).await;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.ndjson");
    let source =
        format!("CREATE SOURCE s FROM RABBITMQ ({}, queue = '{}', end = latest) FORMAT JSON", server.sql(), from.name);
    // No columns: they are inferred, and nothing is consumed by that.
    let sql = format!(
        "{source}; CREATE SINK out INTO RABBITMQ ({}, routing_key = '{}') FORMAT JSON; INSERT INTO out SELECT * FROM s",
        server.sql(),
        to.name
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.records, summary.rows), (300, 300));
    assert_eq!((from.count().await, to.count().await), (0, 300), "everything is acknowledged, and confirmed");
    let sql = format!(
        "{}; CREATE SINK out INTO FILE (path = '{}') FORMAT JSON; INSERT INTO out SELECT id, name, price, is_new FROM s",
        source.replace(&from.name, &to.name),
        out.display()
    );
    assert_eq!(run(&sql).await.unwrap().rows, 300);
    let text = std::fs::read_to_string(out).unwrap();
    assert_eq!(
        text.lines().nth(7),
        Some(r#"{"id":7,"name":"n7","price":7.5,"is_new":true}"#),
        "in the order they were written"
    );
    assert_eq!(account(text.lines(), 300), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_and_headers_are_columns() {
    let Some(server) = server() else { return };
    let (from, exchange) = (Queue::create(server, "properties").await, unique("exchange"));
    from.bind(ExchangeKind::Topic, &exchange, "eu.*").await;
    let mut headers = FieldTable::default();
    let mut nested = FieldTable::default();
    nested.insert("k".into(), AMQPValue::LongString("a\"b".into()));
    headers.insert("kind".into(), AMQPValue::LongString("new".into()));
    headers.insert("count".into(), AMQPValue::LongInt(-7));
    headers.insert("ok".into(), AMQPValue::Boolean(true));
    headers.insert(
        "more".into(),
        AMQPValue::FieldArray(vec![AMQPValue::Double(0.5), AMQPValue::FieldTable(nested)].into()),
    );
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_message_id("m-1".into())
        .with_correlation_id("c-1".into())
        .with_content_type("application/json".into())
        .with_timestamp(1_700_000_000)
        .with_priority(3)
        .with_delivery_mode(2);
    from.write_with(&exchange, "eu.new", properties, [r#"{"id":0}"#]).await;
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', end = latest) FORMAT JSON
         INCLUDE KEY AS k, TIMESTAMP AS ts, PARTITION AS p, OFFSET AS o, HEADERS AS h;
         {out} INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name
    );
    assert_eq!(run(&sql).await.unwrap().rows, 1);
    let row: serde_json::Value = serde_json::from_str(&store.texts()[0]).unwrap();
    // Bytes are base64 in JSON.
    let text = |value: &serde_json::Value| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        String::from_utf8(STANDARD.decode(value.as_str().unwrap_or_default()).unwrap()).unwrap()
    };
    assert_eq!((text(&row["k"]).as_str(), &row["p"], &row["o"]), ("eu.new", &from.name.as_str().into(), &0.into()));
    assert!(row["ts"].as_str().unwrap().starts_with("2023-11-14T22:13:20"), "{row}");
    for (name, expected) in [
        ("kind", "new"),
        ("count", "-7"),
        ("ok", "true"),
        ("more", r#"[0.5,{"k":"a\"b"}]"#),
        ("amqp.message_id", "m-1"),
        ("amqp.correlation_id", "c-1"),
        ("amqp.content_type", "application/json"),
        ("amqp.timestamp", "1700000000"),
        ("amqp.priority", "3"),
        ("amqp.delivery_mode", "2"),
        ("amqp.redelivered", "false"),
        ("amqp.exchange", &exchange),
    ] {
        assert_eq!(text(&row["h"][name]), expected, "{name}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plain_type_comes_through_both_ways() {
    let Some(server) = server() else { return };
    let (from, to) = (Queue::create(server, "types").await, Queue::create(server, "typed").await);
    let row = r#"{"id":0,"b":true,"i":-7,"l":9007199254740993,"f":0.1,"d":12.34,"t":"é\n","ts":"2026-01-31T12:00:00.123456Z","day":"2026-01-31","list":[1,2],"s":{"x":1}}"#;
    from.write([row]).await;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, b BOOLEAN, i SMALLINT, l BIGINT, f DOUBLE, d DECIMAL(10, 2), t VARCHAR, ts TIMESTAMPTZ, day DATE,
            list BIGINT[], s STRUCT(x BIGINT)) FROM RABBITMQ ({0}, queue = '{1}', end = latest) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({0}, routing_key = '{2}', content_type = 'application/json') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name,
        to.name
    );
    run(&sql).await.unwrap();
    let seen = to.read().await;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (mut found, mut expected) = (json(&seen[0].value), json(row));
    // Decimals are text where a double would not hold them.
    let number = |value: &mut serde_json::Value| value.take().to_string().trim_matches('"').to_owned();
    assert_eq!(number(&mut found["d"]), number(&mut expected["d"]));
    assert_eq!(found, expected);
    assert_eq!(seen[0].properties.content_type().as_ref().map(|t| t.as_str()), Some("application/json"));
    assert_eq!(*seen[0].properties.delivery_mode(), Some(2), "persistent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_checkpoint_covers_comes_again() {
    let Some(server) = server() else { return };
    for queue_type in ["classic", "quorum"] {
        let queue = Queue::create_as(server, "unacked", queue_type).await;
        queue.write(ids(0..100)).await;
        let (store, out) = memory();
        let dir = tempfile::tempdir().unwrap();
        // An error in the middle ends the run as a crash does: nothing behind the last checkpoint is acknowledged.
        let sql = |on_error: &str| {
            format!(
                "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', queue_type = '{queue_type}') FORMAT JSON
                 INCLUDE HEADERS AS h {on_error}; {out} INSERT INTO out SELECT * FROM s",
                server.sql(),
                queue.name
            )
        };
        let enough = until(|| store.texts().len() >= 100);
        run_until(&sql(""), Some(dir.path()), enough).await.unwrap();
        assert_eq!((store.texts().len(), queue.count().await), (100, 0), "{queue_type}");
        queue.write(ids(100..150)).await;
        queue.write(["no JSON"]).await;
        let error = run_until(&sql(""), Some(dir.path()), pending()).await.unwrap_err();
        assert!(error.contains("expected a value, found `n`"), "{error}");
        // The server takes back what was not acknowledged when it sees that the connection is gone.
        let before = store.texts().len();
        queue.has(1..=51).await;
        let enough = until(|| account(store.texts(), 150).0.is_empty());
        run_until(&sql("ON ERROR SKIP"), Some(dir.path()), enough).await.unwrap();
        assert_eq!(account(store.texts(), 150).0, Vec::<u64>::new(), "{queue_type}: {before} before");
        assert_eq!(queue.count().await, 0, "{queue_type}");
        // What came again is marked.
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        assert!(
            store.texts().last().is_some_and(|text| text.contains(&STANDARD.encode("true"))),
            "{:?}",
            store.texts().last()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_records_than_prefetch_are_read_without_waiting_for_an_interval() {
    let Some(server) = server() else { return };
    let queue = Queue::create(server, "prefetch").await;
    queue.write(ids(0..1000)).await;
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', prefetch = 50, end = latest) FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        server.sql(),
        queue.name
    );
    let mut engine = Engine::<Sources, Sinks>::new();
    let script = engine.load(&sql).unwrap();
    let options = RunOptions { checkpoint_interval: Duration::from_secs(600), ..RunOptions::default() };
    let planned = Box::pin(engine.plan(&script, &options)).await.unwrap().remove(0);
    let metrics = Metrics::new();
    let running = Box::pin(planned.pipeline.run(pending(), &metrics));
    let summary = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it asks to be told").unwrap();
    assert_eq!(summary.records, 1000);
    assert!(summary.checkpoints >= 1000 / 50, "{}", summary.checkpoints);
    assert_eq!(account(store.texts(), 1000), (vec![], vec![]));
    assert_eq!(queue.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn inference_leaves_the_queue_as_it_was() {
    let Some(server) = server() else { return };
    for queue_type in ["classic", "quorum", "stream"] {
        let queue = Queue::create_as(server, "inferred", queue_type).await;
        queue.write(ids(0..50)).await;
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s FROM RABBITMQ ({}, queue = '{}', queue_type = '{queue_type}') FORMAT JSON
             INFER SCHEMA (sample_size = 20); {out} INSERT INTO out SELECT * FROM s",
            server.sql(),
            queue.name
        );
        // Everything is planned, and nothing is run.
        let mut engine = Engine::<Sources, Sinks>::new();
        let script = engine.load(&sql).unwrap();
        let planned = Box::pin(engine.plan(&script, &Default::default())).await.unwrap();
        assert_eq!(planned.len(), 1);
        if queue_type == "stream" {
            continue;
        }
        let seen = queue.read().await;
        let (values, ids): (Vec<&str>, Vec<_>) =
            (seen.iter().map(|seen| seen.value.as_str()).collect(), ids(0..50).collect());
        if queue_type == "classic" {
            assert_eq!(values, ids, "in their old places");
        }
        assert_eq!(account(values, 50), (vec![], vec![]), "{queue_type}");
        // As documented: what was looked at is marked.
        let marked = seen.iter().filter(|seen| seen.redelivered).count();
        assert!((20..=21).contains(&marked), "{queue_type}: {marked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_queue_where_none_was_expected_is_told() {
    let Some(server) = server() else { return };
    let queue = Queue::create_as(server, "unasked", "stream").await;
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        server.sql(),
        queue.name
    );
    let running = tokio::spawn(async move { run_until(&sql, None, pending()).await });
    // The server says it of a record only.
    while !running.is_finished() {
        queue.write(ids(0..1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = running.await.unwrap().unwrap_err();
    assert!(error.contains("set queue_type = 'stream'"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_queue_is_resumed_exactly_and_begins_where_it_is_told() {
    let Some(server) = server() else { return };
    let queue = Queue::create_as(server, "stream", "stream").await;
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = memory();
    let sql = |more: &str, out: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', queue_type = 'stream', prefetch = 100, end = latest{more})
             FORMAT JSON INCLUDE OFFSET AS o; {out} INSERT INTO out SELECT * FROM s",
            server.sql(),
            queue.name
        )
    };
    for round in 0..3 {
        queue.write(ids(round * 200..round * 200 + 200)).await;
        let sql = sql("", &out);
        let running = run_until(&sql, Some(dir.path()), pending());
        assert_eq!(Box::pin(running).await.unwrap().records, 200, "round {round}");
    }
    assert_eq!(account(store.texts(), 600), (vec![], vec![]));
    assert_eq!(store.texts()[431], r#"{"id":431,"o":431}"#);
    let check = async |offset: &str, expected: std::ops::RangeInclusive<u64>| {
        let (_store, out) = memory();
        let read = run(&sql(&format!(", offset = '{offset}'"), &out)).await.unwrap().records;
        assert!(expected.contains(&read), "{offset}: {read}");
    };
    check("first", 600..=600).await;
    check("450", 150..=150).await;
    check("last", 1..=200).await;
    check("1970-01-01T00:00:00Z", 600..=600).await;
    // An empty one is at its end.
    let queue = Queue::create_as(server, "empty", "stream").await;
    let (_store, out) = memory();
    let sql = sql("", &out).replace("INCLUDE OFFSET AS o", "");
    let name = sql.split("queue = '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
    assert_eq!(run(&sql.replace(&name, &queue.name)).await.unwrap().records, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_made_and_bound_where_the_options_say_so() {
    let Some(server) = server() else { return };
    let (exchange, name) = (unique("bound"), unique("made"));
    let other = Queue::create(server, "other").await;
    other.bind(ExchangeKind::Direct, &exchange, "other").await;
    for queue_type in ["classic", "quorum", "stream"] {
        let (store, out) = memory();
        let name = format!("{name}-{queue_type}");
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{name}', declare = true, queue_type = '{queue_type}',
             exchange = '{exchange}', routing_key = 'a, b') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            server.sql()
        );
        let enough = async {
            // What is published before the queue is bound is nobody's.
            while store.texts().len() < 4 {
                other.write_with(&exchange, "a", BasicProperties::default(), ids(0..1)).await;
                other.write_with(&exchange, "b", BasicProperties::default(), ids(1..2)).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        run_until(&sql, None, enough).await.unwrap();
        assert!(account(store.texts(), 2).0.is_empty(), "{queue_type}: {:?}", store.texts());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_acknowledges_nothing_ends_with_what_to_do() {
    let Some(server) = server() else { return };
    let queue = Queue::create(server, "stalled").await;
    queue.write(ids(0..200)).await;
    let dir = tempfile::tempdir().unwrap();
    // A file with a footer is complete at the run's end only, where there is no folder of checkpoints.
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', prefetch = 50, end = latest) FORMAT JSON;
         CREATE SINK out INTO FILE (path = '{}') FORMAT PARQUET; INSERT INTO out SELECT * FROM s",
        server.sql(),
        queue.name,
        dir.path().join("out.parquet").display()
    );
    let error = run(&sql).await.unwrap_err();
    assert!(error.contains("50 records are read and none of them is acknowledged"), "{error}");
    assert!(error.contains("need --checkpoint"), "{error}");
    queue.has(200..=200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_options_and_places_are_refused_by_name() {
    let check = async |from: &str, expected: &str| {
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({from}) FORMAT JSON; {out} INSERT INTO out SELECT * FROM s"
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{from}\n{error}");
        assert!(!error.contains("hunter2"), "{error}");
    };
    check("queue = 'q'", "missing required option `servers`").await;
    check("servers = 'a', quee = 'q'", "did you mean `queue`?").await;
    check("servers = 'amqp://u:hunter2@a', queue = 'q'", "use `user` and `password`").await;
    check("servers = 'a', queue = 'q', offset = 'first'", "queue_type = 'stream'").await;
    check("servers = 'a', queue = 'q', queue_type = 'stream', offset = 'yesterday'", "expected first, last, next")
        .await;
    let away = "servers = '127.0.0.1:1', queue = 'q', connect_timeout = '300ms', password = 'hunter2'";
    check(away, "cannot connect to RabbitMQ: 127.0.0.1:1").await;
    let Some(server) = server() else { return };
    let (at, missing) = (server.sql(), unique("missing"));
    check(&format!("{at}, queue = '{missing}'"), &format!("has no queue `{missing}`; create it")).await;
    let queue = Queue::create_as(server, "stream", "stream").await;
    queue.write(ids(0..1)).await;
    check(&format!("{at}, queue = '{}', exchange = '{missing}'", queue.name), &format!("no exchange `{missing}`"))
        .await;
    let queue = Queue::create(server, "classic").await;
    queue.write(ids(0..1)).await;
    let other = format!("{at}, queue = '{}', declare = true, queue_type = 'quorum'", queue.name);
    check(&other, "x-queue-type").await;
}
