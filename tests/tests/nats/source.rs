//! Sources: streams read exactly, durable consumers, buckets, and plain subjects.

use std::time::Duration;

use async_nats::jetstream::{self, consumer::AckPolicy, consumer::pull, kv};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use laminar_connector_nats::{NatsSource, NatsSourceConfig};
use laminar_schema::{ConnectorConfig, Options, RecordStream, Source, SourceBatch};
use laminar_tests::served::{account, memory, unique};

use crate::{
    id_of, ids,
    server::{Stream, server},
    sql::{run, run_until},
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_inferred_read_and_written_to_another() {
    let Some(server) = server() else { return };
    let (from, to) = (Stream::create(server, "from").await, Stream::create(server, "to").await);
    from.write("eu", (0..300).map(|id| format!(r#"{{"id":{id},"name":"n{id}"}}"#))).await;
    // No columns: they are inferred, and nothing is consumed by that.
    let sql = format!(
        "CREATE SOURCE s FROM NATS (servers = '{server}', subject = '{0}.>', end = latest) FORMAT JSON;
         CREATE SINK out INTO NATS (servers = '{server}', subject = '{1}.all') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.records, summary.rows), (300, 300));
    let seen = to.read().await;
    assert_eq!(seen[7].value, r#"{"id":7,"name":"n7"}"#);
    assert_eq!(account(seen.iter().map(|s| &s.value), 300), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_select_and_metadata_columns_tell_where_a_record_was() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "wild").await;
    stream.write("eu.new", ids(0..2)).await;
    stream.write("us.new", ids(2..3)).await;
    stream.write_with("eu.old", &[("b", "2"), ("a", "1")], r#"{"id":3}"#).await;
    let (store, out) = memory();
    let name = &stream.name;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', subject = '{name}.eu.*', end = latest) FORMAT JSON
         INCLUDE KEY AS subject, PARTITION AS p, OFFSET AS seq, HEADERS AS h;
         {out} INSERT INTO out SELECT * FROM s"
    );
    assert_eq!(run(&sql).await.unwrap().rows, 3);
    let rows: Vec<serde_json::Value> = store.texts().iter().map(|t| serde_json::from_str(t).unwrap()).collect();
    let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [0, 1, 3]);
    // Keys are bytes, which JSON has as base64.
    let key = |row: &serde_json::Value| STANDARD.decode(row["subject"].as_str().unwrap()).unwrap();
    assert_eq!(key(&rows[2]), format!("{name}.eu.old").into_bytes());
    assert_eq!((&rows[2]["p"], &rows[2]["seq"]), (&name.as_str().into(), &4.into()));
    println!("headers: {}", rows[2]["h"]);
    assert!(
        rows[2]["h"].to_string().contains(r#""a":"#) && key(&rows[0]) == format!("{name}.eu.new").into_bytes(),
        "{rows:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_resumed_exactly_without_and_with_a_durable_consumer() {
    let Some(server) = server() else { return };
    for extra in ["", ", durable = 'd'", ", durable = 'd', ack_policy = 'all'"] {
        let stream = Stream::create(server, "resumed").await;
        let (dir, name) = (tempfile::tempdir().unwrap(), &stream.name);
        let out = dir.path().join("out.ndjson").display().to_string();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', subject = '{name}.>', end = latest{extra}) FORMAT JSON;
             CREATE SINK out INTO FILE (path = '{out}') FORMAT JSON; INSERT INTO out SELECT * FROM s"
        );
        for round in 0..3 {
            stream.write("a", ids(round * 10..round * 10 + 10)).await;
            let running = run_until(&sql, Some(dir.path()), std::future::pending());
            assert_eq!(Box::pin(running).await.unwrap().records, 10, "{extra} round {round}");
            if !extra.is_empty() {
                assert_eq!(stream.acknowledged("d").await, (round * 10 + 10, 0), "{extra} round {round}");
            }
        }
        let text = std::fs::read_to_string(&out).unwrap();
        assert_eq!(account(text.lines(), 30), (vec![], vec![]), "{extra}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_checkpoint_sets_a_durable_consumer_back() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "older").await;
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', subject = '{}.>', end = latest, durable = 'd')
         FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        stream.name
    );
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    };
    let counts = [(0..10, 10), (10..20, 10), (20..25, 15)];
    for (round, (written, read)) in counts.into_iter().enumerate() {
        stream.write("a", ids(written)).await;
        if round == 2 {
            // As after a backup was put back: records from the tenth on are to come again.
            copy(kept.path(), dir.path());
        }
        let running = run_until(&sql, Some(dir.path()), std::future::pending());
        assert_eq!(Box::pin(running).await.unwrap().records, read, "round {round}");
        if round == 0 {
            copy(dir.path(), kept.path());
        }
    }
    assert_eq!(stream.acknowledged("d").await, (25, 0));
    assert_eq!(account(store.texts(), 25).0, Vec::<u64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_checkpoint_a_durable_consumer_goes_on_where_it_was_acknowledged() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "durable").await;
    let sql = |out: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', durable = 'd') FORMAT JSON;
             {out} INSERT INTO out SELECT * FROM s",
            stream.name
        )
    };
    let mut all = Vec::new();
    for round in 0..3 {
        stream.write("a", ids(round * 100..round * 100 + 100)).await;
        let (store, out) = memory();
        let enough = until(|| store.texts().len() >= 100);
        run_until(&sql(&out), None, enough).await.unwrap();
        all.extend(store.texts());
        assert_eq!(stream.acknowledged("d").await, (round * 100 + 100, 0), "round {round}");
    }
    assert_eq!(account(&all, 300), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_share_a_durable_consumer() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "shared").await;
    let (stores, outs): (Vec<_>, Vec<_>) = (0..2).map(|_| memory()).unzip();
    let stop = tokio::sync::watch::channel(false).0;
    let mut members = tokio::task::JoinSet::new();
    for out in &outs {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', durable = 'd', shared = true,
             max_buffered_records = 8) FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            stream.name
        );
        let mut stop = stop.subscribe();
        members.spawn(async move { run_until(&sql, None, async move { drop(stop.wait_for(|s| *s).await) }).await });
    }
    let mut written = 0;
    let total = || stores.iter().map(|s| s.texts().len()).sum::<usize>();
    while written < 2000 || stores.iter().any(|s| s.texts().is_empty()) {
        stream.write("a", ids(written..written + 500)).await;
        written += 500;
        until(|| total() >= usize::try_from(written).unwrap()).await;
        assert!(written < 50_000, "one of the two gets nothing");
    }
    stop.send(true).unwrap();
    while let Some(ended) = members.join_next().await {
        ended.unwrap().unwrap();
    }
    assert_eq!(account(stores.iter().flat_map(|s| s.texts()), written), (vec![], vec![]));
    assert_eq!(stream.acknowledged("d").await, (written, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_begins_where_the_options_say() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "start").await;
    stream.write("a", ids(0..5)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let between = chrono::Utc::now().to_rfc3339();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write("b", ids(5..8)).await;
    let name = &stream.name;
    for (start, expected) in [
        ("all", vec![0, 1, 2, 3, 4, 5, 6, 7]),
        ("last", vec![7]),
        ("last_per_subject", vec![4, 7]),
        ("7", vec![6, 7]),
        (between.as_str(), vec![5, 6, 7]),
        ("new", vec![]),
    ] {
        let (store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', subject = '{name}.>', start = '{start}', end = latest)
             FORMAT JSON; {out} INSERT INTO out SELECT * FROM s"
        );
        run(&sql).await.unwrap();
        let ids: Vec<u64> = store.texts().iter().map(|text| id_of(text)).collect();
        assert_eq!(ids, expected, "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_has_taken_before_it_was_read_is_told() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "lost").await;
    stream.write("a", ids(0..10)).await;
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = memory();
    let sql = |more: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', end = latest{more}) FORMAT JSON;
             {out} INSERT INTO out SELECT * FROM s",
            stream.name
        )
    };
    run_until(&sql(""), Some(dir.path()), std::future::pending()).await.unwrap();
    stream.write("a", ids(10..20)).await;
    stream.stream().await.purge().sequence(15).await.unwrap();
    let error = run_until(&sql(""), Some(dir.path()), std::future::pending()).await.unwrap_err();
    assert!(error.contains("sequence 11 is to be read next, and the stream begins at 15"), "{error}");
    run_until(&sql(", on_lost = 'continue'"), Some(dir.path()), std::future::pending()).await.unwrap();
    assert_eq!(store.texts().len(), 16);

    // The same checkpoint against a stream that was made again.
    stream.context.delete_stream(&stream.name).await.unwrap();
    let subjects = vec![format!("{}.>", stream.name)];
    let config = jetstream::stream::Config { name: stream.name.clone(), subjects, ..Default::default() };
    stream.context.create_stream(config).await.unwrap();
    let error = run_until(&sql(""), Some(dir.path()), std::future::pending()).await.unwrap_err();
    assert!(error.contains("sequence 21 is to be read next, and the stream's last one is 0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sampling_consumes_nothing_and_says_what_to_do_with_an_empty_stream() {
    let Some(server) = server() else { return };
    let stream = Stream::create(server, "sampled").await;
    let source = |more: &str| {
        format!("CREATE SOURCE s FROM NATS (servers = '{server}', subject = '{}.>'{more}) FORMAT JSON", stream.name)
    };
    let inferring = format!("{} INFER SCHEMA (sample_timeout = '300ms');", source(", end = latest"));
    let (_store, out) = memory();
    let error = run(&format!("{inferring} {out} INSERT INTO out SELECT * FROM s")).await.unwrap_err();
    assert!(error.contains("had no record within") && error.contains("declare the columns"), "{error}");

    stream.write("a", (0..50).map(|id| format!(r#"{{"id":{id}}}"#))).await;
    stream.write("b", (0..50).map(|id| format!(r#"{{"id":{id},"late":"x"}}"#))).await;
    for (from, has_late) in [("head", false), ("tail", true)] {
        let (store, out) = memory();
        let more = format!(", end = latest, durable = 'd-{from}', sample_from = '{from}'");
        let sql = format!("{} INFER SCHEMA (sample_size = 20); {out} INSERT INTO out SELECT * FROM s", source(&more));
        let result = run(&sql).await;
        let (late, text) = (store.texts().iter().filter(|t| t.contains("late")).count(), store.texts().len());
        println!("{from}: {result:?}, {late} of {text} rows have the late field");
        if has_late {
            assert_eq!(text, 100, "the durable consumer still had everything");
        }
        assert_eq!(late > 0, has_late, "{from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_watched_and_deleted_keys_are_tombstones() {
    let Some(server) = server() else { return };
    let context = jetstream::new(async_nats::connect(server).await.unwrap());
    let bucket = unique("bucket");
    let store = context.create_key_value(kv::Config { bucket: bucket.clone(), history: 5, ..Default::default() }).await;
    let kv = store.unwrap();
    for (key, value) in [("a", r#"{"id":1}"#), ("b.c", r#"{"id":2}"#), ("a", r#"{"id":3}"#)] {
        kv.put(key, value.into()).await.unwrap();
    }
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', bucket = '{bucket}') FORMAT JSON INCLUDE KEY AS k;
         {out} INSERT INTO out SELECT * FROM s"
    );
    let enough = async {
        until(|| store.texts().len() == 2).await;
        kv.delete("b.c").await.unwrap();
        kv.put("d", r#"{"id":4}"#.into()).await.unwrap();
        until(|| store.texts().iter().any(|text| text.contains('4'))).await;
    };
    let summary = run_until(&sql, None, enough).await.unwrap();
    let row = |key: &str, id: &str| format!(r#"{{"id":{id},"k":"{}"}}"#, STANDARD.encode(key));
    let expected = [row("b.c", "2"), row("a", "3"), row("d", "4")];
    assert_eq!((summary.records, summary.rows), (4, 3), "a deleted key is a record, and no row");
    assert_eq!(store.texts(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_subjects_are_shared_by_a_queue_group() {
    let Some(server) = server() else { return };
    let client = async_nats::connect(server).await.unwrap();
    let subject = unique("core");
    let (stores, outs): (Vec<_>, Vec<_>) = (0..2).map(|_| memory()).unzip();
    let stop = tokio::sync::watch::channel(false).0;
    let mut members = tokio::task::JoinSet::new();
    for out in &outs {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', subject = '{subject}.*', mode = 'core',
             queue_group = 'g') FORMAT JSON INCLUDE KEY AS subject; {out} INSERT INTO out SELECT * FROM s"
        );
        let mut stop = stop.subscribe();
        members.spawn(async move { run_until(&sql, None, async move { drop(stop.wait_for(|s| *s).await) }).await });
    }
    // What is published before anybody listens is nobody's.
    let mut probes = 0;
    while stores.iter().any(|s| s.texts().is_empty()) {
        client.publish(format!("{subject}.probe"), r#"{"id":0}"#.into()).await.unwrap();
        probes += 1;
        assert!(probes < 6000, "nobody listens");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for id in ids(1000..2000) {
        client.publish(format!("{subject}.real"), id.into()).await.unwrap();
    }
    let real = || stores.iter().flat_map(|s| s.texts()).filter(|text| id_of(text) >= 1000).count();
    until(|| real() == 1000).await;
    stop.send(true).unwrap();
    while let Some(ended) = members.join_next().await {
        ended.unwrap().unwrap();
    }
    assert_eq!(real(), 1000, "each record goes to one of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_options_and_places_are_refused_by_name() {
    let check = async |from: &str, expected: &str| {
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS ({from}) FORMAT JSON; {out} INSERT INTO out SELECT * FROM s"
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{from}\n{error}");
        assert!(!error.contains("hunter2"), "{error}");
    };
    check("subject = 't'", "missing required option `servers`").await;
    check("servers = 'a', subjct = 't'", "did you mean `subject`?").await;
    check("servers = 'a'", "it says what to read").await;
    check("servers = 'nats://u:hunter2@a', subject = 't'", "use `user` and `password`").await;
    check("servers = 'a', subject = 't', mode = 'core', durable = 'd'", "queue_group instead").await;
    check("servers = 'a', subject = 't', shared = true", "what is shared is a durable consumer").await;
    check("servers = 'a', subject = 't', start = 'yesterday'", "expected all, new, last").await;
    let away = "servers = '127.0.0.1:1', subject = 't', connect_timeout = '300ms', token = 'hunter2'";
    check(away, "cannot connect to NATS: 127.0.0.1:1").await;
    let Some(server) = server() else { return };
    let missing = unique("missing");
    check(&format!("servers = '{server}', subject = '{missing}'"), &format!("has subject `{missing}`; create")).await;
    check(&format!("servers = '{server}', stream = '{missing}'"), &format!("has stream `{missing}`; create")).await;
    check(&format!("servers = '{server}', bucket = '{missing}'"), &format!("has bucket `{missing}`; create")).await;
    let (one, two) = (Stream::create(server, "one").await, Stream::create(server, "two").await);
    let both = format!("servers = '{server}', subject = '{}.a, {}.a'", one.name, two.name);
    check(&both, "write a source for each").await;
    // A consumer that somebody else has made otherwise.
    let config = pull::Config { durable_name: Some("d".into()), ack_policy: AckPolicy::None, ..Default::default() };
    one.stream().await.create_consumer(config).await.unwrap();
    let durable = |name: &str, more: &str| format!("servers = '{server}', stream = '{name}', durable = 'd'{more}");
    check(&durable(&one.name, ""), "takes no acknowledgements").await;
    let config = pull::Config { durable_name: Some("d".into()), ..Default::default() };
    two.stream().await.create_consumer(config).await.unwrap();
    let other = format!(", subject = '{}.x'", two.name);
    check(&durable(&two.name, &other), "it delivers everything, and the source reads").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_come_too_fast_for_a_plain_subject_are_told() {
    let Some(server) = server() else { return };
    let client = async_nats::connect(server).await.unwrap();
    for (on_lost, is_told) in [("fail", true), ("continue", false)] {
        let subject = unique("fast");
        let options = [
            ("servers", server),
            ("subject", subject.as_str()),
            ("mode", "core"),
            ("max_buffered_records", "8"),
            ("on_lost", on_lost),
        ];
        let config = NatsSourceConfig::from_options(&Options::from_pairs(options)).unwrap();
        let source: NatsSource = NatsSource::new(config).unwrap();
        let (mut stream, mut batch) = (source.start(None).await.unwrap(), SourceBatch::new());
        // Another connection's messages may overtake a subscription. The server says of a request whether anybody listens.
        let asked = || tokio::time::timeout(Duration::from_millis(200), client.request(subject.clone(), "{}".into()));
        while let Ok(Err(_)) = asked().await {}
        for id in ids(0..1000) {
            client.publish(subject.clone(), id.into()).await.unwrap();
        }
        client.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let first = stream.next(&mut batch, 10_000).await;
        let told = first.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert_eq!(told.contains("some were dropped; raise max_buffered_records"), is_told, "{told}");
        // It is told once, and what was kept is read behind it.
        let read = if is_told { stream.next(&mut batch, 10_000).await.unwrap() } else { first.unwrap() };
        assert!((1..1000).contains(&read), "{read}");
    }
}
