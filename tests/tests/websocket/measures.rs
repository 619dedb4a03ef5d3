//! What a sink tells of itself: a row that a client does not get is told, in the counters of a run and in its summary.

use std::net::TcpStream;

use laminar_schema::{Metrics, pipeline::prometheus_text};

use crate::{
    peers::free_port,
    sink::{client, drained},
    sql::run_measured,
    until,
};

const ROWS: u64 = 300;

/// Runs a file into clients of which one reads nothing until all is written, and compares what it got with what was told.
async fn check(on_slow: &str) {
    let (port, dir, metrics) = (free_port(), tempfile::tempdir().unwrap(), Metrics::new());
    let path = dir.path().join("in.ndjson");
    // Much more than what the system holds for a connection.
    let text = "x".repeat(100_000);
    std::fs::write(&path, (0..ROWS).map(|id| format!("{{\"id\":{id},\"t\":\"{text}\"}}\n")).collect::<String>())
        .unwrap();
    let sql = format!(
        "CREATE SOURCE f (id BIGINT, t VARCHAR) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK w INTO WEBSOCKET (listen = '127.0.0.1:{port}', min_clients = 1, on_slow = '{on_slow}',
                                       max_buffered_records = 20) FORMAT JSON;
         INSERT INTO w SELECT * FROM f",
        path.display()
    );
    let told = |name: &str| {
        let numbers = metrics.sink_measures();
        numbers.iter().find(|(sink, m)| &**sink == "w" && m.measure.name == name).map(|(_, m)| m.value)
    };
    let slow = async {
        until(|| TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        let slow = client(port).await;
        // One that is let go at once may not be seen as a client.
        until(|| {
            told("laminar_websocket_sink_dropped_total") > Some(0)
                || told("laminar_websocket_sink_disconnected_total") > Some(0)
        })
        .await;
        let served = prometheus_text([("f", &metrics)].into_iter());
        assert!(served.contains(r#"laminar_websocket_sink_dropped_total{source="f",sink="w"}"#), "{served}");
        until(|| metrics.rows() == ROWS).await;
        drained(slow).await.0.len() as u64
    };
    let (summary, seen) = tokio::join!(run_measured(&sql, &metrics), slow);
    let summary = summary.unwrap();
    let of = |name: &str| summary.sinks.iter().find(|(_, m)| m.measure.name == name).map(|(_, m)| m.value).unwrap();
    let (dropped, disconnected) =
        (of("laminar_websocket_sink_dropped_total"), of("laminar_websocket_sink_disconnected_total"));
    println!("{on_slow}: {seen} of {ROWS} rows seen, {dropped} dropped, {disconnected} disconnected");
    match on_slow {
        "disconnect" => assert!(disconnected == 1 && dropped == 0 && seen < ROWS, "{on_slow}"),
        _ => assert!(disconnected == 0 && dropped > 0 && seen + dropped == ROWS, "{on_slow}"),
    }
    assert_eq!(of("laminar_websocket_sink_clients"), 0, "{on_slow}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_slow_client_does_not_get_are_told() {
    for on_slow in ["drop_oldest", "drop_newest", "disconnect"] {
        check(on_slow).await;
    }
}
