//! `USING SCHEMA REGISTRY (type = 'folder', …)`: a kind of registry that the library has never heard of.

use std::fs;

use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_formats::wire::confluent;
use laminar_schema::{Metrics, engine::RunOptions};

use crate::{Folder, Outcome, engine, json_lines, run};

const FIRST: &str =
    r#"{"type":"record","name":"Trade","fields":[{"name":"id","type":"long"},{"name":"symbol","type":"string"}]}"#;
const SECOND: &str = r#"{"type":"record","name":"Trade","fields":[{"name":"id","type":"long"},{"name":"symbol","type":"string"},{"name":"lots","type":"long","default":1}]}"#;

/// A message of Confluent's serializers: the header, and Avro's longs and texts of less than 64.
fn message(schema_id: u32, id: u8, symbol: &str, lots: Option<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    confluent::write(schema_id, &mut out);
    out.extend([id << 1, (symbol.len() as u8) << 1]);
    out.extend(symbol.as_bytes());
    out.extend(lots.map(|lots| lots << 1));
    out
}

#[tokio::test]
async fn the_latest_schema_gives_the_columns_and_older_ones_are_fetched_by_id() -> Outcome {
    let folder = Folder::new("registry-source")?;
    fs::write(folder.path("4.avsc"), FIRST)?;
    fs::write(folder.path("9.avsc"), SECOND)?;
    fs::write(folder.path("trades.subject"), "4\n9\n")?;
    // The newest writer, one of before, and the newest again.
    let records = [message(9, 1, "A", Some(5)), message(4, 2, "B", None), message(9, 3, "C", Some(7))];
    let feed = MemoryFeed::of_values(records);
    assert!(feed.register("registry-source"));
    let sql = format!(
        "CREATE SOURCE t FROM MEMORY (name = 'registry-source') FORMAT AVRO
         USING SCHEMA REGISTRY (type = 'folder', path = '{}', subject = 'trades');
         CREATE SINK o INTO FILE (path = '{}') FORMAT JSON;
         INSERT INTO o SELECT * FROM t",
        folder.path(""),
        folder.path("out.json")
    );
    assert_eq!(run(&sql).await?, (3, 0));
    let expected = [
        serde_json::json!({"id": 1, "symbol": "A", "lots": 5}),
        serde_json::json!({"id": 2, "symbol": "B", "lots": 1}),
        serde_json::json!({"id": 3, "symbol": "C", "lots": 7}),
    ];
    assert_eq!(json_lines(folder.path("out.json"))?, expected);
    Ok(())
}

#[tokio::test]
async fn a_schema_that_appears_while_a_pipeline_runs_is_fetched_and_followed() -> Outcome {
    for (clause, second) in [
        ("", serde_json::json!({"id": 2, "symbol": "B"})),
        ("ON SCHEMA CHANGE EVOLVE", serde_json::json!({"id": 2, "symbol": "B", "lots": 5})),
    ] {
        let folder = Folder::new("registry-evolve")?;
        fs::write(folder.path("4.avsc"), FIRST)?;
        fs::write(folder.path("trades.subject"), "4\n")?;
        let feed = MemoryFeed::of_values([message(4, 1, "A", None), message(9, 2, "B", Some(5))]);
        assert!(feed.register("registry-evolve"));
        let mut engine = engine();
        let script = engine.load(&format!(
            "CREATE SOURCE t FROM MEMORY (name = 'registry-evolve') FORMAT AVRO
             USING SCHEMA REGISTRY (type = 'folder', path = '{}', subject = 'trades') {clause};
             CREATE SINK o INTO FILE (path = '{}') FORMAT JSON;
             INSERT INTO o SELECT * FROM t",
            folder.path(""),
            folder.path("out.json")
        ))?;
        let planned = engine.plan(&script, &RunOptions::default()).await?;
        fs::write(folder.path("9.avsc"), SECOND)?;
        fs::write(folder.path("trades.subject"), "4\n9\n")?;
        for planned in planned {
            planned.pipeline.run(std::future::pending(), &Metrics::new()).await?;
        }
        let expected = [serde_json::json!({"id": 1, "symbol": "A"}), second];
        assert_eq!(json_lines(folder.path("out.json"))?, expected, "{clause}");
    }
    Ok(())
}

#[tokio::test]
async fn a_sink_registers_what_it_writes() -> Outcome {
    let folder = Folder::new("registry-sink")?;
    fs::write(folder.path("in.json"), "{\"id\":1,\"symbol\":\"A\"}\n{\"id\":2,\"symbol\":\"B\"}\n")?;
    let store = MemoryStore::new();
    assert!(store.register("registry-sink"));
    let sql = format!(
        "CREATE SOURCE t (id BIGINT NOT NULL, symbol VARCHAR NOT NULL) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK o INTO MEMORY (name = 'registry-sink') FORMAT AVRO
         USING SCHEMA REGISTRY (type = 'folder', path = '{}', subject = 'trades');
         INSERT INTO o SELECT id, symbol FROM t",
        folder.path("in.json"),
        folder.path("")
    );
    assert_eq!(run(&sql).await?, (2, 0));
    assert_eq!(fs::read_to_string(folder.path("trades.subject"))?, "1\n");
    let registered: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.path("1.avsc"))?)?;
    assert_eq!(registered["fields"][0], serde_json::json!({"name": "id", "type": "long"}));
    assert_eq!(store.records(), [message(1, 1, "A", None), message(1, 2, "B", None)]);
    // A second run finds the schema that it needs.
    assert_eq!(run(&sql).await?, (2, 0));
    assert_eq!(fs::read_to_string(folder.path("trades.subject"))?, "1\n");
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let cases = [
        ("type = 'foldr', path = '/tmp'", "expected confluent, glue, folder: did you mean `folder`?"),
        ("type = 'folder'", "missing required option `path`"),
        ("type = 'folder', paths = '/tmp', path = '/tmp'", "did you mean `path`?"),
        ("type = 'folder', path = '/no/such/folder', subject = 'a'", "expected a folder, found /no/such/folder"),
        ("type = 'folder', path = '/tmp', subject = '../x'", "expected the subject, of letters, digits"),
        ("type = 'folder', path = '/tmp', subject = 'no-such'", "the schema registry has no subject `no-such`"),
        ("url = 'ftp://x'", "it starts with http:// or https://"),
    ];
    let feed = MemoryFeed::of_values([message(1, 1, "A", None)]);
    assert!(feed.register("registry-wrong"));
    for (options, expected) in cases {
        let sql = format!(
            "CREATE SOURCE t FROM MEMORY (name = 'registry-wrong') FORMAT AVRO USING SCHEMA REGISTRY ({options})"
        );
        let mut engine = engine();
        let error = match engine.load(&sql) {
            Ok(_) => engine.bind("t").await.map(drop).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        let error = error.expect_err(options);
        assert!(error.contains(expected), "{options}\n{error}");
    }
}

#[test]
fn options_that_only_the_kind_knows_are_not_shown() -> Outcome {
    let mut engine = engine();
    engine.load(
        "CREATE SOURCE t FROM MEMORY (name = 'm') FORMAT AVRO
         USING SCHEMA REGISTRY (type = 'folder', path = 'p', url = 'hunter2', subject = 'trades')",
    )?;
    let shown = engine.show_create_source("t")?;
    for option in ["path = '***'", "subject = 'trades'", "type = 'folder'", "url = '***'"] {
        assert!(shown.contains(option), "{option}\n{shown}");
    }
    Ok(())
}
