//! `USING SCHEMA REGISTRY` from SQL to a sink: Avro messages of several writers, against the stand-in registry over HTTP.

use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::{
    Metrics, SchemaError, Summary,
    engine::{Engine, RunOptions},
    evolution::{DriftStore, DriftVerdict},
};
use laminar_tests::{
    engine::{TestEngine, TestSinks, TestSources, run},
    registry::{Checker, StandInOptions, StandInRegistry, StoredSchema},
    tls::TlsFront,
};

/// Three versions: a column more with a DEFAULT, then one wider and one less.
const VERSIONS: [&str; 3] = [
    r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"int"},{"name":"venue","type":["null","string"],"default":null}]}"#,
    r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"int"},{"name":"venue","type":["null","string"],"default":null},
        {"name":"qty","type":"int","default":7}]}"#,
    r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"long"},{"name":"qty","type":"int","default":7}]}"#,
];

/// A message as Confluent's serializer makes it of `fields`, each a varint or the bytes of a union.
fn message(schema_id: u32, fields: &[&[u8]]) -> Vec<u8> {
    let mut message = vec![0];
    message.extend(schema_id.to_be_bytes());
    fields.iter().for_each(|field| message.extend_from_slice(field));
    message
}

/// One byte of a zigzag varint, of numbers from -64 to 63.
fn short(number: i8) -> Vec<u8> {
    vec![((number << 1) ^ (number >> 7)) as u8]
}

struct Stage {
    registry: StandInRegistry,
    feed: MemoryFeed,
    store: MemoryStore,
    ids: Vec<u32>,
    name: &'static str,
}

impl Stage {
    /// A registry that knows the first `versions`, an empty feed and a store.
    async fn new(name: &'static str, versions: usize) -> Self {
        let (registry, feed, store) = (StandInRegistry::start().await, MemoryFeed::new(), MemoryStore::new());
        assert!(feed.register(name) && store.register(name));
        let mut stage = Self { registry, feed, store, ids: Vec::new(), name };
        VERSIONS[..versions].iter().for_each(|version| stage.register(version));
        stage
    }

    fn register(&mut self, version: &str) {
        self.ids.push(self.registry.plant("trades-value", StoredSchema::avro(version)));
    }

    fn push(&self, version: usize, fields: &[&[u8]]) {
        self.feed.push_to("0", message(self.ids[version], fields));
    }

    async fn run(&self, columns: &str, rest: &str) -> (Result<Summary, SchemaError>, Metrics) {
        self.feed.end();
        let sql = format!(
            "CREATE SOURCE s {columns} FROM MEMORY (name = '{name}') FORMAT AVRO
             USING SCHEMA REGISTRY (url = '{url}', subject = 'trades-value') {rest};
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
            name = self.name,
            url = self.registry.url(),
        );
        run(&sql, &RunOptions::default()).await
    }
}

#[tokio::test]
async fn messages_of_all_writers_are_read_as_the_latest_schema_says() {
    let stage = Stage::new("all_writers", 3).await;
    stage.push(0, &[&short(1), &[2, 2, b'x']]);
    stage.push(1, &[&short(2), &[0], &short(5)]);
    stage.push(2, &[&short(3), &short(6)]);
    stage.push(0, &[&short(4), &[0]]);
    let (summary, _) = stage.run("", "").await;
    summary.unwrap();
    assert_eq!(
        stage.store.texts(),
        [r#"{"id":1,"qty":7}"#, r#"{"id":2,"qty":5}"#, r#"{"id":3,"qty":6}"#, r#"{"id":4,"qty":7}"#]
    );
    assert_eq!(stage.registry.count("GET /schemas/ids/{id}"), 2, "the latest came with its subject");
}

/// So many that they are read together, though `id` is an int of two writers and a long of the third.
#[tokio::test]
async fn many_messages_of_writers_in_turn_come_in_their_order() {
    let stage = Stage::new("writers_in_turn", 3).await;
    let large = [0xfe, 0xff, 0xff, 0xff, 0x1f];
    let mut expected = Vec::new();
    for row in 0..600_usize {
        let id = (row % 60) as i8;
        let (shown, qty) = match row % 3 {
            0 => (i64::from(id), 7),
            1 => (i64::from(id), 5),
            _ => (4_294_967_295, 6),
        };
        match row % 3 {
            0 => stage.push(0, &[&short(id), &[2, 2, b'x']]),
            1 => stage.push(1, &[&short(id), &[0], &short(5)]),
            _ => stage.push(2, &[&large, &short(6)]),
        }
        expected.push(format!(r#"{{"id":{shown},"qty":{qty}}}"#));
    }
    stage.run("", "").await.0.unwrap();
    assert_eq!(stage.store.texts(), expected);
}

#[tokio::test]
async fn a_dead_letter_says_which_schema_its_message_named() {
    let (stage, dead) = (Stage::new("dead_schema_id", 1).await, MemoryStore::new());
    assert!(dead.register("dead_schema_id_dead"));
    stage.push(0, &[&short(1), &[0]]);
    // It ends behind its first field.
    stage.push(0, &[&short(2)]);
    let rest = "ON ERROR DEAD LETTER TO dead; CREATE SINK dead INTO MEMORY (name = 'dead_schema_id_dead') FORMAT JSON";
    let summary = stage.run("", rest).await.0.unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 1));
    let letter: serde_json::Value = serde_json::from_str(&dead.texts()[0]).unwrap();
    assert_eq!((letter["schema_id"].as_u64(), &letter["kind"]), (Some(stage.ids[0].into()), &"syntax".into()));
}

#[tokio::test]
async fn a_dead_letter_says_that_a_writers_schema_does_not_go_into_the_columns() {
    let (stage, dead) = (Stage::new("dead_writer", 2).await, MemoryStore::new());
    assert!(dead.register("dead_writer_dead"));
    // Only the second writer has `qty`, an int.
    stage.push(0, &[&short(1), &[0]]);
    stage.push(1, &[&short(2), &[0], &short(5)]);
    let rest = "ON ERROR DEAD LETTER TO dead; CREATE SINK dead INTO MEMORY (name = 'dead_writer_dead') FORMAT JSON";
    let summary = stage.run("(id BIGINT, qty BOOLEAN)", rest).await.0.unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 1));
    let letter: serde_json::Value = serde_json::from_str(&dead.texts()[0]).unwrap();
    assert_eq!((letter["schema_id"].as_u64(), &letter["kind"]), (Some(stage.ids[1].into()), &"writer_schema".into()));
    assert_eq!((&letter["offset"], &letter["field"]), (&1.into(), &"qty".into()), "{letter}");
}

#[tokio::test]
async fn a_declaration_needs_the_registry_for_writers_alone() {
    let stage = Stage::new("declared_writers", 2).await;
    stage.push(1, &[&short(2), &[0], &short(5)]);
    stage.push(0, &[&short(1), &[2, 2, b'x']]);
    let (summary, _) = stage.run("(qty BIGINT, id BIGINT NOT NULL)", "").await;
    summary.unwrap();
    assert_eq!(stage.store.texts(), [r#"{"qty":5,"id":2}"#, r#"{"qty":null,"id":1}"#]);
}

/// Messages of two versions, of which the second is registered once the pipeline knows the first.
async fn run_with_change(name: &'static str, policy: &str) -> (Stage, Result<Summary, SchemaError>) {
    let mut stage = Stage::new(name, 1).await;
    stage.push(0, &[&short(1), &[2, 2, b'x']]);
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = '{name}') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'trades-value') {policy};
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        stage.registry.url(),
    );
    let mut engine: Engine<TestSources, TestSinks> = TestEngine::new();
    let script = engine.load(&sql).unwrap();
    let pipeline = engine.plan(&script, &RunOptions::default()).await.unwrap().remove(0).pipeline;
    VERSIONS[1..].iter().for_each(|version| stage.register(version));
    stage.push(1, &[&short(2), &[0], &short(5)]);
    stage.push(0, &[&short(3), &[2, 2, b'y']]);
    stage.push(2, &[&[0xfe, 0xff, 0xff, 0xff, 0x1f], &short(6)]);
    stage.feed.end();
    let summary = pipeline.dispatch(std::future::pending(), &Metrics::new()).await;
    (stage, summary)
}

#[tokio::test]
async fn evolve_follows_a_newer_writer() {
    let (stage, summary) = run_with_change("writer_evolve", "ON SCHEMA CHANGE EVOLVE").await;
    let drift = summary.unwrap().drift.entries;
    assert_eq!(
        stage.store.texts(),
        [
            r#"{"id":1,"venue":"x"}"#,
            r#"{"id":2,"venue":null,"qty":5}"#,
            r#"{"id":3,"venue":"y","qty":7}"#,
            r#"{"id":4294967295,"venue":null,"qty":6}"#
        ]
    );
    let changes: Vec<(&str, &str)> = drift.iter().map(|e| (e.change.as_str(), e.first.as_str())).collect();
    assert!(changes.contains(&("widen id INTEGER → BIGINT", "s[partition 0, offset 3]")), "{changes:?}");
    assert!(drift[0].change.starts_with("add qty INTEGER"), "{changes:?}");
    assert_eq!(drift[0].example, format!("schema id {}, version 2", stage.ids[1]));
}

#[tokio::test]
async fn a_version_that_came_while_nothing_ran_is_a_change_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut stage = Stage::new("writer_restart", 1).await;
    stage.push(0, &[&short(1), &[2, 2, b'x']]);
    stage.feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'writer_restart') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'trades-value') ON SCHEMA CHANGE EVOLVE;
         CREATE SINK k INTO MEMORY (name = 'writer_restart') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        stage.registry.url(),
    );
    let options = RunOptions { checkpoint_dir: Some(dir.path().to_owned()), ..RunOptions::default() };
    run(&sql, &options).await.0.unwrap();
    stage.register(VERSIONS[1]);
    stage.push(1, &[&short(2), &[0], &short(5)]);
    stage.push(0, &[&short(3), &[2, 2, b'y']]);
    let summary = run(&sql, &options).await.0.unwrap();
    assert_eq!(
        stage.store.texts(),
        [r#"{"id":1,"venue":"x"}"#, r#"{"id":2,"venue":null,"qty":5}"#, r#"{"id":3,"venue":"y","qty":7}"#]
    );
    assert_eq!(summary.drift.entries[0].first, "s[partition 0, offset 1]");
    // The third run begins with the second version, and has nothing to tell.
    stage.push(1, &[&short(4), &[0], &short(6)]);
    let summary = run(&sql, &options).await.0.unwrap();
    assert_eq!((summary.rows, summary.drift.entries.len()), (1, 0));
    assert_eq!(DriftStore::new(dir.path(), "s").load().unwrap().entries.len(), 1, "what earlier runs saw is kept");
    assert_eq!(stage.store.texts()[3], r#"{"id":4,"venue":null,"qty":6}"#);
}

#[tokio::test]
async fn a_lock_holds_what_the_registry_said() {
    let mut stage = Stage::new("locked", 1).await;
    let mut engine: Engine<TestSources, TestSinks> = TestEngine::new();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'locked') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'trades-value')",
        stage.registry.url()
    );
    engine.load(&sql).unwrap();
    let lock = Box::pin(engine.lock()).await.unwrap();
    assert!(Box::pin(engine.verify_lock(&lock)).await.unwrap().is_unchanged());
    assert!(engine.verify_lock_offline(&lock).unwrap().is_unchanged());
    stage.register(VERSIONS[1]);
    // The client keeps a subject's latest version for a while; another engine asks again.
    let mut engine: Engine<TestSources, TestSinks> = TestEngine::new();
    engine.load(&sql).unwrap();
    let verdict = Box::pin(engine.verify_lock(&lock)).await.unwrap().to_string();
    assert!(verdict.contains("+ field qty INTEGER") && verdict.contains("registry"), "{verdict}");
}

#[tokio::test]
async fn fail_and_ignore_know_a_newer_writer_too() {
    let (stage, summary) = run_with_change("writer_fail", "ON SCHEMA CHANGE FAIL").await;
    let error = summary.unwrap_err().to_string();
    assert!(error.starts_with("s[partition 0, offset 1]: the source's schema has changed: add qty INTEGER"), "{error}");
    assert!(stage.store.texts().is_empty());

    let (stage, summary) = run_with_change("writer_ignore", "ON SCHEMA CHANGE IGNORE").await;
    // The wider id of the last message has no place in the columns, which stay as they are.
    let error = summary.unwrap_err().to_string();
    assert!(error.contains("offset 3]") && error.contains("id"), "{error}");
    assert!(stage.store.texts().is_empty());

    let (_stage, summary) = run_with_change("writer_ignored", "ON ERROR SKIP ON SCHEMA CHANGE IGNORE").await;
    let summary = summary.unwrap();
    assert_eq!((summary.rows, summary.rejected), (3, 1));
    assert!(summary.drift.entries.iter().all(|e| e.verdict == DriftVerdict::Ignored));
    assert_eq!(summary.drift.entries[0].path, "qty");
}

#[tokio::test]
async fn rescue_keeps_what_a_newer_writer_has_beside() {
    let (stage, summary) = run_with_change("writer_rescue", "ON ERROR SKIP ON SCHEMA CHANGE RESCUE").await;
    let summary = summary.unwrap();
    // The wider id of the last message does not fit a column that is NOT NULL.
    assert_eq!((summary.rows, summary.rejected), (3, 1));
    assert!(summary.drift.entries.iter().all(|e| e.verdict == DriftVerdict::Rescued));
    let nothing = r#""_rescued":null}"#;
    assert_eq!(
        stage.store.texts(),
        [
            format!(r#"{{"id":1,"venue":"x",{nothing}"#),
            r#"{"id":2,"venue":null,"_rescued":{"qty":{"value":5,"reason":"unknown_field"}}}"#.to_owned(),
            format!(r#"{{"id":3,"venue":"y",{nothing}"#),
        ]
    );
}

#[tokio::test]
async fn the_row_of_a_newer_writer_in_an_envelope_changes() {
    let envelope = |row: &str| {
        format!(
            r#"{{"type":"record","name":"Envelope","fields":[{{"name":"before","type":["null",{{"type":"record","name":"Value","fields":[{row}]}}]}},
            {{"name":"after","type":["null","Value"]}},{{"name":"op","type":"string"}}]}}"#
        )
    };
    let row = r#"{"name":"id","type":"long"}"#;
    let versions =
        [envelope(row), envelope(&format!(r#"{row},{{"name":"qty","type":["null","int"],"default":null}}"#))];
    for (policy, expected, rows) in [
        ("FAIL", "s[partition 0, offset 1]: the source's schema has changed: add qty INTEGER", vec![]),
        ("IGNORE", "add qty INTEGER Ignored", vec![r#"{"id":1,"_op":"insert"}"#, r#"{"id":2,"_op":"update"}"#]),
        ("EVOLVE", "add qty INTEGER Evolved", vec![r#"{"id":1,"_op":"insert"}"#, r#"{"id":2,"_op":"update","qty":5}"#]),
        (
            "RESCUE",
            "no place for qty Rescued",
            vec![
                r#"{"id":1,"_op":"insert","_rescued":null}"#,
                r#"{"id":2,"_op":"update","_rescued":{"before.qty":{"value":4,"reason":"unknown_field"},"after.qty":{"value":5,"reason":"unknown_field"}}}"#,
            ],
        ),
    ] {
        let (registry, feed, store) = (StandInRegistry::start().await, MemoryFeed::new(), MemoryStore::new());
        let name = format!("enveloped {policy}");
        assert!(feed.register(&name) && store.register(&name));
        let first = registry.plant("trades-value", StoredSchema::avro(&versions[0]));
        let sql = format!(
            "CREATE SOURCE s FROM MEMORY (name = '{name}') FORMAT AVRO ENVELOPE DEBEZIUM
             USING SCHEMA REGISTRY (url = '{}', subject = 'trades-value') ON SCHEMA CHANGE {policy};
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s",
            registry.url(),
        );
        let mut engine: Engine<TestSources, TestSinks> = TestEngine::new();
        let script = engine.load(&sql).unwrap();
        let pipeline = engine.plan(&script, &RunOptions::default()).await.unwrap().remove(0).pipeline;
        let second = registry.plant("trades-value", StoredSchema::avro(&versions[1]));
        feed.push_to("0", message(first, &[&[0], &[2], &short(1), &[2, b'c']]));
        let images: [&[u8]; 3] = [&[2, 4, 2, 8], &[2, 4, 2, 10], &[2, b'u']];
        feed.push_to("0", message(second, &images));
        feed.end();
        let summary = pipeline.dispatch(std::future::pending(), &Metrics::new()).await;
        let said = match summary {
            Err(error) => error.to_string(),
            Ok(summary) => {
                let entries = summary.drift.entries.iter().map(|e| format!("{} {:?}", e.change, e.verdict));
                entries.collect::<Vec<_>>().join("; ")
            }
        };
        assert!(said.contains(expected), "{policy}: {said}");
        assert_eq!(store.texts(), rows, "{policy}: {said}");
    }
}

#[tokio::test]
async fn a_sink_registers_what_it_writes_and_a_source_reads_it_back() {
    let registry = StandInRegistry::start().await;
    let (feed, back, store) = (MemoryFeed::new(), MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("to_register") && store.register("registered"));
    feed.push_to("0", r#"{"id":1,"at":{"city":"Bonn"},"tags":["a"]}"#);
    feed.push_to("0", r#"{"id":2,"at":null,"tags":null}"#);
    feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'to_register') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = 'registered') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'out-value'); INSERT INTO k SELECT * FROM s",
        registry.url()
    );
    for round in 1..=2 {
        run(&sql, &RunOptions::default()).await.0.unwrap();
        assert_eq!(
            registry.count("POST /subjects/{subject}/versions"),
            round,
            "registering again is the registry's to know"
        );
    }
    let messages = store.records();
    assert_eq!(messages.len(), 4, "each round wrote both");
    assert_eq!(messages[0][..5], [0, 0, 0, 0, 1]);

    assert!(back.register("to_read") && store.register("read"));
    messages.into_iter().take(2).for_each(|message| back.push_to("0", message));
    back.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'to_read') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'out-value');
         CREATE SINK k INTO MEMORY (name = 'read') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        registry.url()
    );
    run(&sql, &RunOptions::default()).await.0.unwrap();
    let texts = store.texts();
    assert_eq!(
        texts[texts.len() - 2..],
        [r#"{"id":1,"at":{"city":"Bonn"},"tags":["a"]}"#, r#"{"id":2,"at":null,"tags":null}"#]
    );
}

#[tokio::test]
async fn a_sink_registers_again_what_has_changed() {
    let registry = StandInRegistry::start().await;
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("evolving") && store.register("evolving"));
    [r#"{"id":1}"#, r#"{"id":2,"tag":"x"}"#].iter().for_each(|record| feed.push_to("0", *record));
    feed.end();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM MEMORY (name = 'evolving') FORMAT JSON ON SCHEMA CHANGE EVOLVE;
         CREATE SINK k INTO MEMORY (name = 'evolving') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'grown-value'); INSERT INTO k SELECT * FROM s",
        registry.url()
    );
    run(&sql, &RunOptions::default()).await.0.unwrap();
    assert_eq!(registry.count("POST /subjects/{subject}/versions"), 2);
    let messages = store.records();
    assert_eq!((messages[0][4], messages[1][4]), (1, 2), "each message names the schema that it was written with");
    assert_eq!(messages[1][5..], [2, 4, 2, 2, b'x']);
}

#[tokio::test]
async fn json_with_a_registered_schema_is_read_and_written() {
    let registry = StandInRegistry::start().await;
    let text = r#"{"type":"object","properties":{"id":{"type":"integer"},"at":{"type":"string","format":"date-time"},
        "tags":{"type":"array","items":{"type":"string"}}},"required":["id"]}"#;
    let id =
        registry.plant("in-value", StoredSchema { schema: text.to_owned(), ..StoredSchema::avro("") }.of_type("JSON"));
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("json_schema") && store.register("json_schema"));
    feed.push_to("0", message(id, &[br#"{"id":1,"at":"2026-01-02T03:04:05Z","tags":["a"],"more":1}"#]));
    feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'json_schema') FORMAT JSON
         USING SCHEMA REGISTRY (url = '{url}', subject = 'in-value') ON SCHEMA CHANGE IGNORE;
         CREATE SINK k INTO MEMORY (name = 'json_schema') FORMAT JSON
         USING SCHEMA REGISTRY (url = '{url}', subject = 'out-value'); INSERT INTO k SELECT * FROM s",
        url = registry.url()
    );
    let (summary, _) = run(&sql, &RunOptions::default()).await;
    assert_eq!(summary.unwrap().drift.entries[0].path, "more");
    let records = store.records();
    let (header, body) = records[0].split_at(5);
    assert_eq!(header, [0, 0, 0, 0, 2]);
    assert_eq!(std::str::from_utf8(body).unwrap(), r#"{"id":1,"at":"2026-01-02T03:04:05Z","tags":["a"]}"#);
}

#[tokio::test]
async fn a_schema_that_the_registry_refuses_stops_the_plan() {
    let registry =
        StandInRegistry::with(StandInOptions { checker: Some(Checker::of_rules()), ..StandInOptions::default() }).await;
    registry.plant("out-value", StoredSchema::avro(VERSIONS[0]));
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("incompatible") && store.register("incompatible"));
    feed.push_to("0", r#"{"id":"text"}"#);
    feed.end();
    let sql = format!(
        "CREATE SOURCE s (id VARCHAR NOT NULL) FROM MEMORY (name = 'incompatible') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = 'incompatible') FORMAT AVRO
         USING SCHEMA REGISTRY (url = '{}', subject = 'out-value'); INSERT INTO k SELECT * FROM s",
        registry.url()
    );
    let error = run(&sql, &RunOptions::default()).await.0.unwrap_err().to_string();
    assert!(
        error.contains("the schema may not follow those of subject `out-value`") && error.contains("id"),
        "{error}"
    );
    assert!(store.records().is_empty());
}

#[tokio::test]
async fn a_sink_without_a_registry_says_so() {
    let registry = StandInRegistry::start().await;
    let (feed, _store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register("no_registry"));
    feed.push_to("0", r#"{"id":1}"#);
    feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'no_registry') FORMAT JSON;
         CREATE SINK k INTO FILE (path = 'never.avro') FORMAT AVRO USING SCHEMA REGISTRY (url = '{}', subject = 'x');
         INSERT INTO k SELECT * FROM s",
        registry.url()
    );
    let error = run(&sql, &RunOptions::default()).await.0.unwrap_err().to_string();
    assert!(error.contains("connector `file` has no capability `registry`"), "{error}");
    assert_eq!(registry.total(), 0);
}

/// Plans a source whose USING SCHEMA REGISTRY has these options beside its subject `trades-value`.
async fn planned(name: &str, options: &str) -> Result<String, SchemaError> {
    let mut engine: Engine<TestSources, TestSinks> = TestEngine::new();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = '{name}') FORMAT AVRO
         USING SCHEMA REGISTRY (subject = 'trades-value', {options});"
    );
    engine.load(&sql).map_err(|e| e.error)?;
    engine.bind("s").await.map_err(|e| e.error)?.explain()
}

#[tokio::test]
async fn a_context_is_where_subjects_are_looked_for() {
    let registry = StandInRegistry::start().await;
    registry.plant("trades-value", StoredSchema::avro(VERSIONS[0]));
    registry.plant(":.staging:trades-value", StoredSchema::avro(VERSIONS[1]));
    let feed = MemoryFeed::new();
    assert!(feed.register("contexts"));
    let url = registry.url();
    let usual = planned("contexts", &format!("url = '{url}'")).await.unwrap();
    let staging = planned("contexts", &format!("url = '{url}', context = '.staging'")).await.unwrap();
    assert!(!usual.contains("qty") && staging.contains("qty"), "{usual}\n{staging}");
    for (context, expected) in [(".elsewhere", ":.elsewhere:trades-value"), ("staging", "context")] {
        let error =
            planned("contexts", &format!("url = '{url}', context = '{context}'")).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{context}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_files_that_sql_names() {
    let registry = StandInRegistry::start().await;
    registry.plant("trades-value", StoredSchema::avro(VERSIONS[0]));
    let (front, feed, dir) = (TlsFront::start(registry.address).await, MemoryFeed::new(), tempfile::tempdir().unwrap());
    assert!(feed.register("encrypted"));
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (ca, identity, missing) = (path("ca.pem"), path("identity.pem"), path("missing.pem"));
    std::fs::write(&ca, &front.ca_pem).unwrap();
    std::fs::write(&identity, &front.identity_pem).unwrap();
    let url = front.url();
    let both = format!("url = '{url}', ca_file = '{ca}', identity_file = '{identity}'");
    let explained = planned("encrypted", &both).await.unwrap();
    assert!(explained.contains("venue"), "{explained}");
    let asked = registry.total();
    assert!(asked > 0);
    // A file that holds a key is named, and none of its text is told.
    for (options, expected) in [
        (format!("ca_file = '{missing}', identity_file = '{identity}'"), "missing.pem"),
        (format!("ca_file = '{ca}', identity_file = '{ca}'"), "no private key"),
        (format!("ca_file = '{ca}', timeout = '2s'"), "registry"),
    ] {
        let error = planned("encrypted", &format!("url = '{url}', {options}")).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("BEGIN"), "{options}: {error}");
    }
    assert_eq!(registry.total(), asked, "nobody else came through");
}
