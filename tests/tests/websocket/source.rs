//! Sources: a server's messages, those of our clients, several records in one, and numbers with gaps.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use laminar_connector_websocket::{WebSocketSource, WebSocketSourceConfig};
use laminar_schema::{ConnectorConfig, FormatSpec, Metrics, Options, RecordStream, Source, SourceBatch};
use laminar_tests::served::{account, memory};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    ids,
    peers::{Server, Socket, free_port},
    python::Peer,
    sql::{run, run_measured, run_until},
    until,
};

/// Sends `messages`, and closes.
async fn say(mut socket: Socket, messages: Vec<Message>) {
    for message in messages {
        if socket.feed(message).await.is_err() {
            return;
        }
    }
    let _ = socket.close(None).await;
    while let Some(Ok(_)) = socket.next().await {}
}

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<Message> {
    texts.into_iter().map(|text| Message::text(text.into())).collect()
}

async fn saying(messages: Vec<Message>) -> Server {
    Server::start(move |socket, _| say(socket, messages.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_inferred_read_and_sent_to_another() {
    let Some(from) = Peer::server(&["serve", "300"]) else { return };
    let Some(mut to) = Peer::server(&["collect"]) else { return };
    // No columns: they are inferred over a connection of their own.
    let sql = format!(
        r#"CREATE SOURCE s FROM WEBSOCKET (url = '{}', subscribe = '{{"op":"subscribe"}}', "end" = 'close') FORMAT JSON
           INFER SCHEMA (sample_timeout = '20s', sample_size = 100);
           CREATE SINK out INTO WEBSOCKET (url = '{}') FORMAT JSON; INSERT INTO out SELECT * FROM s"#,
        from.url, to.url
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.records, summary.rows), (300, 300));
    let seen = to.lines(300);
    assert_eq!(seen[7], r#"{"id":7,"name":"n7"}"#);
    assert_eq!(account(seen, 300), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_send_is_sampled_and_read_and_nothing_of_it_is_lost() {
    let (store, out) = memory();
    let address = format!("127.0.0.1:{}", free_port());
    let sql = format!(
        "CREATE SOURCE s FROM WEBSOCKET (listen = '{address}', path = '/in') FORMAT JSON
         INFER SCHEMA (sample_timeout = '5s', sample_size = 50) INCLUDE KEY AS k, OFFSET AS o, TIMESTAMP AS t, PARTITION AS p;
         {out} INSERT INTO out SELECT * FROM s"
    );
    let url = format!("ws://{address}/in");
    let sending = tokio::spawn(async move {
        // They come before the listener, or while it samples.
        for _ in 0..3 {
            while tokio::net::TcpStream::connect(&address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        (0..3).map(|_| Peer::client(&["send", &url, "100"])).collect::<Option<Vec<_>>>()
    });
    let enough = async {
        let clients = sending.await.unwrap();
        if clients.is_some() {
            until(|| store.texts().len() >= 300).await;
        }
    };
    let run = Box::pin(run_until(&sql, None, enough)).await;
    let rows: Vec<serde_json::Value> = store.texts().iter().map(|t| serde_json::from_str(t).unwrap()).collect();
    if rows.is_empty() {
        return println!("skipped: no client came: {run:?}");
    }
    run.unwrap();
    let mut ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    let offsets: Vec<u64> = rows.iter().map(|row| row["o"].as_u64().unwrap()).collect();
    let peers: std::collections::BTreeSet<String> = rows.iter().map(|row| row["k"].to_string()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..300).map(|n| n / 3).collect::<Vec<u64>>());
    assert_eq!(offsets, (0..300).collect::<Vec<u64>>());
    assert_eq!(peers.len(), 3);
    assert!(rows.iter().all(|row| row["p"].as_str().unwrap().ends_with("/in") && !row["t"].is_null()), "{}", rows[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_holds_one_record_or_several() {
    let check = async |messages: Vec<Message>, options: &str, format: &str, expected: &[&str]| {
        let (server, (store, out)) = (saying(messages).await, memory());
        let sql = format!(
            r#"CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', "end" = 'close'{options}) FORMAT {format} ON ERROR SKIP;
               {out} INSERT INTO out SELECT * FROM s"#,
            server.url
        );
        run(&sql).await.unwrap();
        let found: Vec<String> = store.texts();
        assert_eq!(found, expected, "{options} {format}");
    };
    let one = r#"{"id":1}"#;
    let (two, three) = (r#"{"id":2}"#, r#"{"id":3}"#);
    check(texts([one, "no json", two]), "", "JSON", &[one, two]).await;
    check(texts([one, two, three]), ", skip_first = 2", "JSON", &[three]).await;
    check(vec![Message::binary(one), Message::text(two)], "", "JSON", &[one, two]).await;
    let several = texts([format!("[{one},{two}]"), three.to_owned(), format!("{one}\n{two}\n"), String::new()]);
    check(several, ", split = true", "JSON", &[one, two, three, one, two]).await;
    check(texts(["1\n2", "3"]), ", split = true", "CSV (header = 'false')", &[one, two, three]).await;
    let packed = vec![Message::binary(vec![0x81, 0xa2, b'i', b'd', 1, 0x81, 0xa2, b'i', b'd', 2])];
    check(packed, ", split = true", "MSGPACK", &[one, two]).await;
    // Pings are no records.
    let mut with_pings = texts([one]);
    with_pings.insert(0, Message::Ping("x".into()));
    check(with_pings, "", "JSON", &[one]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered() {
    // What the server says depends on the answer.
    let server = Server::start(move |mut socket, _| async move {
        socket.send(Message::Ping("x".into())).await.unwrap();
        if socket.next().await.unwrap().unwrap() == Message::Pong("x".into()) {
            say(socket, texts([r#"{"id":1}"#])).await;
        }
    })
    .await;
    let (store, out) = memory();
    let sql = format!(
        r#"CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', "end" = 'close') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s"#,
        server.url
    );
    run(&sql).await.unwrap();
    assert_eq!(store.texts(), [r#"{"id":1}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_source_leaves_a_server_that_pings_without_end_and_reads_nothing() {
    let (left, mut is_left) = tokio::sync::mpsc::channel(1);
    let server = Server::start(move |mut socket, _| {
        let left = left.clone();
        async move {
            while socket.send(Message::Ping("x".into())).await.is_ok() {}
            left.send(()).await.unwrap();
        }
    })
    .await;
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        server.url
    );
    run_until(&sql, None, tokio::time::sleep(Duration::from_secs(1))).await.unwrap();
    let seen = tokio::time::timeout(Duration::from_secs(10), is_left.recv()).await;
    assert_eq!(seen, Ok(Some(())), "the connection has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_counted_or_end_the_run() {
    let numbered = |numbers: &[u64]| texts(numbers.iter().map(|n| format!(r#"{{"id":{n},"m":{{"seq":"{n}"}}}}"#)));
    let server = saying(numbered(&[3, 4, 7, 7, 8])).await;
    let sql = |more: &str, out: &str| {
        format!(
            r#"CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', "end" = 'close', sequence = '/m/seq'{more}) FORMAT JSON;
               {out} INSERT INTO out SELECT * FROM s"#,
            server.url
        )
    };
    let ((store, out), metrics) = (memory(), Metrics::new());
    run_measured(&sql("", &out), &metrics).await.unwrap();
    assert_eq!(store.texts().len(), 5);
    let count = |name: &str| metrics.source_measures().iter().find(|m| m.measure.name == name).map(|m| m.value);
    assert_eq!(count("laminar_websocket_gaps_total"), Some(1));
    assert_eq!(count("laminar_websocket_missing_total"), Some(2));
    assert_eq!(count("laminar_websocket_repeats_total"), Some(1));
    let (_store, out) = memory();
    let error = run(&sql(", on_gap = 'fail'", &out)).await.unwrap_err();
    assert!(error.contains("record 5 of `sequence` should have come, and 7 did"), "{error}");
    // The next run compares with the last number of the checkpoint.
    let (dir, (_store, out)) = (tempfile::tempdir().unwrap(), memory());
    Box::pin(run_until(&sql("", &out), Some(dir.path()), std::future::pending())).await.unwrap();
    let error = Box::pin(run_until(&sql(", on_gap = 'fail'", &out), Some(dir.path()), std::future::pending())).await;
    let error = error.unwrap_err();
    assert!(error.contains("record 9 of `sequence` should have come, and 3 did"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_buffer_blocks_drops_or_fails() {
    let check = async |policy: &str| {
        let server = saying(texts(ids(0..1000))).await;
        let options = [
            ("url", server.url.as_str()),
            ("max_buffered_records", "10"),
            ("on_overflow", policy),
            ("end", "close"),
            ("max_batch_bytes", "64"),
        ];
        let config = WebSocketSourceConfig::from_options(&Options::from_pairs(options)).unwrap();
        let source: WebSocketSource = WebSocketSource::new(config, &FormatSpec::new("json")).unwrap();
        let mut stream = source.start(None).await.unwrap();
        if policy != "block" {
            // Everything came before anything was taken.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let (mut batch, mut offsets) = (SourceBatch::new(), Vec::new());
        let error = loop {
            batch.clear();
            match stream.next(&mut batch, 100).await {
                Ok(0) => break String::new(),
                Ok(_) => offsets.extend(batch.raw_mut().iter().filter_map(|record| record.offset())),
                Err(e) => break e.to_string(),
            }
        };
        let dropped = stream.measures().and_then(|m| m.total("laminar_websocket_dropped_total")).unwrap_or(0);
        (offsets, dropped, error)
    };
    assert_eq!(check("block").await, ((0..1000).collect(), 0, String::new()));
    assert_eq!(check("drop_oldest").await, ((990..1000).collect(), 990, String::new()));
    let (offsets, _, error) = check("fail").await;
    assert_eq!(offsets, (0..10).collect::<Vec<u64>>());
    assert!(error.contains("messages came faster than they were taken, and 10 of"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_told_by_name() {
    let check = async |options: &str, format: &str, expected: &str| {
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET ({options}) FORMAT {format}; {out} INSERT INTO out SELECT * FROM s"
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{options}\n{error}");
    };
    check("subscribe = 'x'", "JSON", "or `listen` to be a server").await;
    check("url = 'ws://a', sequence = 'n'", "CSV", "looked for in JSON").await;
    check("url = 'ws://a', split = true", "CSV (header = 'true')", "not cut into records").await;
    check("url = 'ws://a'", "PARQUET", "parquet").await;
    check("listen = '127.0.0.1:0', subscribe = 'x'", "JSON", "for a server that is connected to").await;
    check("url = 'ws://127.0.0.1:1/', connect_timeout = '300ms'", "JSON", "cannot connect: ws://127.0.0.1:1/").await;
}
