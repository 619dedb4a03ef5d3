//! Many records with ids, through both modes of source and sink: every one of them arrives once.
//!
//! `scripts/websocket_million` runs it with a million of them.

use std::time::Instant;

use laminar_tests::served::{account, memory};

use crate::{ids, peers::free_port, sql::run_until, until};

#[tokio::test(flavor = "multi_thread")]
async fn every_record_arrives_once() {
    let records: u64 = std::env::var("LAMINAR_WEBSOCKET_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.ndjson");
    std::fs::write(&path, ids(0..records).map(|id| id + "\n").collect::<String>()).unwrap();
    // The sink listens and the source connects, and then the other way round.
    for listens in ["sink", "source"] {
        let (port, (store, out)) = (free_port(), memory());
        let (here, there) = (format!("listen = '127.0.0.1:{port}'"), format!("url = 'ws://127.0.0.1:{port}/'"));
        let (from, to) = if listens == "sink" {
            (there, format!("{here}, min_clients = 1, on_slow = 'block'"))
        } else {
            (here, there)
        };
        let reading = format!(
            "CREATE SOURCE s (id BIGINT) FROM WEBSOCKET ({from}, sequence = 'id', on_gap = 'fail') FORMAT JSON;
             {out} INSERT INTO out SELECT * FROM s"
        );
        let writing = format!(
            "CREATE SOURCE f (id BIGINT) FROM FILE (path = '{}') FORMAT JSON;
             CREATE SINK w INTO WEBSOCKET ({to}) FORMAT JSON; INSERT INTO w SELECT * FROM f",
            path.display()
        );
        let started = Instant::now();
        let writing = tokio::spawn(async move { run_until(&writing, None, std::future::pending()).await });
        let enough = async {
            let written = writing.await.unwrap().unwrap();
            assert_eq!(written.rows, records);
            until(|| store.texts().len() as u64 >= records).await;
        };
        Box::pin(run_until(&reading, None, enough)).await.unwrap();
        let seconds = started.elapsed().as_secs_f64();
        let (missing, twice) = account(store.texts(), records);
        println!(
            "{listens} listens: {records} records in {seconds:.2} s, {} missing, {} twice",
            missing.len(),
            twice.len()
        );
        assert_eq!((missing, twice), (vec![], vec![]), "{listens}");
    }
}
