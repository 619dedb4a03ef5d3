//! Change data in envelopes: against a model that looks at one record after the other, from SQL, and on others' payloads.

use std::{fmt::Write as _, fs, path::PathBuf, sync::Arc};

use arrow_array::{Array, cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, Field, Schema};
use expect_test::{Expect, expect};
use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_formats::{
    AnyDecoder,
    envelope::{EnvelopeOptions, Enveloped},
};
use laminar_schema::{
    ConnectorConfig, DecodeSpec, Decoded, DecoderSet, FormatDecoder, InferenceConfig, Metrics, RawBatch, RawRecord,
    config::{FormatSpec, Options},
    engine::RunOptions,
    types::field_type_name,
};
use laminar_tests::{engine::TestEngine, random::Random};
use serde_json::{Value, json};

/// An output row: record, id, name, change.
type Row = (usize, Option<i64>, Option<String>, String);

/// What a batch gives: rows, and the records that give none because they are wrong.
#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<Row>,
    rejected: Vec<usize>,
}

/// A case: which options an envelope has.
#[derive(Debug, Clone, Copy)]
struct Case {
    format: &'static str,
    is_upsert: bool,
    both: bool,
    skip_other: bool,
    /// Whether deletes without an image look at the key.
    keyed: bool,
    connect: &'static str,
}

impl Case {
    fn random(random: &mut Random) -> Self {
        Self {
            format: random.pick(&["json", "msgpack"]),
            is_upsert: random.below(3) == 0,
            both: random.below(2) == 0,
            skip_other: random.below(2) == 0,
            keyed: random.below(2) == 0,
            connect: random.pick(&["auto", "absent", "present"]),
        }
    }

    fn decoder(self) -> Enveloped<AnyDecoder> {
        let mut options = vec![
            ("envelope", if self.is_upsert { "upsert" } else { "debezium" }),
            ("envelope.updates", if self.both { "both" } else { "after" }),
            ("envelope.other_operations", if self.skip_other { "skip" } else { "reject" }),
            ("envelope.connect_schema", self.connect),
        ];
        if self.keyed || self.is_upsert {
            options.push(("envelope.key_columns", "id"));
        }
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
            Field::new("_op", DataType::Utf8, false),
        ]);
        let format = FormatSpec::new(self.format).with_options(Options::from_pairs(options));
        Enveloped::build(&DecodeSpec::new(Arc::new(schema), format)).unwrap().unwrap()
    }

    /// Where envelopes may lie.
    fn places(self) -> &'static [bool] {
        let auto = self.connect == "auto" && self.format == "json" && !self.is_upsert;
        match self.connect {
            _ if auto => &[false, true],
            "present" => &[true],
            _ => &[false],
        }
    }
}

/// A field of an object, where null and absent are one.
fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|v| !v.is_null())
}

/// The id and the text of an image, where it has them.
type Shown = (Option<i64>, Option<String>);

/// The id and the text of a row, and what became of it.
type Changed = (i64, Option<String>, &'static str);

/// A row as an image has it; an error where a value is of another type.
fn image(value: Option<&Value>, needs_id: bool) -> Result<Option<Shown>, ()> {
    let Some(value) = value else { return Ok(None) };
    if !value.is_object() {
        return Err(());
    }
    let id = get(value, "id").map(|v| v.as_i64().ok_or(())).transpose()?;
    let name = get(value, "name").map(|v| v.as_str().map(str::to_owned).ok_or(())).transpose()?;
    if needs_id && id.is_none() { Err(()) } else { Ok(Some((id, name))) }
}

/// The id in a key, under the rules of the model: an error where it does not fit, or where there is none.
fn id_of_key(case: Case, key: Option<&Value>) -> Result<i64, ()> {
    let key = key.filter(|k| k.is_object()).ok_or(())?;
    let mut found = None;
    for in_payload in case.places() {
        let place = if *in_payload { get(key, "payload") } else { Some(key) };
        let Some(place) = place else { continue };
        // In a payload that is there, the id counts even where it is null.
        found = image(Some(&json!({ "id": place.as_object().ok_or(())?.get("id") })), false)?.unwrap_or_default().0;
    }
    found.ok_or(())
}

/// What the record gives: its rows, or an error.
fn model(case: Case, key: Option<&Value>, value: Option<&Value>) -> Result<Vec<Changed>, ()> {
    if case.is_upsert {
        return upsert(case, key, value);
    }
    // Tombstones are skipped in both formats.
    let Some(value) = value else { return Ok(Vec::new()) };
    if !value.is_object() {
        return Err(());
    }
    let mut change = None;
    for in_payload in case.places() {
        let place = if *in_payload { get(value, "payload") } else { Some(value) };
        let Some(place) = place else { continue };
        if !place.is_object() {
            return Err(());
        }
        let op = get(place, "op").map(|v| v.as_str().ok_or(())).transpose()?;
        let (before, after) = (image(get(place, "before"), false)?, image(get(place, "after"), true)?);
        if let Some(op) = op {
            change = change.or(Some((op, before, after)));
        }
    }
    let (op, before, after) = change.ok_or(())?;
    let row = |image: (Option<i64>, Option<String>), word| Ok((image.0.ok_or(())?, image.1, word));
    match op {
        "c" => Ok(vec![row(after.ok_or(())?, "insert")?]),
        "r" => Ok(vec![row(after.ok_or(())?, "read")?]),
        "u" if case.both => {
            let after = row(after.ok_or(())?, "update_after")?;
            let before = before.map(|before| row(before, "update_before")).transpose()?;
            Ok(before.into_iter().chain([after]).collect())
        }
        "u" => Ok(vec![row(after.ok_or(())?, "update")?]),
        "d" => match before {
            Some(before) => Ok(vec![row(before, "delete")?]),
            None if case.keyed => Ok(vec![(id_of_key(case, key)?, None, "delete")]),
            None => Err(()),
        },
        "t" | "m" if case.skip_other => Ok(Vec::new()),
        _ => Err(()),
    }
}

fn upsert(case: Case, key: Option<&Value>, value: Option<&Value>) -> Result<Vec<Changed>, ()> {
    let Some(value) = value else { return Ok(vec![(id_of_key(case, key)?, None, "delete")]) };
    if !value.is_object() {
        return Err(());
    }
    let place = if case.connect == "present" { get(value, "payload").ok_or(())? } else { value };
    let name = match place.as_object().ok_or(())?.get("name") {
        None | Some(Value::Null) => None,
        Some(name) => Some(name.as_str().ok_or(())?.to_owned()),
    };
    Ok(vec![(id_of_key(case, key)?, name, "upsert")])
}

fn random_image(random: &mut Random) -> Value {
    let mut image = json!({});
    match random.below(12) {
        0 => return json!("text"),
        1 | 2 => return Value::Null,
        _ => {}
    }
    match random.below(10) {
        0 => {}
        1 => image["id"] = Value::Null,
        2 => image["id"] = json!("x"),
        _ => image["id"] = json!(random.integer()),
    }
    match random.below(6) {
        0 => {}
        1 => image["name"] = Value::Null,
        2 if random.below(4) == 0 => image["name"] = json!(7),
        _ => image["name"] = json!(random.text(3)),
    }
    if random.below(4) == 0 {
        image["more"] = json!([1, {"id": 2}]);
    }
    image
}

fn random_value(random: &mut Random, case: Case) -> Option<Value> {
    let value = match random.below(24) {
        0 | 1 => return None,
        2 => json!([1]),
        3 => json!({"id": 1}),
        _ if case.is_upsert => random_image(random),
        _ => {
            let mut value = json!({});
            for name in ["before", "after"] {
                if random.below(5) > 0 {
                    value[name] = random_image(random);
                }
            }
            if random.below(12) > 0 {
                value["op"] = match random.below(16) {
                    0 => json!(1),
                    1 => Value::Null,
                    _ => json!(random.pick(&["c", "r", "u", "d", "u", "d", "t", "m", "x"])),
                };
            }
            value["source"] = json!({"db": "x", "op": "c"});
            value
        }
    };
    Some(wrapped(random, case, value))
}

/// Puts `{"schema": …, "payload": …}` around a message, sometimes where it should not be.
fn wrapped(random: &mut Random, case: Case, value: Value) -> Value {
    let wraps = match case.connect {
        "present" => random.below(8) > 0,
        "auto" => random.below(2) == 0,
        _ => random.below(12) == 0,
    };
    if wraps { json!({"schema": {"type": "struct"}, "payload": value}) } else { value }
}

fn random_key(random: &mut Random, case: Case) -> Option<Value> {
    let key = match random.below(10) {
        0 => return None,
        1 => return Some(json!("k")),
        2 => json!({}),
        3 => json!({"id": "x"}),
        4 => json!({"id": null}),
        _ => json!({"id": random.integer()}),
    };
    Some(wrapped(random, case, key))
}

fn msgpack(value: &Value) -> rmpv::Value {
    match value {
        Value::Null => rmpv::Value::Nil,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => n.as_i64().unwrap().into(),
        Value::String(s) => s.as_str().into(),
        Value::Array(items) => rmpv::Value::Array(items.iter().map(msgpack).collect()),
        Value::Object(members) => {
            rmpv::Value::Map(members.iter().map(|(k, v)| (k.as_str().into(), msgpack(v))).collect())
        }
    }
}

fn bytes(format: &str, value: &Value) -> Vec<u8> {
    match format {
        "msgpack" => {
            let mut bytes = Vec::new();
            rmpv::encode::write_value(&mut bytes, &msgpack(value)).unwrap();
            bytes
        }
        _ => serde_json::to_vec(value).unwrap(),
    }
}

fn rows_of(decoded: &Decoded, first: usize) -> Outcome {
    let (ids, names) =
        (decoded.batch.column(0).as_primitive::<Int64Type>(), decoded.batch.column(1).as_string::<i32>());
    let changes = decoded.batch.column(2).as_string::<i32>();
    let row = |row: usize| {
        let name = names.is_valid(row).then(|| names.value(row).to_owned());
        let id = ids.is_valid(row).then(|| ids.value(row));
        (first + decoded.rows.record_of(row), id, name, changes.value(row).to_owned())
    };
    Outcome {
        rows: (0..decoded.batch.num_rows()).map(row).collect(),
        rejected: decoded.rejected.iter().map(|r| first + r.record).collect(),
    }
}

/// Decodes random records and holds every row against the model; then again in parts.
fn check_random(seed: u64) {
    let mut random = Random(seed);
    let case = Case::random(&mut random);
    let num_records = random.below(40);
    let records: Vec<(Option<Value>, Option<Value>)> =
        (0..num_records).map(|_| (random_key(&mut random, case), random_value(&mut random, case))).collect();
    let mut expected = Outcome { rows: Vec::new(), rejected: Vec::new() };
    for (record, (key, value)) in records.iter().enumerate() {
        match model(case, key.as_ref(), value.as_ref()) {
            Ok(rows) => expected
                .rows
                .extend(rows.into_iter().map(|(id, name, change)| (record, Some(id), name, change.to_owned()))),
            Err(()) => expected.rejected.push(record),
        }
    }
    let raw: Vec<RawRecord> = records
        .iter()
        .map(|(key, value)| RawRecord {
            key: key.as_ref().map(|v| bytes(case.format, v)),
            value: value.as_ref().map(|v| bytes(case.format, v)),
            ..RawRecord::default()
        })
        .collect();
    let mut decoder = case.decoder();
    let decoded = decoder.decode(&RawBatch::from_records(&raw)).unwrap();
    assert_eq!(decoded.consumed, raw.len());
    assert_eq!(rows_of(&decoded, 0), expected, "seed {seed}: {case:?} {records:#?}");

    let mut in_parts = Outcome { rows: Vec::new(), rejected: Vec::new() };
    let mut first = 0;
    while first < raw.len() {
        let until = raw.len().min(first + 1 + random.below(7));
        let part = rows_of(&decoder.decode(&RawBatch::from_records(&raw[first..until])).unwrap(), first);
        in_parts.rows.extend(part.rows);
        in_parts.rejected.extend(part.rejected);
        first = until;
    }
    assert_eq!(in_parts, expected, "seed {seed}, in parts");
}

#[test]
fn columns_agree_with_a_model_of_records() {
    let seeds = std::env::var("LAMINAR_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    for seed in 0..seeds {
        check_random(seed);
    }
}

/// Runs every pipeline of the text, in batches of three records, over what a feed `name` holds.
async fn run(name: &str, records: &[(&str, Option<&str>)], sql: &str) -> Result<(), String> {
    let feed = MemoryFeed::new();
    assert!(feed.register(name));
    for (key, value) in records {
        feed.push(RawRecord {
            key: (!key.is_empty()).then(|| key.as_bytes().to_vec()),
            value: value.map(|v| v.as_bytes().to_vec()),
            ..RawRecord::default()
        });
    }
    feed.end();
    let mut engine = TestEngine::new();
    let script = engine.load(sql).map_err(|e| e.error.to_string())?;
    let options = RunOptions { max_batch_records: 3, ..RunOptions::default() };
    for planned in engine.plan(&script, &options).await.map_err(|e| e.error.to_string())? {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// What a sink of JSON lines gets, or the error.
async fn check(name: &str, source: &str, records: &[(&str, Option<&str>)], expected: Expect) {
    let (store, letters) = (MemoryStore::new(), MemoryStore::new());
    assert!(store.register(name) && letters.register(&format!("{name}_letters")));
    let sql = format!(
        "CREATE SOURCE s {source} ON ERROR DEAD LETTER TO dead;
         CREATE SINK dead INTO MEMORY (name = '{name}_letters') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM s"
    );
    let mut shown = String::new();
    if let Err(error) = run(name, records, &sql).await {
        writeln!(shown, "error: {error}").unwrap();
    }
    for row in store.texts() {
        writeln!(shown, "{row}").unwrap();
    }
    for letter in letters.texts() {
        let letter: Value = serde_json::from_str(&letter).unwrap();
        writeln!(shown, "letter: {}", letter["error"]).unwrap();
    }
    expected.assert_eq(&shown);
}

const TOPIC: [(&str, Option<&str>); 5] = [
    (r#"{"id":1}"#, Some(r#"{"before":null,"after":{"id":1,"price":1.5},"op":"c","ts_ms":1}"#)),
    (r#"{"id":1}"#, Some(r#"{"before":{"id":1,"price":1.5},"after":{"id":1,"price":2},"op":"u","ts_ms":2}"#)),
    (r#"{"id":1}"#, Some(r#"{"id":1,"price":2}"#)),
    (r#"{"id":1}"#, Some(r#"{"before":{"id":1,"price":2},"after":null,"op":"d","ts_ms":3}"#)),
    (r#"{"id":1}"#, None),
];

#[tokio::test]
async fn envelopes_from_sql() {
    check(
        "env_declared",
        "(id BIGINT NOT NULL, price DECIMAL(10, 2)) FROM MEMORY (name = 'env_declared') FORMAT JSON
         ENVELOPE DEBEZIUM (updates = 'both', timestamp_column = 'at') INCLUDE OFFSET AS o, KEY AS k",
        &TOPIC,
        expect![[r#"
            {"id":1,"price":1.50,"_op":"insert","at":"1970-01-01T00:00:00.001Z","o":0,"k":"eyJpZCI6MX0="}
            {"id":1,"price":1.50,"_op":"update_before","at":"1970-01-01T00:00:00.002Z","o":1,"k":"eyJpZCI6MX0="}
            {"id":1,"price":2.00,"_op":"update_after","at":"1970-01-01T00:00:00.002Z","o":1,"k":"eyJpZCI6MX0="}
            {"id":1,"price":2.00,"_op":"delete","at":"1970-01-01T00:00:00.003Z","o":3,"k":"eyJpZCI6MX0="}
            letter: "expected a Debezium envelope with `op`, `before` and `after`, found a record without `op`; rows without an envelope are read without ENVELOPE"
        "#]],
    )
    .await;
    check(
        "env_inferred",
        "FROM MEMORY (name = 'env_inferred') FORMAT JSON ENVELOPE DEBEZIUM INFER SCHEMA (sample_timeout = '50ms')",
        &TOPIC,
        expect![[r#"
            {"id":1,"price":1.5,"_op":"insert"}
            {"id":1,"price":2.0,"_op":"update"}
            {"id":1,"price":2.0,"_op":"delete"}
            letter: "expected a Debezium envelope with `op`, `before` and `after`, found a record without `op`; rows without an envelope are read without ENVELOPE"
        "#]],
    )
    .await;
    check(
        "env_wildcard",
        "(price DOUBLE, *) FROM MEMORY (name = 'env_wildcard') FORMAT JSON ENVELOPE DEBEZIUM
         INFER SCHEMA (sample_timeout = '50ms')",
        &TOPIC,
        expect![[r#"
            {"price":1.5,"id":1,"_op":"insert"}
            {"price":2.0,"id":1,"_op":"update"}
            {"price":2.0,"id":1,"_op":"delete"}
            letter: "expected a Debezium envelope with `op`, `before` and `after`, found a record without `op`; rows without an envelope are read without ENVELOPE"
        "#]],
    )
    .await;
    check(
        "env_upsert",
        "(id BIGINT NOT NULL, op VARCHAR) FROM MEMORY (name = 'env_upsert') FORMAT JSON (unknown_fields = 'rescue')
         ENVELOPE UPSERT (key_columns = 'id', change_column = 'what')",
        &TOPIC,
        expect![[r#"
            {"id":1,"op":"c","_rescued":{"before":{"value":null,"reason":"unknown_field"},"after":{"value":{"id":1,"price":1.5},"reason":"unknown_field"},"ts_ms":{"value":1,"reason":"unknown_field"}},"what":"upsert"}
            {"id":1,"op":"u","_rescued":{"before":{"value":{"id":1,"price":1.5},"reason":"unknown_field"},"after":{"value":{"id":1,"price":2},"reason":"unknown_field"},"ts_ms":{"value":2,"reason":"unknown_field"}},"what":"upsert"}
            {"id":1,"op":null,"_rescued":{"price":{"value":2,"reason":"unknown_field"}},"what":"upsert"}
            {"id":1,"op":"d","_rescued":{"before":{"value":{"id":1,"price":2},"reason":"unknown_field"},"after":{"value":null,"reason":"unknown_field"},"ts_ms":{"value":3,"reason":"unknown_field"}},"what":"upsert"}
            {"id":1,"op":null,"_rescued":null,"what":"delete"}
        "#]],
    )
    .await;
}

/// A schema that the format tells is the envelope's: its rows are what is wanted.
#[tokio::test]
async fn a_described_envelope_gives_its_rows() {
    let (insert, delete) = ("\x12\x05\x08\x01\x12\x01a\x1a\x01c", "\x0a\x05\x08\x02\x12\x01b\x1a\x01d");
    check(
        "env_described",
        r#"FROM MEMORY (name = 'env_described') FORMAT PROTOBUF (message = 'Envelope', schema = 'syntax = "proto3";
           message Row { int64 id = 1; string name = 2; }
           message Envelope { Row before = 1; Row after = 2; string op = 3; int64 ts_ms = 4; }') ENVELOPE DEBEZIUM"#,
        &[("", Some(insert)), ("", Some(delete)), ("", Some("\x08"))],
        expect![[r#"
            {"id":1,"name":"a","_op":"insert"}
            {"id":2,"name":"b","_op":"delete"}
            letter: "at byte 1: expected the rest of a field, found the end of the message"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn envelopes_of_avro() {
    let (insert, delete) = ("\0\x02\x02\x02a\x02c", "\x02\x04\x02b\0\x02d");
    check(
        "env_avro",
        r#"FROM MEMORY (name = 'env_avro') FORMAT AVRO (schema = '{"type": "record", "name": "Envelope", "fields": [
           {"name": "before", "type": ["null", {"type": "record", "name": "Row", "fields": [
              {"name": "id", "type": "long"}, {"name": "name", "type": "string"}]}]},
           {"name": "after", "type": ["null", "Row"]}, {"name": "op", "type": "string"}]}') ENVELOPE DEBEZIUM"#,
        &[("", Some(insert)), ("", Some(delete)), ("", Some("\x08"))],
        expect![[r#"
            {"id":1,"name":"a","_op":"insert"}
            {"id":2,"name":"b","_op":"delete"}
            letter: "at byte 1: expected a branch of the union, found a number that it lacks"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_read() {
    for (name, source, expected) in [
        (
            "env_no_format",
            "(a BIGINT) FROM MEMORY (name = 'env_no_format') ENVELOPE DEBEZIUM",
            expect![[r#"
            error: line 1, column 65: ENVELOPE without FORMAT; say which format is in the envelope: FORMAT JSON
        "#]],
        ),
        (
            "env_kind",
            "(a BIGINT) FROM MEMORY (name = 'env_kind') FORMAT JSON ENVELOPE DEBZIUM",
            expect![[r#"
                error: s: option `envelope` = 'DEBZIUM': expected none, debezium, maxwell or upsert
            "#]],
        ),
        (
            "env_option",
            "(a BIGINT) FROM MEMORY (name = 'env_option') FORMAT JSON ENVELOPE DEBEZIUM (update = 'both')",
            expect![[r#"
                error: s: unknown option `envelope.update`; did you mean `envelope.updates`?
            "#]],
        ),
        (
            "env_twice",
            "(a BIGINT) FROM MEMORY (name = 'env_twice') FORMAT JSON (envelope = 'upsert') ENVELOPE DEBEZIUM",
            expect![[r#"
                error: line 1, column 104: option `envelope` is given twice; rename or remove one of them
            "#]],
        ),
        (
            "env_type",
            "(a BIGINT, _op BIGINT) FROM MEMORY (name = 'env_type') FORMAT JSON ENVELOPE DEBEZIUM",
            expect![[r#"
                error: option `envelope.change_column` = '_op': expected a column of type VARCHAR: it is declared BIGINT
            "#]],
        ),
        (
            "env_keys",
            "(a BIGINT) FROM MEMORY (name = 'env_keys') FORMAT JSON ENVELOPE UPSERT",
            expect![[r#"
            error: option `envelope.key_columns` = '': expected columns that the message key holds: ENVELOPE UPSERT needs the key of each row
        "#]],
        ),
        (
            "env_csv",
            "(a BIGINT) FROM MEMORY (name = 'env_csv') FORMAT CSV ENVELOPE DEBEZIUM INFER SCHEMA",
            expect![[r#"
                letter: "expected 4 columns, found 1; see `ragged_rows`"
            "#]],
        ),
        (
            "env_parquet",
            "(a BIGINT) FROM MEMORY (name = 'env_parquet') FORMAT PARQUET ENVELOPE DEBEZIUM",
            expect![[r#"
                error: s: option `envelope` = 'DEBEZIUM': expected a format of records: format parquet holds columns, and no records that could be in an envelope
            "#]],
        ),
        (
            "env_csv_inferred",
            "FROM MEMORY (name = 'env_csv_inferred') FORMAT CSV ENVELOPE DEBEZIUM INFER SCHEMA",
            expect![[r#"
                error: s: no inference for format `csv in an envelope`; declare the columns (inference exists for json)
            "#]],
        ),
    ] {
        check(name, source, &[("", Some("{}"))], expected).await;
    }
}

#[test]
fn the_clause_is_shown_as_it_is_written() {
    let feed = MemoryFeed::new();
    assert!(feed.register("env_shown"));
    let mut engine = TestEngine::new();
    let sql = "CREATE SOURCE s (id BIGINT) FROM MEMORY (name = 'env_shown') FORMAT JSON (max_depth = 9)
               ENVELOPE UPSERT (key_columns = 'id', key_format = raw)";
    engine.load(sql).unwrap();
    let shown = engine.show_create_source("s").unwrap();
    expect![[r#"
        CREATE SOURCE s (
            id BIGINT
        )
        FROM MEMORY (name = 'env_shown')
        FORMAT JSON (max_depth = '9')
        ENVELOPE UPSERT (key_columns = 'id', key_format = 'raw')"#]]
    .assert_eq(&shown);
    let mut again = TestEngine::new();
    again.load(&shown).unwrap();
    assert_eq!(again.show_create_source("s").unwrap(), shown);
}

/// How records lie in a corpus file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Lines,
    /// `^` stands between key and value.
    KeyedLines,
    Whole,
}

fn corpus(file: &str, layout: Layout) -> Option<Vec<RawRecord>> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    let text = fs::read_to_string(PathBuf::from(corpora).join("cdc").join(file)).unwrap();
    let record = |line: &str| match line.split_once('^').filter(|_| layout == Layout::KeyedLines) {
        Some((key, value)) => RawRecord {
            key: Some(key.as_bytes().to_vec()),
            value: (!value.is_empty()).then(|| value.as_bytes().to_vec()),
            ..RawRecord::default()
        },
        None => RawRecord::new(line.as_bytes()),
    };
    if layout == Layout::Whole {
        return Some(vec![record(&text)]);
    }
    Some(text.lines().filter(|l| !l.trim().is_empty()).map(record).collect())
}

/// Infers a corpus file, decodes it, and shows columns, changes and rejections.
fn check_corpus(file: &str, layout: Layout, options: &[(&str, &str)], expected: Expect) {
    let Some(records) = corpus(file, layout) else { return };
    let options = Options::from_pairs(options.iter().copied());
    let format = FormatSpec::new("json").with_options(options.clone());
    let config = InferenceConfig { format_options: options, ..InferenceConfig::default() };
    let mut shown = String::new();
    match Enveloped::<AnyDecoder>::inference("json").unwrap().infer(&records, &config) {
        Err(error) => writeln!(shown, "error: {error}").unwrap(),
        Ok(inferred) => {
            let added = Enveloped::<AnyDecoder>::wrapping(&format).unwrap().unwrap().added;
            let fields = inferred.schema.fields().iter().map(|f| f.as_ref().clone()).chain(added);
            let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
            let names = inferred.schema.fields().iter().map(|f| format!("{} {}", f.name(), field_type_name(f)));
            writeln!(shown, "{}", names.collect::<Vec<_>>().join(", ")).unwrap();
            let mut decoder = Enveloped::<AnyDecoder>::build(&DecodeSpec::new(schema, format)).unwrap().unwrap();
            let decoded = decoder.decode(&RawBatch::from_records(&records)).unwrap();
            let changes = decoded.batch.column_by_name("_op").unwrap().as_string::<i32>();
            let mut counts = std::collections::BTreeMap::new();
            changes.iter().flatten().for_each(|word| *counts.entry(word).or_insert(0) += 1);
            writeln!(shown, "{} records: {counts:?}", records.len()).unwrap();
            for rejected in &decoded.rejected {
                writeln!(shown, "{}: {}", rejected.record, rejected.error).unwrap();
            }
        }
    }
    expected.assert_eq(&shown);
}

const DEBEZIUM: (&str, &str) = ("envelope", "debezium");

#[test]
fn payloads_of_others_decode() {
    let risingwave = |file: &str| format!("risingwave-kafka-payloads/{file}");
    for (file, expected) in [
        (
            "debezium_log.1",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, email VARCHAR
            10 records: {"delete": 1, "insert": 2, "read": 4, "update": 3}
        "#]],
        ),
        (
            "debezium_log_no_schema_field.1",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, email VARCHAR
            10 records: {"delete": 1, "insert": 2, "read": 4, "update": 3}
        "#]],
        ),
        (
            "bug_bash.1",
            expect![[r#"
            c_id BIGINT, c_d_id BIGINT, c_w_id BIGINT, c_first VARCHAR, c_middle VARCHAR, c_last VARCHAR, c_street_1 VARCHAR, c_street_2 VARCHAR, c_city VARCHAR, c_state VARCHAR, c_zip VARCHAR, c_phone VARCHAR, c_since TIMESTAMP, c_credit VARCHAR, c_credit_lim DOUBLE, c_discount DOUBLE, c_balance DOUBLE, c_ytd_payment DOUBLE, c_payment_cnt BIGINT, c_delivery_cnt BIGINT, c_data1 VARCHAR, c_data2 VARCHAR
            25 records: {"read": 25}
        "#]],
        ),
        (
            "debezium_ignore_case_json.1",
            expect![[r#"
            L_ORDERKEY BIGINT, L_PARTKEY BIGINT, L_SUPPKEY BIGINT, L_LINENUMBER BIGINT, L_QUANTITY DOUBLE, L_EXTENDEDPRICE DOUBLE, L_DISCOUNT DOUBLE, L_TAX DOUBLE, L_RETURNFLAG VARCHAR, L_LINESTATUS VARCHAR, L_SHIPDATE DATE, L_COMMITDATE DATE, L_RECEIPTDATE DATE, L_SHIPINSTRUCT VARCHAR, L_SHIPMODE VARCHAR, L_COMMENT VARCHAR
            3 records: {"read": 3}
        "#]],
        ),
        // MongoDB's images are text that holds JSON: no row with columns.
        (
            "debezium_mongo_json_customers.1",
            expect![[r#"
                error: none of 4 sampled records is usable, the first because: expected an object in `before` and `after`, found another value; check FORMAT, or declare the columns
            "#]],
        ),
        (
            "debezium_mongo_json_customers_no_schema_field.1",
            expect![[r#"
                error: none of 4 sampled records is usable, the first because: expected an object in `before` and `after`, found another value; check FORMAT, or declare the columns
            "#]],
        ),
        // Neither key nor envelope: Maxwell's and Canal's own.
        (
            "maxwell_json.1",
            expect![[r#"
            error: none of 3 sampled records is usable, the first because: expected a Debezium envelope with `op`, found a record without it; check FORMAT, or declare the columns
        "#]],
        ),
        (
            "cannal_json.1",
            expect![[r#"
            error: none of 4 sampled records is usable, the first because: expected a Debezium envelope with `op`, found a record without it; check FORMAT, or declare the columns
        "#]],
        ),
        (
            "canal_json_double_field.1",
            expect![[r#"
            error: none of 3 sampled records is usable, the first because: expected a Debezium envelope with `op`, found a record without it; check FORMAT, or declare the columns
        "#]],
        ),
    ] {
        check_corpus(&risingwave(file), Layout::Lines, &[DEBEZIUM], expected);
    }
    let maxwell = [("envelope", "maxwell")];
    check_corpus(
        &risingwave("maxwell_json.1"),
        Layout::Lines,
        &maxwell,
        expect![[r#"
        id BIGINT, name VARCHAR, is_adult BIGINT, birthday TIMESTAMP
        3 records: {"insert": 2, "update": 1}
    "#]],
    );
    check_corpus(
        &risingwave("debezium_mess_key.1"),
        Layout::KeyedLines,
        &[DEBEZIUM],
        expect![[r#"
        order_id BIGINT, order_date BIGINT, customer_name VARCHAR, price VARCHAR, product_id BIGINT, order_status BIGINT
        4 records: {"read": 3, "update": 1}
    "#]],
    );
    let upsert = [("envelope", "upsert"), ("envelope.key_columns", "ID")];
    check_corpus(
        &risingwave("upsert_json.1"),
        Layout::KeyedLines,
        &upsert,
        expect![[r#"
        ID BIGINT, firstName VARCHAR, lastName VARCHAR, age BIGINT, height DOUBLE, weight BIGINT
        15 records: {"delete": 2, "upsert": 13}
    "#]],
    );
    let name = |file: &str| format!("debezium/debezium-connector-common/src/test/resources/json/{file}");
    for (file, expected) in [
        (
            "serde-update.json",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, email VARCHAR
            1 records: {"update": 1}
        "#]],
        ),
        (
            "serde-with-schema.json",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, email VARCHAR
            1 records: {"insert": 1}
        "#]],
        ),
        (
            "serde-without-schema.json",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, email VARCHAR
            1 records: {"insert": 1}
        "#]],
        ),
        (
            "serde-unknown-property.json",
            expect![[r#"
            id BIGINT, first_name VARCHAR, last_name VARCHAR, middle_name VARCHAR, email VARCHAR
            1 records: {"update": 1}
        "#]],
        ),
        // A row without its envelope.
        (
            "serde-unwrapped.json",
            expect![[r#"
            error: none of 1 sampled records is usable, the first because: expected a Debezium envelope with `op`, found a record without it; check FORMAT, or declare the columns
        "#]],
        ),
    ] {
        check_corpus(&name(file), Layout::Whole, &[DEBEZIUM], expected);
    }
}

#[test]
fn the_page_lists_the_options() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/envelopes.md");
    let text = fs::read_to_string(page).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| option | default |")).skip(2);
    let cell = |line: &str, n: usize| line.split('|').nth(n).unwrap().trim().trim_matches('`').to_owned();
    let listed: Vec<_> = rows.take_while(|line| line.starts_with('|')).map(|l| (cell(l, 1), cell(l, 2))).collect();
    let declared: Vec<_> =
        EnvelopeOptions::KEYS.iter().map(|k| (k.key.to_owned(), k.default.unwrap_or("none").to_owned())).collect();
    assert_eq!(listed, declared);
}
