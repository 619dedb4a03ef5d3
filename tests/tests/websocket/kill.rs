//! A pipeline that is killed while it sends to a server: what the source can give again arrives, and nothing is missing.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use laminar_tests::{killed, served::account};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    ids,
    peers::{Server, Socket},
    sql::{Sinks, Sources},
    until,
};

const ROWS: u64 = 100_000;
const KILLS: u64 = 4;

/// Not a test by itself: the process that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::child::<Sources, Sinks>().await;
}

fn spawn(sql: &str, checkpoints: &Path) -> killed::Process {
    killed::spawn("kill::child", sql, checkpoints)
}

/// What the server has seen: every row, and the first one of each connection.
#[derive(Default)]
struct Seen {
    rows: Mutex<Vec<String>>,
    first: Mutex<Vec<String>>,
    count: AtomicU64,
}

async fn take(mut socket: Socket, seen: Arc<Seen>) {
    let mut is_first = true;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if std::mem::take(&mut is_first) {
            seen.first.lock().unwrap().push(text.to_string());
        }
        seen.rows.lock().unwrap().push(text.to_string());
        if seen.count.fetch_add(1, Ordering::SeqCst).is_multiple_of(100) {
            // Slowly, so that the sender is killed in the middle of it.
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pipeline_goes_on_and_the_server_misses_nothing() {
    let seen = Arc::new(Seen::default());
    let of_server = Arc::clone(&seen);
    let server = Server::start(move |socket, _| take(socket, Arc::clone(&of_server))).await;
    let dir = tempfile::tempdir().unwrap();
    let (path, checkpoints) = (dir.path().join("in.ndjson"), dir.path().join("checkpoints"));
    std::fs::write(&path, ids(0..ROWS).map(|id| id + "\n").collect::<String>()).unwrap();
    let sql = format!(
        "CREATE SOURCE f (id BIGINT) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK w INTO WEBSOCKET (url = '{}', max_buffered_records = 500) FORMAT JSON;
         INSERT INTO w SELECT * FROM f",
        path.display(),
        server.url
    );
    for _ in 0..KILLS {
        let before = seen.count.load(Ordering::SeqCst);
        let mut child = spawn(&sql, &checkpoints);
        until(|| seen.count.load(Ordering::SeqCst) >= before + ROWS / 6).await;
        assert!(child.try_wait().unwrap().is_none(), "it is killed before its end");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut child = spawn(&sql, &checkpoints);
    let status = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    let rows = seen.rows.lock().unwrap();
    let (missing, twice) = account(rows.iter(), ROWS);
    let first = seen.first.lock().unwrap();
    println!(
        "killed {KILLS} times within {ROWS} rows: {} missing, {} more than once; connections began with {first:?}",
        missing.len(),
        twice.len()
    );
    assert_eq!(missing, Vec::<u64>::new());
    assert_eq!(first.len() as u64, KILLS + 1);
    assert_eq!(first.iter().filter(|row| **row == r#"{"id":0}"#).count(), 1, "each run goes on where the last was");
}
