//! Sinks: to a server that is cut off, and to clients that are quick, slow or late.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use arrow_schema::{DataType, Field, Schema};
use futures_util::StreamExt;
use laminar_connector_websocket::{WebSocketSink, WebSocketSinkConfig, WebSocketWriter};
use laminar_schema::{
    Checkpoint, ConnectorConfig, EncodeSpec, EncodedBatch, FormatSpec, Options, Positions, RecordSink, Sink, SinkBatch,
};
use laminar_tests::served::account;
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    ids,
    peers::{Server, Socket, free_port},
    python::Peer,
    sql::run,
    until,
};

fn batch(rows: impl IntoIterator<Item = String>) -> EncodedBatch {
    let mut batch = EncodedBatch::new();
    for row in rows {
        batch.bytes_mut().extend_from_slice(row.as_bytes());
        batch.end_record();
    }
    batch
}

async fn start(options: &[(&str, &str)]) -> WebSocketWriter {
    let config = WebSocketSinkConfig::from_options(&Options::from_pairs(options.iter().copied())).unwrap();
    let sink: WebSocketSink = WebSocketSink::new(config).unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
    sink.start(&EncodeSpec::new(schema, FormatSpec::new("json"))).await.unwrap()
}

async fn write(writer: &mut WebSocketWriter, records: &EncodedBatch) {
    writer.write(SinkBatch::Encoded { records, prologue: b"", delimiter: b"\n" }).await.unwrap();
}

async fn prepare(writer: &mut WebSocketWriter) {
    writer.prepare(Checkpoint { epoch: 1, positions: &Positions::new() }).await.unwrap();
}

pub(crate) async fn client(port: u16) -> WebSocketStream<TcpStream> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    client_async(format!("ws://127.0.0.1:{port}/"), tcp).await.unwrap().0
}

/// What comes until the end, and the code of the farewell.
pub(crate) async fn drained(mut socket: WebSocketStream<TcpStream>) -> (Vec<String>, Option<u16>) {
    let (mut seen, mut code) = (Vec::new(), None);
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => seen.push(text.to_string()),
            Message::Close(frame) => code = frame.map(|f| f.code.into()),
            _ => {}
        }
    }
    (seen, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_loses_nothing_that_is_acknowledged() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let of_server = Arc::clone(&seen);
    let server = Server::start(move |mut socket: Socket, _| {
        let seen = Arc::clone(&of_server);
        async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    seen.lock().unwrap().push(text.to_string());
                }
            }
        }
    })
    .await;
    let proxy = Server::proxy(server.port).await;
    let mut writer = start(&[("url", &proxy.url), ("max_buffered_records", "500")]).await;
    for part in 0..20 {
        write(&mut writer, &batch(ids(part * 1000..part * 1000 + 1000))).await;
        if part % 6 == 5 {
            proxy.cut();
        }
    }
    prepare(&mut writer).await;
    // The server took them before it answered.
    until(|| account(seen.lock().unwrap().iter(), 20_000).0.is_empty()).await;
    let (missing, twice) = account(seen.lock().unwrap().iter(), 20_000);
    println!("cut three times within 20000 rows: {} missing, {} twice", missing.len(), twice.len());
    assert_eq!(proxy.num_clients(), 4);
    writer.close(b"").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_ends_the_run() {
    let server =
        Server::start(|mut socket: Socket, _| async move { while let Some(Ok(_)) = socket.next().await {} }).await;
    let mut writer = start(&[("url", &server.url), ("outage_timeout", "500ms")]).await;
    write(&mut writer, &batch(ids(0..10))).await;
    prepare(&mut writer).await;
    server.cut();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let rows = batch(ids(10..20));
    writer.write(SinkBatch::Encoded { records: &rows, prologue: b"", delimiter: b"\n" }).await.unwrap();
    let error = writer.prepare(Checkpoint { epoch: 2, positions: &Positions::new() }).await.unwrap_err();
    assert!(error.to_string().contains("was not reached for") && error.is_retryable(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_does_not_disturb_a_quick_one_unless_it_is_waited_for() {
    let rows = 300;
    for policy in ["disconnect", "drop_oldest", "drop_newest", "block"] {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut writer =
            start(&[("listen", &listen), ("on_slow", policy), ("max_buffered_records", "20"), ("min_clients", "2")])
                .await;
        let (quick, slow) = (client(port).await, client(port).await);
        let quick = tokio::spawn(drained(quick));
        // Much more than what the system holds for a connection.
        let row = |id: u64| format!(r#"{{"id":{id},"t":"{}"}}"#, "x".repeat(100_000));
        let writing = tokio::spawn(async move {
            for id in 0..rows {
                write(&mut writer, &batch([row(id)])).await;
                // The quick one is to keep up, so that only the slow one is in question.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            writer
        });
        if policy == "block" {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert!(!writing.is_finished(), "it waits for the slow one");
        }
        let slow = if policy == "block" { Ok(tokio::spawn(drained(slow))) } else { Err(slow) };
        let mut writer = writing.await.unwrap();
        let (dropped, disconnected) = (writer.num_dropped(), writer.num_disconnected());
        let closing = tokio::spawn(async move { writer.close(b"").await.unwrap() });
        let (of_slow, code) = match slow {
            Ok(draining) => draining.await.unwrap(),
            Err(slow) => drained(slow).await,
        };
        closing.await.unwrap();
        let (of_quick, quick_code) = quick.await.unwrap();
        println!(
            "{policy}: quick {} of {rows}, slow {}, {dropped} dropped, farewell {code:?}",
            of_quick.len(),
            of_slow.len()
        );
        assert_eq!((of_quick.len() as u64, quick_code), (rows, Some(1000)), "{policy}");
        match policy {
            "disconnect" => assert!(disconnected == 1 && of_slow.len() < 300 && code != Some(1000), "{disconnected}"),
            "block" => assert_eq!((of_slow.len() as u64, dropped), (rows, 0)),
            _ => assert_eq!(of_slow.len() as u64 + dropped, rows, "{policy}"),
        }
        let has_last = of_slow.last().is_some_and(|last| last.contains("\"id\":299,"));
        assert_eq!(has_last, matches!(policy, "drop_oldest" | "block"), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_farewell_is_answered() {
    let port = free_port();
    let mut writer = start(&[("listen", &format!("127.0.0.1:{port}"))]).await;
    let mut leaving = client(port).await;
    write(&mut writer, &batch(ids(0..1))).await;
    assert!(leaving.next().await.unwrap().unwrap().is_text());
    leaving.close(None).await.unwrap();
    assert!(matches!(leaving.next().await, Some(Ok(Message::Close(_)))));
    assert!(leaving.next().await.is_none(), "it ends by the handshake of farewells");
    writer.close(b"").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn late_clients_get_the_last_rows_and_too_many_are_refused() {
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut writer = start(&[("listen", &listen), ("replay", "3"), ("max_clients", "2")]).await;
    write(&mut writer, &batch(ids(0..10))).await;
    prepare(&mut writer).await;
    let (late, other) = (client(port).await, client(port).await);
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let refused = client_async(format!("ws://{listen}/"), tcp).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("503"), "{refused}");
    drop(other);
    write(&mut writer, &batch(ids(10..11))).await;
    let closing = tokio::spawn(async move { writer.close(b"").await.unwrap() });
    let (seen, code) = drained(late).await;
    closing.await.unwrap();
    assert_eq!((seen, code), (ids(7..11).collect::<Vec<_>>(), Some(1000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_feeds_another_librarys_clients() {
    let (port, dir) = (free_port(), tempfile::tempdir().unwrap());
    let path = dir.path().join("in.ndjson");
    std::fs::write(&path, ids(0..1000).map(|id| id + "\n").collect::<String>()).unwrap();
    let sql = format!(
        "CREATE SOURCE f (id BIGINT) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK w INTO WEBSOCKET (listen = '127.0.0.1:{port}', min_clients = 2, on_slow = 'block') FORMAT JSON;
         INSERT INTO w SELECT * FROM f",
        path.display()
    );
    let running = tokio::spawn(async move { run(&sql).await });
    until(|| TcpStreamStd::connect(("127.0.0.1", port)).is_ok()).await;
    let url = format!("ws://127.0.0.1:{port}/");
    let clients: Option<Vec<Peer>> = (0..2).map(|_| Peer::client(&["read", &url])).collect();
    let Some(clients) = clients else { return running.abort() };
    for mut client in clients {
        let seen = tokio::task::spawn_blocking(move || client.lines(1001)).await.unwrap();
        // It ends when the sink has closed the connection.
        assert_eq!(seen[1000], "");
        assert_eq!(account(&seen[..1000], 1000), (vec![], vec![]));
    }
    assert_eq!(running.await.unwrap().unwrap().rows, 1000);
}

use std::net::TcpStream as TcpStreamStd;
