//! Signals, crashes and what comes after them; counters while it runs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::Duration,
};

use crate::laminar::Folder;

/// Waits until `is_so`; panics with `what` when it takes a minute.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "waited a minute for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status().unwrap();
    assert!(sent.success());
}

const FOLLOW: &str =
    "CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson', follow = 'true', poll_interval = '5ms') FORMAT JSON;
CREATE SINK o INTO FILE (path = 'out.csv') FORMAT CSV;
INSERT INTO o SELECT id FROM t;";

#[tokio::test]
async fn signals_stop_cleanly_and_the_next_run_goes_on() {
    let folder = Folder::with(&[("q.sql", FOLLOW), ("in.ndjson", "")]);
    let mut input = std::fs::OpenOptions::new().append(true).open(folder.path("in.ndjson")).unwrap();
    let mut expected = String::from("id\n");
    for (round, (name, code)) in [("INT", 130), ("TERM", 143), ("INT", 130)].into_iter().enumerate() {
        let args = ["run", "q.sql", "--checkpoint", "state", "--checkpoint-interval", "10ms"];
        let child = folder.command(&args).spawn().unwrap();
        let (first, last) = (round * 10, round * 10 + 10);
        for id in first..last {
            writeln!(input, "{{\"id\":{id}}}").unwrap();
            expected.push_str(&format!("{id}\n"));
        }
        until("the rows", || std::fs::read_to_string(folder.path("out.csv")).is_ok_and(|out| out == expected)).await;
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("t: 10 records") && said.contains("stopped before the end"), "{said}");
    }
    assert_eq!(folder.read("out.csv"), expected, "each row once");
}

#[tokio::test]
async fn a_signal_ends_a_run_that_still_waits_for_a_server() {
    // It takes connections, and says nothing on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let sql = format!(
        "CREATE SOURCE t (id BIGINT) FROM WEBSOCKET (url = 'ws://{address}/', connect_timeout = '2m') FORMAT JSON;
         CREATE SINK o INTO FILE (path = 'out.csv') FORMAT CSV;
         INSERT INTO o SELECT id FROM t;"
    );
    let folder = Folder::with(&[("q.sql", &sql)]);
    let mut child = folder.command(&["run", "q.sql"]).spawn().unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut connection = None;
    until("the connection", || {
        assert_eq!(child.try_wait().unwrap(), None, "it is at work");
        connection = connection.take().or(silent.accept().ok());
        connection.is_some()
    })
    .await;
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("t: 0 records") && said.contains("stopped before the end"), "{said}");
}

/// Records that a throttled run is to be killed among, and the pipeline over them.
fn generated(pace: &str) -> String {
    format!(
        "CREATE SOURCE t FROM GENERATOR (workload = 'trades', rows = 60000, bad_rate = 0.01, seed = 3{pace}) FORMAT JSON
         ON ERROR DEAD LETTER TO bad;
         CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON;
         CREATE SINK bad INTO FILE (path = 'bad.ndjson') FORMAT JSON;
         INSERT INTO o SELECT * FROM t;"
    )
}

#[tokio::test]
async fn a_killed_run_goes_on_and_every_record_arrives_once() {
    let whole = Folder::with(&[("q.sql", &generated(""))]);
    whole.run(&["run", "q.sql"]).ended(0, &["60,000 records"]);

    let folder = Folder::with(&[("slow.sql", &generated(", rows_per_second = 20000")), ("q.sql", &generated(""))]);
    let checkpoint = folder.path("state/t.checkpoint.json");
    for _ in 0..3 {
        let before = std::fs::read(&checkpoint).ok();
        let args = ["run", "slow.sql", "--checkpoint", "state", "--checkpoint-interval", "30ms"];
        let mut child = folder.command(&args).spawn().unwrap();
        until("a checkpoint", || std::fs::read(&checkpoint).ok() != before).await;
        signal(&child, "KILL");
        assert_eq!(child.wait().unwrap().code(), None, "it was killed before its end");
    }
    let rest = folder.run(&["run", "q.sql", "--checkpoint", "state"]).ended(0, &["t: "]);
    assert!(!rest.stderr.contains("t: 60,000 records"), "it did not start anew: {}", rest.stderr);
    assert!(folder.read("out.ndjson") == whole.read("out.ndjson"), "the rows of an uninterrupted run");
    assert!(folder.read("bad.ndjson") == whole.read("bad.ndjson"), "the dead letters of an uninterrupted run");

    let again = folder.run(&["run", "q.sql", "--checkpoint", "state"]).ended(0, &["t: 0 records"]);
    assert!(folder.read("out.ndjson") == whole.read("out.ndjson"), "nothing is left to do: {}", again.stderr);
}

#[tokio::test]
async fn counters_are_served_while_it_runs() {
    let folder = Folder::with(&[("q.sql", FOLLOW), ("in.ndjson", "{\"id\":1}\n")]);
    let mut child = folder.command(&["run", "q.sql", "--metrics", "0"]).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("metrics: http://").and_then(|a| a.strip_suffix("/metrics")).unwrap();
    let scrape = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    };
    until("the record", || scrape().contains("laminar_records_total{source=\"t\"} 1")).await;
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
