//! Protobuf from SQL to rows and back to files: through a file, through memory, cut off; and definitions that others wrote.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use expect_test::{Expect, expect};
use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_formats::{
    json::{JsonEncoder, JsonOptions},
    protobuf::{ProtobufDecoder, ProtobufOptions},
};
use laminar_schema::{
    ConnectorConfig, DecoderSet, FormatDecoder, FormatEncoder, FormatSpec, Metrics, Options, RawBatch,
    engine::RunOptions,
};
use laminar_tests::engine::TestEngine;

const ORDER: &str = r#"syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
// An order of a customer.
message Order {
  int64 id = 1; // Counts from 1 on.
  google.protobuf.Timestamp at = 2;
  repeated string tags = 3;
  State state = 4;
  Line line = 5;
  oneof paid { string card = 6; int64 voucher = 7; }
  enum State { NEW = 0; SENT = 1; }
  message Line { string sku = 1; double price = 2; }
}
"#;

/// Runs every pipeline of the text; what a sink named `name` in memory has then, or the error.
async fn run(sql: &str, name: &str) -> Result<Vec<String>, String> {
    let store = MemoryStore::new();
    assert!(store.register(name));
    let mut engine = TestEngine::new();
    let script = engine.load(sql).map_err(|e| e.to_string())?;
    let options = RunOptions { max_batch_records: 2, ..RunOptions::default() };
    for planned in engine.plan(&script, &options).await.map_err(|e| e.to_string())? {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.map_err(|e| e.to_string())?;
    }
    Ok(store.texts())
}

const ROWS: &str = r#"{"id":1,"at":"2024-02-29T01:02:03Z","tags":["a","b"],"state":"SENT","line":{"sku":"x","price":1.5},"card":"4000"}
{"id":-2,"tags":[],"state":"NEW","voucher":7}
{"id":3,"at":"1969-12-31T23:59:59.999999Z","tags":["é"],"state":"NEW","line":{"sku":"","price":0.0}}
"#;

/// A definition, and a file of three messages of it, written by us from JSON.
async fn write(dir: &Path) -> (String, String) {
    let lines = dir.join("in.ndjson");
    fs::write(&lines, ROWS).unwrap();
    let definition = dir.join("order.proto").display().to_string();
    fs::write(&definition, ORDER).unwrap();
    let path = dir.join("out.pb").display().to_string();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT NOT NULL, at TIMESTAMPTZ, tags VARCHAR[], state VARCHAR NOT NULL,
                          line STRUCT(sku VARCHAR, price DOUBLE), card VARCHAR, voucher BIGINT)
         FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK k INTO FILE (path = '{path}') FORMAT PROTOBUF (schema_file = '{definition}', message = 'shop.Order');
         INSERT INTO k SELECT * FROM s",
        lines.display()
    );
    run(&sql, &path).await.unwrap();
    (definition, path)
}

#[tokio::test]
async fn rows_come_back_from_files_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (definition, path) = write(dir.path()).await;
    let select = |name: &str| {
        format!(
            "CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON (explicit_nulls = 'false'); INSERT INTO k SELECT * FROM s"
        )
    };
    let sql = format!(
        "CREATE SOURCE s FROM FILE (path = '{path}') FORMAT PROTOBUF (schema_file = '{definition}', message = 'shop.Order'); {}",
        select("protobuf_rows")
    );
    assert_eq!(run(&sql, "protobuf_rows").await.unwrap(), ROWS.lines().collect::<Vec<_>>());
    // Messages of a broker have no lengths before them.
    let feed = MemoryFeed::of_values([&b"\x08\x05\x3a\x00"[..], b"\x08\x07\x20\x01\x98\x06\x09"]);
    assert!(feed.register("protobuf_messages"));
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, state VARCHAR, _rescued JSON) FROM MEMORY (name = 'protobuf_messages')
         FORMAT PROTOBUF (schema_file = '{definition}', message = 'shop.Order', unknown_fields = 'rescue'); {}",
        select("protobuf_out")
    );
    assert_eq!(
        run(&sql, "protobuf_out").await.unwrap(),
        [
            r#"{"id":5,"state":"NEW","_rescued":[{"path":"","number":7,"wire_type":"len","value":"","reason":"unknown_field"}]}"#,
            r#"{"id":7,"state":"SENT","_rescued":[{"path":"","number":99,"wire_type":"varint","value":"9","reason":"unknown_field"}]}"#,
        ]
    );
}

/// Fields of an edition are what its features say: 1 is zero where it is absent, 2 is null there, 3 comes packed and alone.
#[tokio::test]
async fn definitions_of_editions_are_read() {
    let definition = "edition = \"2023\"; option features.field_presence = IMPLICIT;
        message M { int32 a = 1; string b = 2 [features.field_presence = EXPLICIT]; repeated int32 c = 3; reserved d; }";
    let feed = MemoryFeed::of_values([&b"\x08\x05\x12\x00\x1a\x02\x01\x02"[..], b"\x18\x03"]);
    assert!(feed.register("protobuf_edition"));
    let sql = format!(
        "CREATE SOURCE s FROM MEMORY (name = 'protobuf_edition') FORMAT PROTOBUF (schema = '{definition}');
         CREATE SINK k INTO MEMORY (name = 'protobuf_edition_out') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    );
    let rows = run(&sql, "protobuf_edition_out").await.unwrap();
    assert_eq!(rows, [r#"{"a":5,"b":"","c":[1,2]}"#, r#"{"a":0,"b":null,"c":[3]}"#]);
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (definition, path) = write(dir.path()).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let sql = |policy: &str, name: &str| {
        format!(
            "CREATE SOURCE s (id BIGINT) FROM FILE (path = '{path}') FORMAT PROTOBUF (schema_file = '{definition}', message = 'shop.Order') {policy};
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
        )
    };
    let error = run(&sql("", "protobuf_cut"), "protobuf_cut").await.unwrap_err();
    assert!(error.contains("expected the rest of a record, as its length says, found the end of the input"), "{error}");
    let rows = run(&sql("ON ERROR SKIP", "protobuf_skipped"), "protobuf_skipped").await.unwrap();
    assert_eq!(rows, [r#"{"id":1}"#, r#"{"id":-2}"#]);
}

/// What is wrong with a definition, or with options, is said by name.
fn check_refused(options: &[(&str, &str)], expected: Expect) {
    let format = FormatSpec::new("protobuf").with_options(Options::from_pairs(options.iter().copied()));
    expected.assert_eq(&ProtobufDecoder::describe(&format, None).unwrap_err().to_string());
}

#[test]
fn definitions_are_refused_by_name() {
    check_refused(
        &[("schema", "message M { oops }")],
        expect![
            "option `schema` = '…': expected the text of a .proto file: schema.proto:1:18: expected '.' or an identifier, but found '}'"
        ],
    );
    check_refused(
        &[("schema", "syntax = \"proto2\"; message M { optional group G = 1 { optional int32 a = 1; } }")],
        expect!["option `message` = 'M.g': expected a field that is no group: make it a message"],
    );
    check_refused(
        &[("schema", "edition = \"2026\"; message M { int32 a = 1; }")],
        expect![
            "option `schema` = '…': expected the text of a .proto file: schema.proto:1:1: expected edition 2023 or 2024, found `2026`"
        ],
    );
    check_refused(
        &[("schema", "edition = \"2023\"; message M { M m = 1 [features.message_encoding = DELIMITED]; }")],
        expect!["option `message` = 'M.m': expected a field that is no group: make it a message"],
    );
    check_refused(
        &[
            ("schema", "syntax = \"proto3\"; message M { N n = 1; } message N { M m = 1; }"),
            ("message", "M"),
            ("recursion", "reject"),
        ],
        expect![
            "option `recursion` = 'reject': expected messages that do not contain themselves: there is the cycle M > N > M; 'json' makes JSON of the inner one"
        ],
    );
    check_refused(
        &[("schema", "syntax = \"proto3\"; message M { int32 a = 1; }"), ("message", "X")],
        expect!["option `message` = 'X': expected the full name of a message: it has M"],
    );
    check_refused(
        &[("schema", "import \"other.proto\"; message M { optional int32 a = 1; }")],
        expect![
            "option `schema` = '…': expected the text of a .proto file: schema.proto:1:1: import 'other.proto' not found"
        ],
    );
    check_refused(
        &[("schema_file", "no/such.desc")],
        expect![
            "option `schema_file` = 'no/such.desc': expected a .proto file or a descriptor set: No such file or directory (os error 2)"
        ],
    );
    check_refused(
        &[("schema_file", "no/such.proto")],
        expect![
            "option `schema_file` = 'no/such.proto': expected a .proto file or a descriptor set: file 'no/such.proto' is not in any include path"
        ],
    );
}

fn corpora() -> Option<PathBuf> {
    match std::env::var_os("LAMINAR_CORPORA") {
        Some(path) => Some(path.into()),
        None => {
            println!("skipped: LAMINAR_CORPORA is not set");
            None
        }
    }
}

fn protos(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            protos(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            found.push(path);
        }
    }
}

/// What becomes of every message that a `.proto` file defines: columns, or why not.
fn describe_all(path: &Path, include: &str) -> BTreeMap<String, Result<usize, String>> {
    let shown = path.display().to_string();
    let options = |message: &str| {
        let pairs = [("schema_file", shown.as_str()), ("include", include), ("message", message)];
        FormatSpec::new("protobuf").with_options(Options::from_pairs(pairs))
    };
    // Asking for a message that is not there yields the names of those that are.
    let error = ProtobufDecoder::describe(&options("no.Such"), None).unwrap_err().to_string();
    let Some((_, names)) = error.split_once("it has ").filter(|_| error.contains("`message`")) else {
        return BTreeMap::from([(String::new(), Err(error))]);
    };
    if names == "no message" {
        return BTreeMap::new();
    }
    let describe = |name: &str| {
        let described = ProtobufDecoder::describe(&options(name), None).map_err(|e| e.to_string())?.unwrap();
        Ok(described.schema.fields().len())
    };
    names.split(", ").map(|name| (name.to_owned(), describe(name))).collect()
}

#[test]
fn definitions_of_others_have_columns_or_are_refused_by_name() {
    let Some(corpora) = corpora() else { return };
    let mut files = Vec::new();
    protos(&corpora.join("avro/risingwave-testdata"), &mut files);
    protos(&corpora.join("compat/buf-breaking"), &mut files);
    files.sort();
    let (mut mapped, mut refused) = (0, BTreeMap::<String, usize>::new());
    for file in &files {
        let include = file
            .ancestors()
            .find(|dir| dir.parent().is_some_and(|p| p.ends_with("current") || p.ends_with("previous")));
        let include = include.unwrap_or(file.parent().unwrap()).display().to_string();
        for (name, outcome) in describe_all(file, &include) {
            match outcome {
                Ok(_) => mapped += 1,
                Err(error) => {
                    let place = file.strip_prefix(&corpora).unwrap().display();
                    println!("{place} {name}: {error}");
                    // By the reason, without what it is about.
                    let reason = ["group", "edition", "syntax", "not found", "cannot", "column"]
                        .into_iter()
                        .find(|r| error.contains(r));
                    *refused.entry(reason.unwrap_or("other").to_owned()).or_default() += 1;
                }
            }
        }
    }
    println!("{} files: {mapped} messages have columns, refused {refused:?}", files.len());
    assert!(files.len() >= 300 && mapped >= 300, "{} files, {mapped} messages", files.len());
}

#[test]
fn payloads_of_others_decode() {
    let Some(corpora) = corpora() else { return };
    let folder = corpora.join("avro/risingwave-testdata/codec/tests/test_data");
    let file = folder.join("all-types.pb").display().to_string();
    let options = Options::from_pairs([("schema_file", file.as_str()), ("message", "all_types.AllTypes")]);
    let described = ProtobufDecoder::describe(&FormatSpec::new("protobuf").with_options(options), None);
    let described = described.unwrap().unwrap();
    println!("all-types.pb: {} columns", described.schema.fields().len());
    // Fields 2, 3, 4 and 5 of a message whose definition is not part of the suite, as far as its bytes show it.
    let definition = r#"syntax = "proto3"; message C {
        string name = 2; int64 at = 3; repeated Host hosts = 4; Pairs pairs = 5;
        message Host { int32 a = 1; int32 b = 2; string address = 3; } message Pairs { repeated string a = 1; repeated string b = 2; } }"#;
    let options = Options::from_pairs([("schema", definition)]);
    let format = FormatSpec::new("protobuf").with_options(options.clone());
    let schema = ProtobufDecoder::describe(&format, None).unwrap().unwrap().schema;
    let mut decoder =
        ProtobufDecoder::new(Arc::clone(&schema), &ProtobufOptions::from_options(&options).unwrap()).unwrap();
    let payload = fs::read(corpora.join("cdc/risingwave-kafka-payloads/proto_c_bin.1")).unwrap();
    let decoded = decoder.decode(&RawBatch::from_values([payload])).unwrap();
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
    let mut json = JsonEncoder::new(schema, &JsonOptions::from_options(&Options::new()).unwrap()).unwrap();
    let rows = json.encode_batch(&decoded.batch).unwrap();
    expect![[r#"{"name":"abc","at":1473305798,"hosts":[{"a":0,"b":200,"address":"127.0.0.1"},{"a":1,"b":400,"address":"127.0.0.2"}],"pairs":{"a":["1xxx","2xxx"],"b":["1xxx","2xxx"]}}"#]].assert_eq(std::str::from_utf8(&rows[0]).unwrap());
}
