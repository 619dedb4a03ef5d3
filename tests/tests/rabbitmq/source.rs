//! Sources: queues that are acknowledged at checkpoints, and stream queues that are resumed exactly.

use laminar_tests::served::{account, memory};

use crate::{
    ids,
    server::{Queue, server},
    sql::{run, run_until},
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_inferred_read_and_written_to_a_file() {
    let Some(server) = server() else { return };
    let from = Queue::create(server, "from").await;
    from.write((0..300).map(|id| format!(r#"{{"id":{id},"name":"n{id}","price":{id}.5}}"#))).await;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.ndjson");
    // No columns: they are inferred, and nothing is consumed by that.
    let sql = format!(
        "CREATE SOURCE s FROM RABBITMQ ({}, queue = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO FILE (path = '{}') FORMAT JSON; INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name,
        out.display()
    );
    let summary = run(&sql).await.unwrap();
    assert_eq!((summary.records, summary.rows), (300, 300));
    let text = std::fs::read_to_string(out).unwrap();
    assert_eq!(text.lines().nth(7), Some(r#"{"id":7,"name":"n7","price":7.5}"#));
    assert_eq!(account(text.lines(), 300), (vec![], vec![]));
    assert_eq!(from.count().await, 0, "everything is acknowledged");
}
