//! Declared columns that no record had a value for are told at the end.

use std::path::Path;

use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::engine::RunOptions;

use laminar_tests::engine::run;

/// The columns told, each with the field that is like it, of a run over `records` with the clauses of `rest`.
async fn told(name: &str, columns: &str, records: &[&str], rest: &str, options: &RunOptions) -> String {
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register(name) && store.register(name));
    records.iter().for_each(|record| feed.push_to("0", *record));
    feed.end();
    let sql = format!(
        "CREATE SOURCE s ({columns}) FROM MEMORY (name = '{name}') {rest};
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    );
    shown(&run(&sql, options).await.0.unwrap())
}

fn shown(summary: &laminar_schema::Summary) -> String {
    let shown = |unseen: &laminar_schema::Unseen| match &unseen.similar {
        Some(similar) => format!("{} like {similar}", unseen.column),
        None => unseen.column.clone(),
    };
    summary.unseen.iter().map(shown).collect::<Vec<_>>().join(", ")
}

async fn check(name: &str, columns: &str, records: &[&str], rest: &str, expected: &str) {
    for threads in [1, 2] {
        let options = RunOptions { threads, max_batch_records: 2, ..RunOptions::default() };
        let found = told(&format!("unseen {name} {threads}"), columns, records, rest, &options).await;
        assert_eq!(found, expected, "{name}, {threads} threads");
    }
}

#[tokio::test]
async fn columns_that_no_record_has_are_told() {
    let two = [r#"{"id":1,"userId":5,"color":"red"}"#, r#"{"id":2,"userId":6,"color":null}"#];
    check("case", "id BIGINT, user_id BIGINT", &two, "FORMAT JSON", "user_id like userId").await;
    check("distance", "id BIGINT, colour VARCHAR", &two, "FORMAT JSON", "colour like color").await;
    check("nothing like it", "id BIGINT, price DOUBLE, userId BIGINT", &two, "FORMAT JSON", "price").await;
    check("taken", "id BIGINT, colors VARCHAR, color VARCHAR", &two, "FORMAT JSON", "colors").await;
    check("ignore", "id BIGINT, USERID BIGINT", &two, "FORMAT JSON ON SCHEMA CHANGE IGNORE", "USERID like userId")
        .await;
    check("evolve", "id BIGINT, price DOUBLE", &two, "FORMAT JSON ON SCHEMA CHANGE EVOLVE", "price").await;
    check("rescue", "id BIGINT, _rescued JSON", &two[..1], "FORMAT JSON ON SCHEMA CHANGE RESCUE", "").await;
    let other = [r#"{"id":1,"at":"soon"}"#];
    check("another type", "id BIGINT, at BIGINT", &other, "FORMAT JSON ON SCHEMA CHANGE RESCUE", "").await;
    // What has a DEFAULT has a value, and NOT NULL is an error of its own.
    check("default", "id BIGINT, price DOUBLE DEFAULT 1.5", &two, "FORMAT JSON", "").await;
    check("not null", "id BIGINT, price DOUBLE NOT NULL", &two, "FORMAT JSON ON ERROR SKIP", "").await;
    // The last of many batches has it.
    let mut late = [r#"{"id":1}"#; 9];
    late[8] = r#"{"price":1}"#;
    check("late", "id BIGINT, price DOUBLE", &late, "FORMAT JSON", "").await;
    check("nothing read", "id BIGINT", &[], "FORMAT JSON", "").await;
    let change = [r#"{"before":null,"after":{"Id":1},"op":"c"}"#];
    check("envelope", "id BIGINT", &change, "FORMAT JSON ENVELOPE DEBEZIUM", "id like Id").await;
}

#[tokio::test]
async fn files_and_runs_that_resume() {
    let dir = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).unwrap();
    write("1.csv", "id,Name\n1,x\n");
    let store = MemoryStore::new();
    assert!(store.register("unseen files"));
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM FILE (path = '{}/*.csv') FORMAT CSV;
         CREATE SINK k INTO MEMORY (name = 'unseen files') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        dir.path().display()
    );
    let checkpoints = dir.path().join("checkpoints");
    std::fs::create_dir(&checkpoints).unwrap();
    let options = RunOptions { checkpoint_dir: Some(checkpoints), ..RunOptions::default() };
    assert_eq!(shown(&run(&sql, &options).await.0.unwrap()), "name like Name");
    write("2.csv", "id,Name\n2,y\n");
    let summary = run(&sql, &options).await.0.unwrap();
    assert_eq!((shown(&summary).as_str(), summary.rows), ("", 1), "what earlier runs saw is not known");
    tables(dir.path()).await;
}

/// Columns of a table that nobody selects are not read, and not told.
async fn tables(dir: &Path) {
    for format in ["parquet", "avro"] {
        let path = dir.join(format!("t.{format}"));
        let path = path.display();
        let write = format!(
            "CREATE SOURCE g (id BIGINT, c VARCHAR) FROM FILE (path = '{0}/1.csv') FORMAT CSV;
             CREATE SINK t INTO FILE (path = '{path}') FORMAT {format}; INSERT INTO t SELECT * FROM g",
            dir.display()
        );
        run(&write, &RunOptions::default()).await.0.unwrap();
        for (columns, expected) in [("id, d", "d"), ("id", if format == "avro" { "d" } else { "" })] {
            let read = format!(
                "CREATE SOURCE s (id BIGINT, d VARCHAR) FROM FILE (path = '{path}') FORMAT {format};
                 CREATE SINK k INTO MEMORY (name = 'unseen files') FORMAT JSON; INSERT INTO k SELECT {columns} FROM s"
            );
            assert_eq!(shown(&run(&read, &RunOptions::default()).await.0.unwrap()), expected, "{format} {columns}");
        }
    }
}
