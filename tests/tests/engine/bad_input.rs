//! Thirty malformed inputs, and what a user sees of each: the table of `docs/errors.md` is written by this test.

use std::fmt::Write as _;

use expect_test::expect_file;
use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::{Metrics, RawRecord, SourceMetadata, engine::RunOptions};
use laminar_tests::engine::TestEngine;

/// A source's columns and format, and the record that does not fit.
struct Record {
    columns: &'static str,
    format: &'static str,
    bytes: &'static [u8],
}

const fn record(columns: &'static str, format: &'static str, bytes: &'static [u8]) -> Record {
    Record { columns, format, bytes }
}

const RECORDS: &[Record] = &[
    record("a BIGINT", "JSON", br#"{"a": 1"#),
    record("a BIGINT", "JSON", br#"{"a": 1}}"#),
    record("a BIGINT", "JSON", br#"{"a": 01}"#),
    record("a BIGINT", "JSON", br#"{"a": 1, "b": [1,,2]}"#),
    record("a BIGINT", "JSON", br#"{"a": 1} {"a": 2}"#),
    record("a BIGINT", "JSON", br#"[1, 2]"#),
    record("a BIGINT", "JSON", br#""text""#),
    record("a BIGINT", "JSON", b""),
    record("a VARCHAR", "JSON", b"{\"a\": \"\xff\"}"),
    record("a VARCHAR", "JSON", br#"{"a": "\ud800"}"#),
    record("a BIGINT", "JSON", br#"{"a": "one"}"#),
    record("a BIGINT", "JSON", br#"{"a": 42.7}"#),
    record("a TINYINT", "JSON", br#"{"a": 300}"#),
    record("a BIGINT", "JSON", br#"{"a": 123456789012345678901234567890}"#),
    record("a DECIMAL(4,2)", "JSON", br#"{"a": 1.005}"#),
    record("a TIMESTAMP", "JSON", br#"{"a": "yesterday"}"#),
    record("a UUID", "JSON", br#"{"a": "123e4567-e89b"}"#),
    record("a STRUCT(b STRUCT(c DOUBLE)[])", "JSON", br#"{"a": {"b": [{"c": 1}, {"c": "x"}]}}"#),
    record("a BIGINT NOT NULL", "JSON", br#"{"b": 1}"#),
    record("a BIGINT NOT NULL", "JSON", br#"{"a": null}"#),
    record("a BIGINT", "JSON (unknown_fields = 'reject')", br#"{"a": 1, "b": 2}"#),
    record("a BIGINT", "JSON (duplicate_fields = 'reject')", br#"{"a": 1, "a": 2}"#),
    record("a JSON", "JSON (max_depth = 4)", br#"{"a": [[[[1]]]]}"#),
    record("a BIGINT, b BIGINT", "CSV", b"1"),
    record("a BIGINT, b BIGINT", "CSV", b"1,2,3"),
    record("a BIGINT, b BIGINT", "CSV", b"1,two"),
    record("a BIGINT, b VARCHAR", "CSV", b"1,\"no end"),
    record("a DATE, b BOOLEAN", "CSV", b"2024-02-30,true"),
    record("a DATE, b BOOLEAN", "CSV", b"2024-02-28,maybe"),
    record("a BIGINT NOT NULL, b BIGINT", "CSV", b",2"),
];

/// Statements that are wrong before any record is read.
const STATEMENTS: &[&str] = &[
    "CREATE SOURCE s FROM FLIE (path = 'x') FORMAT JSON",
    "CREATE SOURCE s FROM FILE (pth = 'x', follow = 'maybe') FORMAT JSON",
    "CREATE SOURCE s FROM FILE (path = 'no/such/file.json') FORMAT JSON",
    "CREATE SOURCE s (a BIGNIT) FROM FILE (path = 'x') FORMAT JSON",
    "CREATE SOURCE s (a BIGINT) FROM FILE (path = 'x')",
    "CREATE SOURCE s (a BIGINT) FROM FILE (path = 'x') FORMAT XML",
    "CREATE SOURCE s (a BIGINT) FROM GENERATOR (workload = 'trades') FORMAT JSON USING SCHEMA REGISTRY (url = 'http://u:p@h')",
];

async fn error_of_record(case: usize, record: &Record) -> String {
    let name = format!("bad_input_{case}");
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    feed.push(RawRecord {
        metadata: SourceMetadata::at(Some("p0".into()), None, None),
        ..RawRecord::new(record.bytes)
    });
    feed.end();
    assert!(feed.register(&name) && store.register(&name));
    let sql = format!(
        "CREATE SOURCE s ({}) FROM MEMORY (name = '{name}') FORMAT {};
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        record.columns, record.format
    );
    let mut engine = TestEngine::new();
    let planned = match engine.load(&sql) {
        Ok(script) => engine.plan(&script, &RunOptions::default()).await,
        Err(error) => Err(error),
    };
    let planned = match planned {
        Ok(mut planned) => planned.remove(0),
        Err(error) => panic!("case {case} does not even plan: {error}"),
    };
    match planned.pipeline.run(std::future::pending(), &Metrics::new()).await {
        Ok(summary) => panic!("case {case} was accepted: {summary:?}"),
        Err(error) => {
            assert!(error.is_row_level(), "case {case}: {error:?}");
            error.to_string()
        }
    }
}

async fn error_of_statement(sql: &str) -> String {
    let mut engine = TestEngine::new();
    match engine.load(sql) {
        Err(error) => error.to_string(),
        Ok(_) => match engine.bind("s").await {
            Err(error) => error.to_string(),
            Ok(bound) => panic!("accepted: {bound:?}"),
        },
    }
}

#[tokio::test]
async fn every_bad_input_has_the_error_that_the_docs_show() {
    let mut page = String::from(
        "# Bad input, and what you see\n\n\
         Written by `tests/tests/engine/bad_input.rs`; `UPDATE_EXPECT=1 cargo test -p laminar-tests --test engine bad_input` writes\n\
         it anew. Under `ON ERROR FAIL` the error ends the pipeline; under `SKIP` it is counted, and under\n\
         `DEAD LETTER TO` it stands in the dead letter: the place in columns of its own, the rest in `error`.\n\
         Records came one by one through a message source; a file is cut into records first, so that blank lines and\n\
         documents behind each other never reach the decoder as one. `framed` is a stand-in format of the tests.\n\n\
         ## Records\n\n| # | columns | format | record | error |\n|---|---|---|---|---|\n",
    );
    for (case, record) in RECORDS.iter().enumerate() {
        let error = error_of_record(case, record).await;
        let shown = record.bytes.escape_ascii().to_string().replace("\\\"", "\"");
        let cell = |text: &str| {
            if text.is_empty() { "(empty)".to_owned() } else { format!("`` {} ``", text.replace('|', "\\|")) }
        };
        let (columns, format) = (record.columns, record.format);
        let _ = writeln!(page, "| {} | `{columns}` | `{format}` | {} | {} |", case + 1, cell(&shown), cell(&error));
    }
    page.push_str("\n## Statements\n");
    for sql in STATEMENTS {
        let _ = write!(page, "\n```text\n{}\n```\n", error_of_statement(sql).await);
    }
    expect_file!["../../../docs/errors.md"].assert_eq(&page);
}
