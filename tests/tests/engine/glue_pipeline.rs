//! `USING SCHEMA REGISTRY (type = 'glue')` from SQL to a sink and back, against a stand-in for AWS Glue over HTTP.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::{SchemaError, Summary, engine::RunOptions};
use laminar_tests::{
    engine::run,
    registry::{ACCESS_KEY, StandInGlue},
};

const FIRST: &str = r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"int"}]}"#;
const SECOND: &str = r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"long"},
    {"name":"qty","type":"int","default":7}]}"#;

/// A message as AWS's serializer makes it.
fn message(id: u128, payload: &[u8], is_zipped: bool) -> Vec<u8> {
    let mut message = vec![3, if is_zipped { 5 } else { 0 }];
    message.extend(id.to_be_bytes());
    if !is_zipped {
        message.extend(payload);
        return message;
    }
    let mut zip = ZlibEncoder::new(message, Compression::default());
    zip.write_all(payload).unwrap();
    zip.finish().unwrap()
}

fn clause(glue: &StandInGlue, subject: &str) -> String {
    format!(
        "USING SCHEMA REGISTRY (type = 'glue', url = '{}', region = 'eu-central-1', registry = 'orders', subject = '{subject}',
         access_key_id = '{ACCESS_KEY}', secret_access_key = 'hunter2')",
        glue.url()
    )
}

async fn read(
    name: &str,
    format: &str,
    rest: &str,
    messages: &[Vec<u8>],
) -> (Result<Summary, SchemaError>, Vec<String>) {
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register(name) && store.register(name));
    messages.iter().for_each(|message| feed.push_to("0", message.clone()));
    feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = '{name}') FORMAT {format} {rest};
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    );
    let (summary, _) = run(&sql, &RunOptions::default()).await;
    (summary, store.texts())
}

#[tokio::test]
async fn messages_of_all_writers_are_read_as_the_latest_schema_says() {
    let glue = StandInGlue::start().await;
    let ids = [FIRST, SECOND].map(|definition| glue.plant("trades", "AVRO", definition));
    glue.throttle(2);
    let messages = [
        message(ids[0], &[2], false),
        message(ids[1], &[4, 10], true),
        message(ids[0], &[6], true),
        message(ids[1], &[8, 12], false),
        b"no header".to_vec(),
        message(ids[0], &[10], false),
    ];
    let rest = format!("{} ON ERROR SKIP", clause(&glue, "trades"));
    let (summary, rows) = read("glue_avro", "AVRO", &rest, &messages).await;
    assert_eq!((summary.as_ref().unwrap().rows, summary.unwrap().rejected), (5, 1));
    assert_eq!(rows, [(1, 7), (2, 5), (3, 7), (4, 6), (5, 7)].map(|(id, qty)| format!(r#"{{"id":{id},"qty":{qty}}}"#)));
    assert_eq!(glue.count("GetSchemaVersion"), 4, "the latest, after it was throttled twice, and the other");

    let (summary, _) = read("glue_unknown", "AVRO", &clause(&glue, "trades"), &[message(9 << 100, &[2], false)]).await;
    let error = summary.unwrap_err().to_string();
    assert!(error.contains("schema version with id 00000090-0000-0000-0000-000000000000"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn dead_letters_name_the_uuid() {
    let glue = StandInGlue::start().await;
    let id = glue.plant("letters", "AVRO", FIRST);
    let (feed, store, dead) = (MemoryFeed::new(), MemoryStore::new(), MemoryStore::new());
    assert!(feed.register("glue letters") && store.register("glue letters") && dead.register("glue dead"));
    // A number that is cut off, one of another header, and one without any.
    for record in [message(id, &[0x80], false), vec![9, 0, 1], Vec::new(), message(id, &[2], true)] {
        feed.push_to("0", record);
    }
    feed.end();
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'glue letters') FORMAT AVRO {} ON ERROR DEAD LETTER TO d;
         CREATE SINK d INTO MEMORY (name = 'glue dead') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = 'glue letters') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        clause(&glue, "letters")
    );
    let summary = run(&sql, &RunOptions::default()).await.0.unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 3));
    let uuid = laminar_schema::WriterSchemaId(id).as_uuid();
    let named = dead.texts().into_iter().map(|letter| serde_json::from_str::<serde_json::Value>(&letter).unwrap());
    let named: Vec<serde_json::Value> = named.map(|letter| letter["schema_id"].clone()).collect();
    assert_eq!(named, [serde_json::Value::from(uuid), serde_json::Value::Null, serde_json::Value::Null]);
}

#[tokio::test]
async fn documents_are_read_whatever_their_version() {
    let glue = StandInGlue::start().await;
    let json = r#"{"type":"object","properties":{"id":{"type":"integer"},"tag":{"type":"string"}}}"#;
    let id = glue.plant("documents", "JSON", json);
    let messages = [message(id, br#"{"id":1}"#, false), message(id, br#"{"id":2,"tag":"x"}"#, true)];
    let (summary, rows) = read("glue_json", "JSON", &clause(&glue, "documents"), &messages).await;
    summary.unwrap();
    assert_eq!(rows, [r#"{"id":1,"tag":null}"#, r#"{"id":2,"tag":"x"}"#]);
    // Without a registry the schema is inferred from what is behind the headers.
    let (summary, rows) = read("glue_inferred", "JSON (wire_format = 'glue')", "", &messages).await;
    summary.unwrap();
    assert_eq!(rows, [r#"{"id":1,"tag":null}"#, r#"{"id":2,"tag":"x"}"#]);
}

#[tokio::test]
async fn what_a_sink_writes_is_registered_and_read_back() {
    for (format, name) in [("AVRO", "glue_out_avro"), ("JSON", "glue_out_json")] {
        let glue = StandInGlue::start().await;
        let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
        assert!(feed.register(name) && store.register(name));
        feed.push_to("0", r#"{"id":1,"tag":"x"}"#);
        feed.push_to("0", r#"{"id":2}"#);
        feed.end();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT NOT NULL, tag VARCHAR) FROM MEMORY (name = '{name}') FORMAT JSON;
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT {format} {}; INSERT INTO k SELECT * FROM s",
            clause(&glue, "out")
        );
        run(&sql, &RunOptions::default()).await.0.unwrap();
        let definition = glue.latest("out").unwrap();
        assert!(definition.contains("tag"), "{definition}");
        assert_eq!((glue.count("CreateSchema"), glue.count("RegisterSchemaVersion")), (1, 1), "there was none");
        let records = store.records();
        assert!(records.iter().all(|record| record.starts_with(&[3, 0])), "{records:?}");
        let records: Vec<Vec<u8>> = records.iter().map(|record| record.to_vec()).collect();
        drop((feed, store));
        let (summary, rows) = read(name, format, &clause(&glue, "out"), &records).await;
        summary.unwrap();
        assert_eq!(rows, [r#"{"id":1,"tag":"x"}"#, r#"{"id":2,"tag":null}"#], "{format}");

        // A second run finds its schema, and one of other columns makes a version.
        let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
        assert!(feed.register(name) && store.register(name));
        feed.end();
        run(&sql, &RunOptions::default()).await.0.unwrap();
        assert_eq!(glue.count("RegisterSchemaVersion"), 1);
        let wider = sql.replace("tag VARCHAR", "tag VARCHAR, more BIGINT");
        run(&wider, &RunOptions::default()).await.0.unwrap();
        assert_eq!((glue.count("CreateSchema"), glue.count("RegisterSchemaVersion")), (1, 2));
        let refused = sql.replace("tag VARCHAR", "incompatible VARCHAR");
        let error = run(&refused, &RunOptions::default()).await.0.unwrap_err().to_string();
        assert!(error.contains("its status is FAILURE"), "{error}");
    }
}

#[tokio::test]
async fn a_schema_that_another_creates_meanwhile_gets_a_version() {
    let glue = StandInGlue::start().await;
    let name = "glue_outrun";
    let (feed, store) = (MemoryFeed::new(), MemoryStore::new());
    assert!(feed.register(name) && store.register(name));
    feed.push_to("0", r#"{"id":1}"#);
    feed.end();
    glue.outrun(FIRST);
    let sql = format!(
        "CREATE SOURCE s (id BIGINT NOT NULL) FROM MEMORY (name = '{name}') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT AVRO {}; INSERT INTO k SELECT * FROM s",
        clause(&glue, "trades")
    );
    run(&sql, &RunOptions::default()).await.0.unwrap();
    assert_eq!((glue.count("CreateSchema"), glue.count("RegisterSchemaVersion")), (1, 2));
    assert!(glue.latest("trades").unwrap().contains("long"), "it is the sink's own");
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_name() {
    let glue = StandInGlue::start().await;
    let whole = clause(&glue, "trades");
    for (format, rest, expected) in [
        ("AVRO", whole.clone(), "schema `trades` in registry `orders`"),
        ("AVRO", whole.replace("'orders'", "'elsewhere'"), "schema `trades` in registry `elsewhere`"),
        ("AVRO", whole.replace(ACCESS_KEY, "AKIDOTHER"), "UnrecognizedClientException"),
        ("AVRO", whole.replace("'eu-central-1'", "'eu central/1'"), "a region of letters, digits and `-`"),
        ("PROTOBUF (schema = 'syntax = \"proto3\"; message M {}')", whole.clone(), "avro or json beside type = 'glue'"),
        ("AVRO", whole.replace("type = 'glue', ", ""), "expected glue, beside region"),
        ("AVRO", whole.replace("access_key_id", "token = 't', context = 'c', access_key_id"), "token"),
    ] {
        let (summary, _) = read("glue_refused", format, &rest, &[]).await;
        let error = summary.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
