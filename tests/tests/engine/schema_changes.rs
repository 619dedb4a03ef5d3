//! `ON SCHEMA CHANGE`, from SQL to a sink: what each policy makes of a field that nobody declared.

use std::path::Path;

use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::{
    SchemaError, Summary,
    engine::RunOptions,
    evolution::{DriftStore, DriftVerdict},
};
use laminar_tests::engine::run;

/// Pushes the records into a feed of that name, which ends with them, and yields it with the store that the sink writes to. Both are found as long as they live.
fn between(name: &str, records: &[&str]) -> (MemoryFeed, MemoryStore) {
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register(name) && store.register(name));
    records.iter().for_each(|record| feed.push_to("0", *record));
    feed.end();
    (feed, store)
}

fn script(name: &str, columns: &str, policy: &str, rest: &str) -> String {
    format!(
        "CREATE SOURCE s ({columns}) FROM MEMORY (name = '{name}') FORMAT JSON {rest} ON SCHEMA CHANGE {policy};
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    )
}

const RECORDS: [&str; 6] = [
    r#"{"a":1}"#,
    r#"{"a":2,"b":null}"#,
    r#"{"a":3,"b":7,"s":{"x":1}}"#,
    r#"{"a":4,"s":{"x":2,"y":"z"},"b":8}"#,
    r#"{"a":5,"c":[1.5]}"#,
    r#"{"a":"no number","b":9}"#,
];

#[tokio::test]
async fn evolve_swaps_the_decoder_between_two_records() {
    for max_batch_records in [1, 2, 3, 100] {
        let name = format!("evolve_{max_batch_records}");
        let (_feed, store) = between(&name, &RECORDS[..5]);
        let options = RunOptions { max_batch_records, ..RunOptions::default() };
        let (summary, _) = run(&script(&name, "a BIGINT", "EVOLVE", ""), &options).await;
        let summary = summary.unwrap();
        assert_eq!((summary.records, summary.rows, summary.rejected), (5, 5, 0));
        let texts = store.texts();
        assert_eq!(texts[0], r#"{"a":1}"#, "a record before the change knows nothing of it");
        assert!(texts[4].contains(r#""c":[1.5]"#), "{}", texts[4]);
        assert!(texts[3].contains(r#""y":"z""#), "{}", texts[3]);
        assert!(texts[2].contains(r#""s":{"x":1"#) && texts[2].contains(r#""b":7"#), "{}", texts[2]);
        assert!(summary.drift.entries.iter().all(|e| e.verdict == DriftVerdict::Evolved && e.count == 1));
        let paths: Vec<&str> = summary.drift.entries.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(paths[0], "b");
        assert!(paths.contains(&"c"), "{paths:?}");
    }
}

#[tokio::test]
async fn a_type_is_inferred_from_what_follows_in_the_batch() {
    let (_feed, store) = between("evolve_types", &RECORDS[..5]);
    let (summary, _) = run(&script("evolve_types", "a BIGINT", "EVOLVE", ""), &RunOptions::default()).await;
    let changes: Vec<String> =
        summary.unwrap().drift.entries.iter().map(|e| format!("{} {}", e.change, e.first)).collect();
    assert_eq!(
        changes,
        [
            "add b BIGINT s[partition 0, offset 1]",
            "add s STRUCT(x BIGINT, y VARCHAR) s[partition 0, offset 2]",
            "add c DOUBLE[] s[partition 0, offset 4]"
        ]
    );
    assert_eq!(
        store.texts(),
        [
            r#"{"a":1}"#,
            r#"{"a":2,"b":null}"#,
            r#"{"a":3,"b":7,"s":{"x":1,"y":null}}"#,
            r#"{"a":4,"b":8,"s":{"x":2,"y":"z"}}"#,
            r#"{"a":5,"b":null,"s":null,"c":[1.5]}"#
        ]
    );
}

#[tokio::test]
async fn fail_stops_at_the_record_with_what_changed() {
    let (_feed, store) = between("fail", &RECORDS);
    let (summary, metrics) = run(&script("fail", "a BIGINT", "FAIL", ""), &RunOptions::default()).await;
    assert_eq!(
        summary.unwrap_err().to_string(),
        "s[partition 0, offset 1] field b at byte 7: the source's schema has changed: add b BIGINT; declare it, or write ON SCHEMA CHANGE \
         EVOLVE, RESCUE or IGNORE; a run with a checkpoint goes on with what is declared after ALTER SOURCE … REFRESH SCHEMA"
    );
    assert_eq!((store.texts().len(), store.num_uncommitted()), (0, 0));
    let drift = metrics.drift();
    assert_eq!(drift.entries.len(), 1);
    assert_eq!((drift.entries[0].verdict, drift.entries[0].count), (DriftVerdict::Failed, 1));
}

#[tokio::test]
async fn ignore_counts_what_it_leaves_out() {
    for threads in [1, 2] {
        let name = format!("ignore_{threads}");
        let (_feed, store) = between(&name, &RECORDS);
        let options = RunOptions { threads, max_batch_records: 2, ..RunOptions::default() };
        let (summary, _) = run(&script(&name, "a BIGINT", "IGNORE", "ON ERROR SKIP"), &options).await;
        let summary = summary.unwrap();
        assert_eq!((summary.records, summary.rejected), (6, 1));
        assert_eq!(store.texts(), [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":4}"#, r#"{"a":5}"#]);
        let seen: Vec<(&str, u64, &str)> =
            summary.drift.entries.iter().map(|e| (e.path.as_str(), e.count, e.example.as_str())).collect();
        assert_eq!(seen, [("b", 3, "null"), ("s", 2, r#"{"x":1}"#), ("c", 1, "[1.5]")]);
        assert!(summary.drift.entries.iter().all(|e| e.verdict == DriftVerdict::Ignored));
        assert_eq!(summary.drift.entries[0].first, "s[partition 0, offset 1]");
    }
}

#[tokio::test]
async fn rescue_keeps_what_has_no_place() {
    let (_feed, store) = between("rescue", &RECORDS);
    let (summary, _) = run(&script("rescue", "a BIGINT", "RESCUE", ""), &RunOptions::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.records, summary.rows, summary.rejected), (6, 6, 0));
    assert_eq!(
        store.texts(),
        [
            r#"{"a":1,"_rescued":null}"#,
            r#"{"a":2,"_rescued":{"b":{"value":null,"reason":"unknown_field"}}}"#,
            r#"{"a":3,"_rescued":{"b":{"value":7,"reason":"unknown_field"},"s":{"value":{"x":1},"reason":"unknown_field"}}}"#,
            r#"{"a":4,"_rescued":{"s":{"value":{"x":2,"y":"z"},"reason":"unknown_field"},"b":{"value":8,"reason":"unknown_field"}}}"#,
            r#"{"a":5,"_rescued":{"c":{"value":[1.5],"reason":"unknown_field"}}}"#,
            r#"{"a":null,"_rescued":{"a":{"value":"no number","reason":"type_mismatch"},"b":{"value":9,"reason":"unknown_field"}}}"#
        ]
    );
    assert!(summary.drift.entries.iter().any(|e| e.path == "a" && e.verdict == DriftVerdict::Rescued));
}

#[tokio::test]
async fn new_fields_take_the_prefix_and_stand_before_the_metadata() {
    let (_feed, store) = between("prefixed", &RECORDS[..3]);
    let sql =
        script("prefixed", "a BIGINT, * PREFIX 'x_'", "EVOLVE", "INFER SCHEMA (sample_size = 1) INCLUDE OFFSET AS o");
    let (summary, _) = run(&sql, &RunOptions::default()).await;
    summary.unwrap();
    assert_eq!(
        store.texts(),
        [r#"{"a":1,"o":0}"#, r#"{"a":2,"o":1,"x_b":null}"#, r#"{"a":3,"o":2,"x_b":7,"x_s":{"x":1}}"#]
    );
}

#[tokio::test]
async fn a_filter_looks_at_the_same_column_after_a_change() {
    let (_feed, store) = between("filtered", &RECORDS[..5]);
    let sql = "CREATE SOURCE s (a BIGINT) FROM MEMORY (name = 'filtered') FORMAT JSON INCLUDE OFFSET AS o
               ON SCHEMA CHANGE EVOLVE;
               CREATE SINK k INTO MEMORY (name = 'filtered') FORMAT CSV; INSERT INTO k SELECT a, o FROM s WHERE o >= 2";
    let (summary, _) = run(sql, &RunOptions { max_batch_records: 2, ..RunOptions::default() }).await;
    assert_eq!(summary.unwrap().left_out, 2);
    // CSV has one header, which two columns of plain types do not outgrow.
    assert_eq!(store.texts(), ["3,2", "4,3", "5,4"]);
}

#[tokio::test]
async fn a_changed_header_of_a_later_file_is_a_change() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("1.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(dir.path().join("2.csv"), "c,b,a\nx,4,3\ny,6,5\n").unwrap();
    let text = |policy: &str| {
        format!(
            "CREATE SOURCE s (a BIGINT, b BIGINT) FROM FILE (path = '{}/*.csv') FORMAT CSV ON SCHEMA CHANGE {policy};
             CREATE SINK k INTO MEMORY (name = 'header') FORMAT JSON; INSERT INTO k SELECT * FROM s",
            dir.path().display()
        )
    };
    let store = MemoryStore::new();
    assert!(store.register("header"));
    let (summary, _) = run(&text("EVOLVE"), &RunOptions::default()).await;
    let drift = summary.unwrap().drift.entries;
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].change, "add c VARCHAR");
    assert!(drift[0].first.ends_with("2.csv, offset 6, line 2]"), "{}", drift[0].first);
    assert_eq!(store.texts(), [r#"{"a":1,"b":2}"#, r#"{"a":3,"b":4,"c":"x"}"#, r#"{"a":5,"b":6,"c":"y"}"#]);

    let (summary, _) = run(&text("FAIL"), &RunOptions::default()).await;
    let error = summary.unwrap_err().to_string();
    assert!(error.contains("field c: the source's schema has changed: add c VARCHAR"), "{error}");
    let (summary, _) = run(&text("IGNORE"), &RunOptions::default()).await;
    assert_eq!(summary.unwrap().drift.entries[0].count, 2);
}

/// Writes a file of JSON rows in the format of its extension.
async fn write_table(dir: &Path, file: &str, columns: &str, rows: &str) {
    let lines = dir.join(format!("{file}.ndjson"));
    std::fs::write(&lines, rows).unwrap();
    let text = format!(
        "CREATE SOURCE s ({columns}) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK k INTO FILE (path = '{}') FORMAT {}; INSERT INTO k SELECT * FROM s",
        lines.display(),
        dir.join(file).display(),
        file.rsplit('.').next().unwrap()
    );
    run(&text, &RunOptions::default()).await.0.unwrap();
}

/// Each change as `change first count`, and the rows that came of the tables in a folder.
async fn read_tables(
    dir: &Path,
    format: &str,
    columns: &str,
    policy: &str,
    options: &RunOptions,
) -> (String, Vec<String>) {
    let store = MemoryStore::new();
    assert!(store.register(&format!("tables {format}")));
    (read_tables_into_store(dir, format, columns, policy, options).await, store.texts())
}

/// The changes, of a run into the store that is called as the format is.
async fn read_tables_into_store(dir: &Path, format: &str, columns: &str, policy: &str, options: &RunOptions) -> String {
    let text = format!(
        "CREATE SOURCE s {columns} FROM FILE (path = '{}/*.{format}') FORMAT {format} ON SCHEMA CHANGE {policy};
         CREATE SINK k INTO MEMORY (name = 'tables {format}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        dir.display()
    );
    shown(run(&text, options).await.0, dir, format)
}

/// The changes that a run saw, or why it ended, with short names of files.
fn shown(ended: Result<Summary, SchemaError>, dir: &Path, format: &str) -> String {
    let said = match ended {
        Err(error) => error.to_string(),
        Ok(summary) => {
            let shown = |e: &laminar_schema::evolution::DriftEntry| format!("{} {} {}", e.change, e.first, e.count);
            summary.drift.entries.iter().map(shown).collect::<Vec<_>>().join("; ")
        }
    };
    said.replace(&dir.display().to_string(), "D").replace(&format!(".{format}"), "")
}

#[tokio::test]
async fn a_changed_schema_of_a_later_table_is_a_change() {
    check_tables("parquet").await;
}

#[tokio::test]
async fn a_changed_schema_of_a_later_container_is_a_change() {
    check_tables("avro").await;
}

async fn check_tables(format: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_table(dir, &format!("1.{format}"), "a INTEGER, t STRUCT(x BIGINT)", "{\"a\":1,\"t\":{\"x\":1}}\n").await;
    write_table(dir, &format!("2.{format}"), "c VARCHAR, a INTEGER", "{\"a\":2,\"c\":\"x\"}\n{\"a\":3}\n").await;
    write_table(
        dir,
        &format!("3.{format}"),
        "a BIGINT, t STRUCT(x BIGINT, y BIGINT), c VARCHAR",
        "{\"a\":9000000000,\"t\":{\"x\":2,\"y\":3}}\n",
    )
    .await;
    write_table(dir, &format!("4.{format}"), "a INTEGER, c VARCHAR", "{\"a\":4,\"c\":\"y\"}\n").await;
    let once = RunOptions::default();
    let evolved = [
        r#"{"a":1,"t":{"x":1}}"#,
        r#"{"a":2,"t":null,"c":"x"}"#,
        r#"{"a":3,"t":null,"c":null}"#,
        r#"{"a":9000000000,"t":{"x":2,"y":3},"c":null}"#,
        r#"{"a":4,"t":null,"c":"y"}"#,
    ];
    let (said, rows) = read_tables(dir, format, "", "EVOLVE", &once).await;
    assert_eq!(
        said,
        "add c VARCHAR s[partition D/2, offset 0] 1; widen a INTEGER → BIGINT s[partition D/3, offset 0] 1; \
         add t.y BIGINT s[partition D/3, offset 0] 1"
    );
    assert_eq!(rows, evolved);

    let (said, rows) = read_tables(dir, format, "", "FAIL", &once).await;
    assert!(said.contains("s[partition D/2, offset 0]: the source's schema has changed: add c VARCHAR"), "{said}");
    assert!(said.contains("write ON SCHEMA CHANGE EVOLVE, RESCUE or IGNORE;"), "{said}");
    assert_eq!(rows, [""; 0], "nothing since the last checkpoint, which there is none of");

    // Declared types stay: what they hold is all there, the rest is left out.
    let (said, rows) = read_tables(dir, format, "(a BIGINT)", "IGNORE", &once).await;
    assert_eq!(
        said,
        "add t STRUCT(x BIGINT) s[partition D/1, offset 0] 1; add c VARCHAR s[partition D/2, offset 0] 2; \
         add t STRUCT(x BIGINT, y BIGINT) s[partition D/3, offset 0] 1"
    );
    assert_eq!(rows, [1, 2, 3, 9_000_000_000_i64, 4].map(|a| format!("{{\"a\":{a}}}")));

    let declared = [("a INTEGER, *", "FAIL"), ("a INTEGER, t STRUCT(x BIGINT, y BIGINT), c VARCHAR", "FAIL")];
    for ((columns, policy), expected) in declared.into_iter().zip(["add c VARCHAR", "widen a INTEGER → BIGINT"]) {
        let (said, _) = read_tables(dir, format, &format!("({columns})"), policy, &once).await;
        assert!(said.contains(&format!("the source's schema has changed: {expected};")), "{columns}: {said}");
    }
    let (said, _) = read_tables(dir, format, "(a INTEGER, *)", "EVOLVE", &once).await;
    let reason = match format {
        "parquet" => "column a: the file has BIGINT",
        _ => "field a at byte 1: expected INTEGER, found number 9000000000",
    };
    assert!(said.contains("D/3") && said.contains(reason), "{said}");

    // A run that resumes goes on with the version in force.
    let (checkpoints, half) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = || RunOptions {
        checkpoint_dir: Some(checkpoints.path().to_owned()),
        checkpoint_interval: std::time::Duration::ZERO,
        max_batch_records: 1,
        ..RunOptions::default()
    };
    let store = MemoryStore::new();
    assert!(store.register(&format!("tables {format}")));
    let mut changes = Vec::new();
    for file in ["1", "2", "3", "4"].map(|n| format!("{n}.{format}")) {
        std::fs::copy(dir.join(&file), half.path().join(&file)).unwrap();
        changes.push(read_tables_into_store(half.path(), format, "", "EVOLVE", &options()).await);
    }
    assert_eq!(
        changes,
        [
            "",
            "add c VARCHAR s[partition D/2, offset 0] 1",
            "widen a INTEGER → BIGINT s[partition D/3, offset 0] 1; add t.y BIGINT s[partition D/3, offset 0] 1",
            ""
        ]
    );
    assert_eq!(store.texts(), evolved);
}

/// The report does not say that a type has followed which the user declared.
#[tokio::test]
async fn a_declared_type_does_not_evolve() {
    let dir = tempfile::tempdir().unwrap();
    write_table(dir.path(), "1.avro", "a INTEGER", "{\"a\":1}\n").await;
    write_table(dir.path(), "2.avro", "a BIGINT, b BIGINT", "{\"a\":2,\"b\":3}\n").await;
    let text = format!(
        "CREATE SOURCE s (a INTEGER, *) FROM FILE (path = '{}/*.avro') FORMAT AVRO ON SCHEMA CHANGE EVOLVE;
         CREATE SINK k INTO FILE (path = '{}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        dir.path().display(),
        dir.path().join("out.ndjson").display()
    );
    let summary = run(&text, &RunOptions::default()).await.0.unwrap();
    let seen: Vec<String> = summary.drift.entries.iter().map(|e| format!("{} {}", e.change, e.verdict)).collect();
    assert_eq!(seen, ["add b BIGINT evolved", "widen a INTEGER → BIGINT ignored"]);
    assert_eq!(std::fs::read_to_string(dir.path().join("out.ndjson")).unwrap(), "{\"a\":1}\n{\"a\":2,\"b\":3}\n");
}

#[tokio::test]
async fn rescue_keeps_what_later_files_have_beside_and_otherwise() {
    let declared = "(id BIGINT, n INTEGER, t STRUCT(x BIGINT), l STRUCT(p BIGINT)[], m MAP(VARCHAR, STRUCT(p BIGINT)))";
    for format in ["parquet", "avro"] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let all = |n: &str, more: &str| {
            format!(
                "id BIGINT, n {n}, t STRUCT(x BIGINT, y VARCHAR), l STRUCT(p BIGINT, q BOOLEAN)[], m MAP(VARCHAR, STRUCT(p BIGINT, q BIGINT)){more}"
            )
        };
        write_table(dir, &format!("1.{format}"), "id BIGINT, n INTEGER", "{\"id\":1,\"n\":7}\n").await;
        let rows = r#"{"id":2,"n":5,"t":{"x":1},"c":"red","d":1.50}
            {"id":3,"n":9000000000,"t":{"x":1,"y":"why"},"l":[{"p":1},{"p":2,"q":true}],"m":{"k":{"p":3,"q":4}}}
            {"id":4}"#;
        write_table(dir, &format!("2.{format}"), &all("BIGINT", ", c VARCHAR, d DECIMAL(5, 2)"), rows).await;
        write_table(dir, &format!("3.{format}"), &all("VARCHAR", ""), "{\"id\":5,\"n\":\"six\"}\n{\"id\":6}\n").await;
        let (said, rows) = read_tables(dir, format, declared, "RESCUE", &RunOptions::default()).await;
        let threads = RunOptions { threads: 2, ..RunOptions::default() };
        assert_eq!(read_tables(dir, format, declared, "RESCUE", &threads).await, (said.clone(), rows.clone()));
        assert_eq!(
            rows,
            [
                r#"{"id":1,"n":7,"t":null,"l":null,"m":null,"_rescued":null}"#,
                r#"{"id":2,"n":5,"t":{"x":1},"l":null,"m":null,"_rescued":{"c":{"value":"red","reason":"unknown_field"},"d":{"value":1.50,"reason":"unknown_field"}}}"#,
                r#"{"id":3,"n":null,"t":{"x":1},"l":[{"p":1},{"p":2}],"m":{"k":{"p":3}},"_rescued":{"n":{"value":9000000000,"reason":"type_mismatch"},"t.y":{"value":"why","reason":"unknown_field"},"l[1].q":{"value":true,"reason":"unknown_field"},"m.k.q":{"value":4,"reason":"unknown_field"}}}"#,
                r#"{"id":4,"n":null,"t":null,"l":null,"m":null,"_rescued":null}"#,
                r#"{"id":5,"n":null,"t":null,"l":null,"m":null,"_rescued":{"n":{"value":"six","reason":"type_mismatch"}}}"#,
                r#"{"id":6,"n":null,"t":null,"l":null,"m":null,"_rescued":null}"#,
            ],
            "{format}: {said}"
        );
        // Rows of Parquet have numbers; records of Avro are blocks, which have places.
        assert!(said.contains("no place for c s[partition D/2, offset"), "{format}: {said}");
        assert!(said.contains("n does not fit s[partition D/2, offset"), "{format}: {said}");
        assert!(format != "parquet" || said.contains("n does not fit s[partition D/2, offset 1] 2"), "{said}");

        // A run that resumes rescues what it has not read yet, and counts on.
        let (checkpoints, half) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = || RunOptions { checkpoint_dir: Some(checkpoints.path().to_owned()), ..RunOptions::default() };
        let store = MemoryStore::new();
        assert!(store.register(&format!("tables {format}")));
        for file in ["1", "2", "3"].map(|n| format!("{n}.{format}")) {
            std::fs::copy(dir.join(&file), half.path().join(&file)).unwrap();
            read_tables_into_store(half.path(), format, declared, "RESCUE", &options()).await;
        }
        assert_eq!(store.texts(), rows, "{format}");
        let drift = DriftStore::new(checkpoints.path(), "s").load().unwrap();
        let misfit = drift.entries.iter().find(|e| e.change == "n does not fit").unwrap();
        assert_eq!((misfit.count, misfit.verdict), (2, DriftVerdict::Rescued), "{format}");

        // What nobody selects is counted all the same, and a column that is not looked at is not missed.
        let text = format!(
            "CREATE SOURCE s {declared} FROM FILE (path = '{}/*.{format}') FORMAT {format} ON SCHEMA CHANGE RESCUE;
             CREATE SINK k INTO MEMORY (name = 'tables {format}') FORMAT JSON; INSERT INTO k SELECT id FROM s WHERE id < 5",
            dir.display()
        );
        let said = shown(run(&text, &RunOptions::default()).await.0, dir, format);
        assert!(said.contains("no place for c s[partition D/2"), "{format}: {said}");
    }
}

#[tokio::test]
async fn what_is_read_once_says_its_schema_too() {
    for format in ["parquet", "avro"] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let rows = "{\"a\":1,\"c\":\"x\"}\n{\"a\":2}\n";
        write_table(dir, &format!("whole.{format}"), "a BIGINT, c VARCHAR", rows).await;
        for (policy, expected, rows) in [
            ("IGNORE", "add c VARCHAR s[partition D/pipes/p, offset 0] 1", vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            (
                "EVOLVE",
                "add c VARCHAR s[partition D/pipes/p, offset 0] 1",
                vec![r#"{"a":1,"c":"x"}"#, r#"{"a":2,"c":null}"#],
            ),
            ("FAIL", "s[partition D/pipes/p, offset 0]: the source's schema has changed: add c VARCHAR;", vec![]),
        ] {
            let pipes = dir.join("pipes");
            let _ = std::fs::remove_dir_all(&pipes);
            std::fs::create_dir(&pipes).unwrap();
            let pipe = pipes.join("p");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let (from, to) = (dir.join(format!("whole.{format}")), pipe.clone());
            // Nobody may be there to read to the end.
            let writer = std::thread::spawn(move || std::fs::write(to, std::fs::read(from).unwrap()));
            let store = MemoryStore::new();
            assert!(store.register(&format!("once {format}")));
            let text = format!(
                "CREATE SOURCE s (a BIGINT) FROM FILE (path = '{}') FORMAT {format} ON SCHEMA CHANGE {policy};
                 CREATE SINK k INTO MEMORY (name = 'once {format}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
                pipe.display()
            );
            let said = shown(run(&text, &RunOptions::default()).await.0, dir, format);
            assert!(said.contains(expected), "{format} {policy}: {said}");
            assert_eq!(store.texts(), rows, "{format} {policy}: {said}");
            let _ = writer.join();
        }
    }
}

#[tokio::test]
async fn containers_that_cannot_be_compared_refuse_the_clause() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_table(dir, "1.avro", "a BIGINT", "{\"a\":1}\n").await;
    let store = MemoryStore::new();
    assert!(store.register("followed"));
    let text = format!(
        "CREATE SOURCE s (a BIGINT) FROM FILE (path = '{}/*.avro', follow = true) FORMAT AVRO ON SCHEMA CHANGE FAIL;
         CREATE SINK k INTO MEMORY (name = 'followed') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        dir.display()
    );
    let said = run(&text, &RunOptions::default()).await.0.unwrap_err().to_string();
    assert!(said.contains("option `follow` = 'true': expected false"), "{said}");
    let text = text.replace(", follow = true", "").replace("FORMAT AVRO", "FORMAT AVRO ENVELOPE DEBEZIUM");
    let said = run(&text, &RunOptions::default()).await.0.unwrap_err().to_string();
    assert!(said.contains("ON SCHEMA CHANGE FAIL: files of records in an ENVELOPE say what the records are"), "{said}");
}

#[tokio::test]
async fn the_row_in_an_envelope_changes() {
    let change = |op: &str, before: &str, after: &str| {
        format!(r#"{{"before":{before},"after":{after},"op":"{op}","ts_ms":1,"source":{{"db":"d"}}}}"#)
    };
    let grown = change("u", r#"{"a":1,"c":"x"}"#, r#"{"a":2,"c":"y"}"#);
    let records = [
        change("c", "null", r#"{"a":1}"#),
        grown.clone(),
        change("d", r#"{"a":2}"#, "null"),
        format!(r#"{{"schema":{{"type":"struct"}},"payload":{}}}"#, change("c", "null", r#"{"a":"three"}"#)),
    ];
    for (policy, columns, expected, rows) in [
        (
            "FAIL",
            "a BIGINT",
            r#"s[partition 0, offset 1] field before.c at byte 17: the source's schema has changed: add c VARCHAR; declare it"#,
            &[][..],
        ),
        (
            "IGNORE",
            "a BIGINT",
            "no place for c s[partition 0, offset 1] 1",
            &[r#"{"a":1,"_op":"insert"}"#, r#"{"a":2,"_op":"update"}"#, r#"{"a":2,"_op":"delete"}"#],
        ),
        (
            "RESCUE",
            "a BIGINT",
            "no place for c s[partition 0, offset 1] 1; a does not fit s[partition 0, offset 3] 1",
            &[
                r#"{"a":1,"_op":"insert","_rescued":null}"#,
                r#"{"a":2,"_op":"update","_rescued":{"before.c":{"value":"x","reason":"unknown_field"},"after.c":{"value":"y","reason":"unknown_field"}}}"#,
                r#"{"a":2,"_op":"delete","_rescued":null}"#,
                r#"{"a":null,"_op":"insert","_rescued":{"payload.after.a":{"value":"three","reason":"type_mismatch"}}}"#,
            ],
        ),
        (
            "EVOLVE",
            "a BIGINT",
            "add c VARCHAR s[partition 0, offset 1] 1",
            &[r#"{"a":1,"_op":"insert"}"#, r#"{"a":2,"_op":"update","c":"y"}"#, r#"{"a":2,"_op":"delete","c":null}"#],
        ),
    ] {
        for updates in ["after", "both"] {
            let name = format!("envelope {policy} {updates}");
            let records: Vec<&str> = records.iter().map(String::as_str).collect();
            let (_feed, store) = between(&name, &records);
            let rest = format!("ENVELOPE DEBEZIUM (updates = '{updates}') ON ERROR SKIP");
            let said =
                shown(run(&script(&name, columns, policy, &rest), &RunOptions::default()).await.0, Path::new("-"), "-");
            assert!(said.contains(expected), "{name}: {said}");
            if updates == "after" {
                assert_eq!(store.texts(), rows, "{name}: {said}");
            }
        }
    }
}

/// What `old` and `data` of Maxwell have alike is one change of the row.
#[tokio::test]
async fn both_images_of_a_row_count_once() {
    let change = r#"{"type":"update","data":{"a":1,"c":"y"},"old":{"c":"x"}}"#;
    let (_feed, _store) = between("maxwell", &[change]);
    let text = script("maxwell", "a BIGINT", "IGNORE", "ENVELOPE MAXWELL");
    let said = shown(run(&text, &RunOptions::default()).await.0, Path::new("-"), "-");
    assert_eq!(said, "no place for c s[partition 0, offset 0] 1");
}

#[tokio::test]
async fn rows_in_envelopes_of_other_formats_change() {
    // {"after":{"a":1},"op":"c"}, and the same with "c":2 in the row.
    let record = |row: &[u8]| [b"\x82\xa5after", row, b"\xa2op\xa1c"].concat();
    let records = [record(b"\x81\xa1a\x01"), record(b"\x82\xa1a\x01\xa1c\x02")];
    for (policy, expected) in [
        ("IGNORE", "no place for c s[partition 0, offset 1] 1"),
        ("RESCUE", "no place for c s[partition 0, offset 1] 1"),
        (
            "FAIL",
            "s[partition 0, offset 1] field after.c at byte 11: schema change refused: the schema lacks the field, and its type",
        ),
        (
            "EVOLVE",
            "s[partition 0, offset 1] field after.c at byte 11: schema change refused: the schema lacks the field, and its type",
        ),
    ] {
        let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
        let name = format!("msgpack envelope {policy}");
        assert!(feed.register(&name) && store.register(&name));
        records.iter().for_each(|record| feed.push_to("0", record.clone()));
        feed.end();
        let text = script(&name, "a BIGINT", policy, "ENVELOPE DEBEZIUM").replacen("FORMAT JSON", "FORMAT MSGPACK", 1);
        let said = shown(run(&text, &RunOptions::default()).await.0, Path::new("-"), "-");
        assert!(said.contains(expected), "{policy}: {said}");
    }
}

#[tokio::test]
async fn a_plan_that_cannot_work_is_refused() {
    let _both = between("refused", &[]);
    let source = |format: &str, options: &str, policy: &str| {
        format!(
            "CREATE SOURCE s (a BIGINT) FROM MEMORY (name = 'refused') FORMAT {format} {options} ON SCHEMA CHANGE {policy};
             CREATE SINK k INTO MEMORY (name = 'refused') FORMAT CSV; INSERT INTO k SELECT * FROM s"
        )
    };
    for (sql, expected) in [
        (source("JSON", "", "EVOLVE"), "sink `k` cannot follow ON SCHEMA CHANGE EVOLVE: connector `memory` goes on"),
        (
            source("JSON", "(unknown_fields = 'ignore')", "IGNORE"),
            "option `unknown_fields` of the format and ON SCHEMA CHANGE",
        ),
        (
            source("JSON", "(type_mismatch = 'null')", "RESCUE"),
            "option `type_mismatch` of the format and ON SCHEMA CHANGE",
        ),
        (
            source("AVRO", "(framing = 'datum')", "IGNORE"),
            "ON SCHEMA CHANGE IGNORE: records in format `avro` do not show",
        ),
        (
            source("JSON", "", "EVOLVE")
                .replace("MEMORY (name = 'refused') FORMAT JSON", "GENERATOR (rows = 1) FORMAT JSON"),
            "connector `generator` has no capability `evolvable`",
        ),
    ] {
        let (summary, _) = run(&sql, &RunOptions::default()).await;
        let error = summary.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn keys_that_are_data_do_not_become_columns_without_end() {
    let keys = |record: usize| (0..100).map(|key| format!(r#","k{record}_{key}":1"#)).collect::<String>();
    let records: Vec<String> = (0..11).map(|record| format!(r#"{{"a":1{}}}"#, keys(record))).collect();
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    let _both = between("endless", &texts);
    let options = RunOptions { max_batch_records: 4, ..RunOptions::default() };
    let (summary, _) = run(&script("endless", "a BIGINT", "EVOLVE", ""), &options).await;
    let error = summary.unwrap_err().to_string();
    assert!(error.contains("the schema has gained more than 1000 fields"), "{error}");
    assert!(error.contains("offset 10]"), "{error}");
}

#[tokio::test]
async fn a_declaration_that_has_changed_since_the_checkpoint_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("declared_anew") && store.register("declared_anew"));
    feed.push_to("0", r#"{"a":1}"#);
    feed.end();
    let options = || RunOptions { checkpoint_dir: Some(dir.path().to_owned()), ..RunOptions::default() };
    let run_with = async |columns: &str| run(&script("declared_anew", columns, "FAIL", ""), &options()).await.0;
    run_with("a BIGINT").await.unwrap();
    let error = run_with("a BIGINT, b BIGINT").await.unwrap_err().to_string();
    assert!(error.contains("column b is declared otherwise than in schema version 0"), "{error}");
    assert!(error.contains("ALTER SOURCE … REFRESH SCHEMA"), "{error}");
    run_with("a BIGINT").await.unwrap();
}

/// What a run with this folder of checkpoints makes of the feed.
async fn run_with_checkpoints(name: &str, dir: &Path) -> Result<Summary, SchemaError> {
    let options = RunOptions {
        checkpoint_dir: Some(dir.to_owned()),
        checkpoint_interval: std::time::Duration::ZERO,
        max_batch_records: 1,
        ..RunOptions::default()
    };
    run(&script(name, "a BIGINT", "EVOLVE", ""), &options).await.0
}

#[tokio::test]
async fn a_run_that_resumes_goes_on_with_the_version_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("resumed") && store.register("resumed"));
    // The first run sees a number, and what comes later has to fit it; the second never sees that record.
    feed.push_to("0", r#"{"a":1}"#);
    feed.push_to("0", r#"{"a":2,"b":7}"#);
    feed.end();
    run_with_checkpoints("resumed", dir.path()).await.unwrap();
    feed.push_to("0", r#"{"a":3}"#);
    feed.push_to("0", r#"{"a":4,"b":"text"}"#);
    let error = run_with_checkpoints("resumed", dir.path()).await.unwrap_err().to_string();
    assert!(error.contains("offset 3]") && error.contains("field b"), "{error}");
    assert_eq!(store.texts(), [r#"{"a":1}"#, r#"{"a":2,"b":7}"#, r#"{"a":3,"b":null}"#]);
    let history = std::fs::read_to_string(dir.path().join("s.schemas.json")).unwrap();
    assert!(history.contains("add b BIGINT"), "{history}");
    let drift = DriftStore::new(dir.path(), "s").load().unwrap();
    assert_eq!((drift.entries[0].verdict, drift.entries[0].count), (DriftVerdict::Evolved, 1));
}
