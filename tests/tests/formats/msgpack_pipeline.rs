//! MessagePack from SQL to rows and back to files: inferred, declared, rescued, cut off, and through memory.

use std::{fs, path::Path};

use laminar_connector_memory::MemoryStore;
use laminar_schema::{Metrics, engine::RunOptions};
use laminar_tests::engine::TestEngine;

/// Runs every pipeline of the text, in batches of two records; what a sink named `name` in memory has then, or the error.
async fn run(sql: &str, name: &str) -> Result<Vec<String>, String> {
    let store = MemoryStore::new();
    assert!(store.register(name));
    let mut engine = TestEngine::new();
    let script = engine.load(sql).unwrap();
    let options = RunOptions { max_batch_records: 2, ..RunOptions::default() };
    for planned in engine.plan(&script, &options).await.unwrap() {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.map_err(|e| e.to_string())?;
    }
    Ok(store.texts())
}

/// A file of MessagePack with three rows, written by us from JSON.
async fn write(dir: &Path) -> String {
    let lines = dir.join("in.ndjson");
    let text = r#"{"id":1,"at":"2024-02-29T01:02:03Z","tags":["a","b"],"m":{"x":1.5}}
{"id":18446744073709551615,"at":"2024-02-29T01:02:03.000004Z","tags":[],"m":{"x":null}}
{"id":3,"at":null,"tags":null,"m":null,"more":{"k":[true]}}
"#;
    fs::write(&lines, text).unwrap();
    let path = dir.join("out.msgpack").display().to_string();
    let sql = format!(
        "CREATE SOURCE s FROM FILE (path = '{}') FORMAT JSON; CREATE SINK k INTO FILE (path = '{path}') FORMAT MSGPACK
         (explicit_nulls = 'false'); INSERT INTO k SELECT * FROM s",
        lines.display()
    );
    run(&sql, &path).await.unwrap();
    path
}

#[tokio::test]
async fn files_are_inferred_declared_and_rescued() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path()).await;
    let select = |name: &str| {
        format!(
            "CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON (explicit_nulls = 'false');
             INSERT INTO k SELECT * FROM s"
        )
    };
    let inferred = format!(
        "CREATE SOURCE s FROM FILE (path = '{path}') FORMAT MSGPACK INFER SCHEMA (sample_size = 100); {}",
        select("msgpack_rows")
    );
    assert_eq!(
        run(&inferred, "msgpack_rows").await.unwrap(),
        [
            r#"{"id":1,"at":"2024-02-29T01:02:03Z","tags":["a","b"],"m":{"x":1.5}}"#,
            r#"{"id":18446744073709551615,"at":"2024-02-29T01:02:03.000004Z","tags":[],"m":{}}"#,
            r#"{"id":3,"more":{"k":[true]}}"#,
        ]
    );
    let declared = format!(
        "CREATE SOURCE s (id BIGINT, at TIMESTAMP, tags VARCHAR[]) FROM FILE (path = '{path}')
         FORMAT MSGPACK (type_mismatch = 'rescue', unknown_fields = 'rescue'); {}",
        select("msgpack_rescued")
    );
    assert_eq!(
        run(&declared, "msgpack_rescued").await.unwrap(),
        [
            r#"{"id":1,"at":"2024-02-29T01:02:03","tags":["a","b"],"_rescued":{"m":{"value":{"x":1.5},"reason":"unknown_field"}}}"#,
            r#"{"at":"2024-02-29T01:02:03.000004","tags":[],"_rescued":{"id":{"value":18446744073709551615,"reason":"type_mismatch"},"m":{"value":{},"reason":"unknown_field"}}}"#,
            r#"{"id":3,"_rescued":{"more":{"value":{"k":[true]},"reason":"unknown_field"}}}"#,
        ]
    );
}

#[tokio::test]
async fn a_value_that_is_cut_off_is_rejected_where_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path()).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let sql = |policy: &str, name: &str| {
        format!(
            "CREATE SOURCE s (id UBIGINT) FROM FILE (path = '{path}') FORMAT MSGPACK {policy};
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
        )
    };
    let error = run(&sql("", "msgpack_cut"), "msgpack_cut").await.unwrap_err();
    assert!(error.contains("expected the rest of a value, found the end of the record"), "{error}");
    assert!(error.contains("offset ") && !error.contains("line "), "{error}");
    let rows = run(&sql("ON ERROR SKIP", "msgpack_skipped"), "msgpack_skipped").await.unwrap();
    assert_eq!(rows, [r#"{"id":1}"#, r#"{"id":18446744073709551615}"#]);
}
