//! Connections that are cut, servers that go away, and peers that send what no good one would.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::{SinkExt, StreamExt};
use laminar_schema::Metrics;
use laminar_tests::served::{account, memory};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::{
    ids,
    peers::{Server, Socket},
    sql::{run, run_measured, run_until},
    until,
};

const RECORDS: u64 = 20_000;

/// Sends ids that no connection before has got from here, and stays.
async fn go_on(mut socket: Socket, next: Arc<AtomicU64>) {
    while let id @ 0..RECORDS = next.fetch_add(1, Ordering::SeqCst) {
        if socket.feed(Message::text(format!(r#"{{"id":{id}}}"#))).await.is_err() {
            return;
        }
        if id % 50 == 49 {
            if socket.flush().await.is_err() {
                return;
            }
            // Slowly, so that not all of it is on its way when the connection is cut.
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
    let _ = socket.flush().await;
    while let Some(Ok(_)) = socket.next().await {}
}

fn count(metrics: &Metrics, name: &str) -> u64 {
    metrics.source_measures().iter().find(|m| m.measure.name == name).map_or(0, |m| m.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_made_again_and_what_was_missed_is_counted() {
    let next = Arc::new(AtomicU64::new(0));
    let of_server = Arc::clone(&next);
    let server = Server::start(move |socket, _| go_on(socket, Arc::clone(&of_server))).await;
    let proxy = Server::proxy(server.port).await;
    let ((store, out), metrics) = (memory(), Metrics::new());
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', sequence = 'id') FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        proxy.url
    );
    let enough = async {
        for part in 1..=3 {
            until(|| next.load(Ordering::SeqCst) >= RECORDS * part / 5).await;
            proxy.cut();
            until(|| proxy.num_clients() > usize::try_from(part).unwrap()).await;
        }
        until(|| next.load(Ordering::SeqCst) >= RECORDS).await;
        until(|| store.texts().last().is_some_and(|last| last.contains(&format!(":{}}}", RECORDS - 1)))).await;
    };
    let running =
        laminar_tests::served::run_measured::<crate::sql::Sources, crate::sql::Sinks>(&sql, None, enough, &metrics);
    Box::pin(running).await.unwrap();
    let (missing, twice) = account(store.texts(), RECORDS);
    println!(
        "cut three times: {} of {RECORDS} records were missed, and {} counted",
        missing.len(),
        count(&metrics, "laminar_websocket_missing_total")
    );
    assert_eq!(twice, Vec::<u64>::new());
    assert_eq!(count(&metrics, "laminar_websocket_missing_total"), missing.len() as u64);
    assert_eq!(count(&metrics, "laminar_websocket_reconnects_total"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_is_read_on_and_one_that_stays_away_ends_the_run() {
    let first = Server::start(|mut socket: Socket, _| async move {
        let _ = socket.send(Message::text(r#"{"id":0}"#)).await;
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let (port, (store, out)) = (first.port, memory());
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = 'ws://127.0.0.1:{port}/', outage_timeout = '3s') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s"
    );
    let running = tokio::spawn(async move { run_until(&sql, None, std::future::pending()).await });
    until(|| store.texts().len() == 1).await;
    first.cut();
    drop(first);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let second = Server::start_at(port, |mut socket: Socket, _| async move {
        let _ = socket.send(Message::text(r#"{"id":1}"#)).await;
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    until(|| store.texts().len() == 2).await;
    second.cut();
    drop(second);
    let error = running.await.unwrap().unwrap_err();
    assert!(error.contains("was not reached for") && error.contains("see that it runs"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_good_peer_sends_ends_the_run_or_the_connection() {
    let text = |bytes: &[u8], is_final| Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), is_final);
    let more = |bytes: &[u8]| Frame::message(bytes.to_vec(), OpCode::Data(Data::Continue), true);
    let mut compressed = text(br#"{"id":1}"#, true);
    compressed.header_mut().rsv1 = true;
    let long = format!(r#"{{"id":1,"t":"{}"}}"#, "x".repeat(2000));
    let halves = vec![text(&long.as_bytes()[..900], false), more(&long.as_bytes()[900..])];
    for (bad, expected) in [
        (vec![text(b"{\"id\":\xff}", true)], "UTF-8"),
        (vec![compressed], "Reserved bits"),
        (vec![text(long.as_bytes(), true)], "Message too long"),
        (halves, "Message too long"),
        (vec![more(b"{}")], "Continue frame"),
    ] {
        let server = Server::start(move |mut socket: Socket, number| {
            let bad = if number == 0 { bad.clone() } else { vec![] };
            async move {
                let good = [
                    Frame::message(&br#"{"id":"#[..], OpCode::Data(Data::Text), false),
                    Frame::message(format!("{number}}}"), OpCode::Data(Data::Continue), true),
                ];
                for frame in good.into_iter().chain(bad) {
                    let _ = socket.send(Message::Frame(frame)).await;
                }
                if number > 0 {
                    let _ = socket.close(None).await;
                }
                while let Some(Ok(_)) = socket.next().await {}
            }
        })
        .await;
        let sql = |out: &str, more: &str| {
            format!(
                r#"CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', max_message_bytes = 1000, "end" = 'close'{more}) FORMAT JSON;
                   {out} INSERT INTO out SELECT * FROM s"#,
                server.url
            )
        };
        let ((store, out), metrics) = (memory(), Metrics::new());
        run_measured(&sql(&out, ", on_fault = 'reconnect'"), &metrics).await.unwrap();
        assert_eq!(store.texts(), [r#"{"id":0}"#, r#"{"id":1}"#], "{expected}");
        assert_eq!(count(&metrics, "laminar_websocket_faults_total"), 1, "{expected}");
        drop(server);
    }
    let server = Server::start(move |mut socket: Socket, _| {
        let long = Message::text("x".repeat(2000));
        async move {
            let _ = socket.send(long).await;
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await;
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', max_message_bytes = 1000) FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        server.url
    );
    let error = run(&sql).await.unwrap_err();
    assert!(error.contains("2000 > 1000") && error.contains("`max_message_bytes`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_client_of_ours_does_not_disturb_the_others() {
    let ((store, out), port) = (memory(), crate::peers::free_port());
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (listen = '127.0.0.1:{port}', max_message_bytes = 1000) FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s"
    );
    let enough = async {
        until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        let connect = async || {
            let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio_tungstenite::client_async(format!("ws://127.0.0.1:{port}/"), tcp).await.unwrap().0
        };
        let (mut good, mut bad) = (connect().await, connect().await);
        let mut raw = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        raw.write_all(b"no handshake\r\n\r\n").await.unwrap();
        for id in ids(0..10) {
            good.send(Message::text(id)).await.unwrap();
        }
        bad.send(Message::text("x".repeat(2000))).await.unwrap();
        let told = loop {
            match bad.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map(|f| u16::from(f.code)),
                Some(Ok(_)) => {}
                other => panic!("no farewell: {other:?}"),
            }
        };
        assert_eq!(told, Some(1009));
        good.send(Message::text(r#"{"id":10}"#)).await.unwrap();
        until(|| store.texts().len() == 11).await;
    };
    Box::pin(run_until(&sql, None, enough)).await.unwrap();
    assert_eq!(account(store.texts(), 11), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_counts_as_lost() {
    // Nobody reads there, and so nobody answers pings.
    let server = Server::start(|socket: Socket, number| async move {
        let mut socket = socket;
        let _ = socket.send(Message::text(format!(r#"{{"id":{number}}}"#))).await;
        std::future::pending::<()>().await;
    })
    .await;
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', ping_interval = '100ms', idle_timeout = '400ms') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        server.url
    );
    let enough = async { until(|| store.texts().len() >= 3).await };
    Box::pin(run_until(&sql, None, enough)).await.unwrap();
}
