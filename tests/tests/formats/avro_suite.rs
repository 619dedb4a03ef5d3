//! Avro's decoder: schema resolution by the table, the corpora, bad bytes, and from SQL to rows.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use apache_avro::{Schema as Judge, types::Value};
use arrow_array::RecordBatch;
use expect_test::{Expect, expect};
use laminar_connector_memory::MemoryStore;
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, Metrics,
    Options, RawBatch, SchemaResult,
    engine::RunOptions,
    format::{WriterSchema, WriterSchemaId},
};
use laminar_tests::engine::TestEngine;
use serde_json::{Value as Json, json};

fn format(options: &[(&str, &str)]) -> FormatSpec {
    FormatSpec::new("avro").with_options(Options::from_pairs(options.iter().copied()))
}

/// A decoder into the columns that the options describe.
fn decoder(options: &[(&str, &str)], known: Vec<WriterSchema>) -> SchemaResult<AnyDecoder> {
    let described = AnyDecoder::describe(&format(options), None)?.expect("a schema is given");
    let mut spec = DecodeSpec::new(described.schema, format(options));
    spec.writer_schemas = known;
    Ok(AnyDecoder::build(&spec)?.expect("Avro is a format"))
}

fn json_lines(batch: &RecordBatch) -> Vec<String> {
    let mut encoder = AnyEncoder::build(&EncodeSpec::new(batch.schema(), FormatSpec::new("json"))).unwrap().unwrap();
    encoder.encode_batch(batch).unwrap().into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

/// Rows in JSON, then what was rejected.
fn shown(decoded: &Decoded) -> String {
    let rejected = decoded.rejected.iter().map(|r| format!("{}: {}", r.record, r.error));
    json_lines(&decoded.batch).into_iter().chain(rejected).collect::<Vec<_>>().join("\n")
}

/// A datum that apache-avro writes.
fn datum(schema: &str, value: &Json) -> Vec<u8> {
    let schema = Judge::parse_str(schema).unwrap();
    let value = Value::from(value.clone()).resolve(&schema).unwrap();
    apache_avro::to_avro_datum(&schema, value).unwrap()
}

/// Reads what a writer wrote with a reader's schema: rows and rejections, or why the two do not go together.
fn check(writer: &Json, reader: &Json, values: &[Json], expected: Expect) {
    let (writer, reader) = (writer.to_string(), reader.to_string());
    let datums: Vec<Vec<u8>> = values.iter().map(|value| datum(&writer, value)).collect();
    let found = match decoder(&[("schema", &writer), ("reader_schema", &reader)], Vec::new()) {
        Ok(mut decoder) => shown(&decoder.decode(&RawBatch::from_values(datums)).unwrap()),
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&found);
}

fn record(fields: &Json) -> Json {
    json!({ "type": "record", "name": "r", "fields": fields })
}

fn one(of_type: &Json) -> Json {
    record(&json!([{ "name": "x", "type": of_type }]))
}

#[test]
fn promotions() {
    let check = |writer: Json, reader: Json, value: Json, expected: Expect| {
        check(&one(&writer), &one(&reader), &[json!({ "x": value })], expected);
    };
    check(json!("int"), json!("long"), json!(-7), expect![[r#"{"x":-7}"#]]);
    check(json!("int"), json!("float"), json!(16_777_216), expect![[r#"{"x":16777216.0}"#]]);
    check(json!("int"), json!("double"), json!(2_147_483_647), expect![[r#"{"x":2147483647.0}"#]]);
    check(json!("long"), json!("float"), json!(3), expect![[r#"{"x":3.0}"#]]);
    check(json!("long"), json!("double"), json!(1_i64 << 53), expect![[r#"{"x":9007199254740992.0}"#]]);
    check(json!("string"), json!("bytes"), json!("ab"), expect![[r#"{"x":"YWI="}"#]]);
    check(
        json!({"type":"array","items":"int"}),
        json!({"type":"array","items":"long"}),
        json!([1, 2]),
        expect![[r#"{"x":[1,2]}"#]],
    );
    check(
        json!({"type":"map","values":"int"}),
        json!({"type":"map","values":"double"}),
        json!({"k": 1}),
        expect![[r#"{"x":{"k":1.0}}"#]],
    );
    check(
        json!("long"),
        json!("int"),
        json!(1),
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects int, found long in the writer's, which is not promoted to it"
        ],
    );
    check(
        json!("double"),
        json!("float"),
        json!(1.5),
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects float, found double in the writer's, which is not promoted to it"
        ],
    );
    check(
        json!("string"),
        json!("long"),
        json!("1"),
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects long, found string in the writer's, which is not promoted to it"
        ],
    );
    check(
        json!("boolean"),
        json!("int"),
        json!(true),
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects int, found boolean in the writer's, which is not promoted to it"
        ],
    );
}

#[test]
fn fields_defaults_and_aliases() {
    let writer = record(&json!([{ "name": "a", "type": "int" }, { "name": "b", "type": "string" }]));
    let values = [json!({ "a": 1, "b": "x" })];
    // Another order, one field fewer.
    check(&writer, &record(&json!([{ "name": "b", "type": "string" }])), &values, expect![[r#"{"b":"x"}"#]]);
    check(
        &writer,
        &record(&json!([{ "name": "b", "type": "string" }, { "name": "a", "type": "long" }])),
        &values,
        expect![[r#"{"b":"x","a":1}"#]],
    );
    // Defaults of every kind.
    check(
        &writer,
        &record(&json!([
            { "name": "c", "type": "long", "default": 5 },
            { "name": "d", "type": ["null", "string"], "default": null },
            { "name": "e", "type": { "type": "array", "items": "int" }, "default": [1, 2] },
            { "name": "f", "type": { "type": "map", "values": "boolean" }, "default": { "k": true } },
            { "name": "g", "type": "bytes", "default": "\u{ff}a" },
            { "name": "h", "type": { "type": "enum", "name": "h", "symbols": ["X", "Y"] }, "default": "Y" },
            { "name": "i", "type": { "type": "record", "name": "i", "fields": [
                { "name": "p", "type": "double" }, { "name": "q", "type": "string", "default": "deep" } ] }, "default": { "p": 0.5 } },
            { "name": "j", "type": ["string", "null"], "default": "s" },
        ])),
        &values,
        expect![[r#"{"c":5,"d":null,"e":[1,2],"f":{"k":true},"g":"/2E=","h":"Y","i":{"p":0.5,"q":"deep"},"j":"s"}"#]],
    );
    check(
        &writer,
        &record(&json!([{ "name": "c", "type": "long" }])),
        &values,
        expect![
            "error: cannot resolve the Avro schema: field c: the reader's schema expects long, found no such field in the writer's; give it a default"
        ],
    );
    check(
        &writer,
        &record(&json!([{ "name": "c", "type": "long", "default": "no" }])),
        &values,
        expect![
            "error: cannot resolve the Avro schema: field c: the reader's schema expects long, found a default that is none"
        ],
    );
    // Aliases of a field and of its record.
    check(
        &writer,
        &record(&json!([{ "name": "renamed", "aliases": ["a"], "type": "int" }])),
        &values,
        expect![[r#"{"renamed":1}"#]],
    );
    let renamed =
        json!({ "type": "record", "name": "other", "aliases": ["r"], "fields": [{ "name": "a", "type": "int" }] });
    check(&writer, &renamed, &values, expect![[r#"{"a":1}"#]]);
    let other = json!({ "type": "record", "name": "other", "fields": [{ "name": "a", "type": "int" }] });
    check(
        &writer,
        &other,
        &values,
        expect![
            "error: cannot resolve the Avro schema: the reader's schema expects record other, found record r in the writer's; give the reader's type an alias"
        ],
    );
    // Namespaces do not count: unqualified names match.
    let spaced =
        json!({ "type": "record", "name": "r", "namespace": "n.s", "fields": [{ "name": "a", "type": "int" }] });
    check(&writer, &spaced, &values, expect![[r#"{"a":1}"#]]);
}

#[test]
fn enums_fixed_and_decimals() {
    let symbols = |symbols: Json| one(&json!({ "type": "enum", "name": "e", "symbols": symbols }));
    let with_default = one(&json!({ "type": "enum", "name": "e", "symbols": ["A", "OTHER"], "default": "OTHER" }));
    let values = [json!({ "x": "A" }), json!({ "x": "C" })];
    check(
        &symbols(json!(["A", "B", "C"])),
        &symbols(json!(["C", "A"])),
        &values,
        expect![[r#"
        {"x":"A"}
        {"x":"C"}"#]],
    );
    check(
        &symbols(json!(["A", "B", "C"])),
        &symbols(json!(["A", "B"])),
        &values,
        expect![[r#"
        {"x":"A"}
        1: field x at byte 0: expected VARCHAR, found a symbol that the reader's schema lacks, which does not fit without loss"#]],
    );
    check(
        &symbols(json!(["A", "B", "C"])),
        &with_default,
        &values,
        expect![[r#"
        {"x":"A"}
        {"x":"OTHER"}"#]],
    );
    let fixed = |size: usize| one(&json!({ "type": "fixed", "name": "f", "size": size }));
    check(
        &fixed(2),
        &fixed(3),
        &[],
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects fixed f, found fixed f of another size in the writer's"
        ],
    );
    let decimal = |p: u8, s: u8| one(&json!({ "type": "bytes", "logicalType": "decimal", "precision": p, "scale": s }));
    check(
        &decimal(9, 2),
        &decimal(9, 3),
        &[],
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects bytes, found bytes of another precision or scale in the writer's"
        ],
    );
}

#[test]
fn unions_on_both_sides() {
    let values = [json!({ "x": 1 }), json!({ "x": "s" }), json!({ "x": null })];
    let check = |writer: Json, reader: Json, values: &[Json], expected: Expect| {
        check(&one(&writer), &one(&reader), values, expected)
    };
    check(
        json!(["int", "string", "null"]),
        json!(["null", "string", "long"]),
        &values,
        expect![[r#"
        {"x":{"string":null,"long":1}}
        {"x":{"string":"s","long":null}}
        {"x":null}"#]],
    );
    // The reader lacks a branch: records that have it are rejected, others are not.
    check(
        json!(["int", "string", "null"]),
        json!(["null", "long"]),
        &values,
        expect![[r#"
        {"x":1}
        {"x":null}
        1: field x at byte 0: the reader's schema expects union of null, long, found string in the writer's, which no branch takes"#]],
    );
    check(
        json!(["int", "string", "null"]),
        json!("string"),
        &values,
        expect![[r#"
        {"x":"s"}
        0: field x at byte 0: the reader's schema expects string, found int in the writer's, which is not promoted to it
        2: field x at byte 0: the reader's schema expects string, found null in the writer's, which is not promoted to it"#]],
    );
    check(json!("int"), json!(["null", "double"]), &values[..1], expect![[r#"{"x":1.0}"#]]);
    check(json!("int"), json!(["string", "long"]), &values[..1], expect![[r#"{"x":{"string":null,"long":1}}"#]]);
    check(
        json!("int"),
        json!(["null", "string"]),
        &[],
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects union of null, string, found int in the writer's, which no branch takes"
        ],
    );
    check(
        json!(["null", "int"]),
        json!("int"),
        &[json!({ "x": 1 }), json!({ "x": null })],
        expect![[r#"
        {"x":1}
        1: field x at byte 0: the reader's schema expects int, found null in the writer's, which is not promoted to it"#]],
    );
    check(
        json!(["null", "boolean"]),
        json!("int"),
        &[],
        expect![
            "error: cannot resolve the Avro schema: field x: the reader's schema expects int, found union of null, boolean in the writer's, which no branch takes"
        ],
    );
}

/// Every prefix of a datum, and one with a byte more, is rejected; a neighbour is not.
#[test]
fn truncated_and_over_long_datums() {
    let schema = record(&json!([
        { "name": "a", "type": "long" }, { "name": "s", "type": ["null", "string"] }, { "name": "d", "type": "double" },
        { "name": "l", "type": { "type": "array", "items": "string" } }, { "name": "m", "type": { "type": "map", "values": "int" } },
        { "name": "e", "type": { "type": "enum", "name": "e", "symbols": ["A"] } },
        { "name": "n", "type": { "type": "record", "name": "n", "fields": [{ "name": "b", "type": "bytes" }, { "name": "o", "type": "boolean" }] } },
        { "name": "z", "type": { "type": "fixed", "name": "z", "size": 3 } },
    ]))
    .to_string();
    let value = json!({ "a": -300, "s": "text", "d": 0.25, "l": ["x", "yy"], "m": { "k": 3, "l": -4 }, "e": "A",
        "n": { "b": [1, 2], "o": true }, "z": "abc" });
    let whole = datum(&schema, &value);
    for columns in ["all", "some"] {
        let options = [("schema", schema.as_str())];
        let mut described = AnyDecoder::describe(&format(&options), None).unwrap().unwrap().schema;
        if columns == "some" {
            described = Arc::new(described.project(&[0, 5]).unwrap());
        }
        let mut decoder = AnyDecoder::build(&DecodeSpec::new(described, format(&options))).unwrap().unwrap();
        for len in 0..=whole.len() + 1 {
            let cut = [&whole[..], &[0]].concat()[..len].to_vec();
            let decoded = decoder.decode(&RawBatch::from_values([&whole, &cut, &whole])).unwrap();
            let rejected: Vec<usize> = decoded.rejected.iter().map(|r| r.record).collect();
            assert_eq!(rejected, if len == whole.len() { vec![] } else { vec![1] }, "{columns}: {len} bytes");
            assert_eq!(decoded.batch.num_rows(), 3 - rejected.len(), "{columns}: {len} bytes");
        }
    }
}

/// What claims to be large ends at once, wherever it stands.
#[test]
fn hostile_counts_and_schemas() {
    let check = |of_type: Json, bytes: &[u8]| {
        let schema = one(&of_type).to_string();
        let started = std::time::Instant::now();
        let unwanted = record(&json!([{ "name": "y", "type": "int", "default": 0 }])).to_string();
        let options = [("schema", schema.as_str()), ("reader_schema", unwanted.as_str())];
        for options in [&options[..1], &options[..]] {
            for unions in ["struct", "json"] {
                let options = [options, &[("unions", unions)]].concat();
                // Refusing the schema is as good.
                let Ok(mut decoder) = decoder(&options, Vec::new()) else { continue };
                let decoded = decoder.decode(&RawBatch::from_values([bytes])).unwrap();
                assert_eq!((decoded.rejected.len(), decoded.batch.num_rows()), (1, 0), "{of_type}");
            }
        }
        assert!(started.elapsed().as_secs() < 20, "{of_type}: {:?}", started.elapsed());
    };
    // 2^60 items of nothing, of a byte, and a length of 2^60.
    let huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];
    for items in [json!("null"), json!("int"), json!({ "type": "record", "name": "e", "fields": [] })] {
        check(json!({ "type": "array", "items": items }), &huge);
        check(json!({ "type": "map", "values": items }), &huge);
    }
    check(json!("string"), &huge);
    check(json!("bytes"), &huge);
    // The least number, as a count, a size and a length.
    let least = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0];
    check(json!({ "type": "array", "items": "null" }), &least);
    check(json!("string"), &least);
    // Arrays of arrays of a million nulls each, in five bytes each.
    let million = [0x80, 0x80, 0x80, 0x01, 0];
    let many = [&[0x80, 0x40][..], &million.repeat(4096), &[0]].concat();
    check(json!({ "type": "array", "items": { "type": "array", "items": "null" } }), &many);
    check(json!(["null", { "type": "array", "items": ["int", { "type": "array", "items": "null" }] }]), &many);
    // Records of two records of two records …, which take no bytes.
    let mut doubling = json!({ "type": "record", "name": "r0", "fields": [] });
    for level in 1..=40 {
        let (name, inner) = (format!("r{level}"), format!("r{}", level - 1));
        doubling = json!({ "type": "record", "name": name, "fields": [{ "name": "a", "type": doubling }, { "name": "b", "type": inner }] });
    }
    check(doubling.clone(), &[0]);
    check(json!({ "type": "array", "items": doubling }), &[2, 0, 0]);
}

fn corpora() -> Option<PathBuf> {
    let root = env::var_os("LAMINAR_CORPORA").map(PathBuf::from);
    if root.is_none() {
        println!("skipped: LAMINAR_CORPORA does not name the corpora");
    }
    root
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn confluent_messages_of_fastavro() {
    let Some(root) = corpora() else { return };
    let text = fs::read_to_string(root.join("avro/confluent-framed/messages.json")).unwrap();
    let corpus: Json = serde_json::from_str(&text).unwrap();
    let schema = corpus["schema"].to_string();
    let id = WriterSchemaId::from(u32::try_from(corpus["schema_id"].as_u64().unwrap()).unwrap());
    let known = vec![WriterSchema { id, raw: schema.clone().into_bytes() }];
    let described = AnyDecoder::describe(&format(&[("schema", &schema)]), None).unwrap().unwrap().schema;
    let mut spec = DecodeSpec::new(described, format(&[("wire_format", "confluent")]));
    let messages = corpus["messages"].as_array().unwrap();
    let framed: Vec<Vec<u8>> = messages.iter().map(|m| hex(m["confluent_hex"].as_str().unwrap())).collect();
    // Nobody knows the writer yet.
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let decoded = decoder.decode(&RawBatch::from_values(&framed)).unwrap();
    assert_eq!((decoded.needs, decoded.consumed, decoded.batch.num_rows()), (Some(id), 0, 0));
    spec.writer_schemas = known;
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let bad: Vec<Vec<u8>> =
        corpus["must_error"].as_array().unwrap().iter().map(|m| hex(m["hex"].as_str().unwrap())).collect();
    let decoded = decoder.decode(&RawBatch::from_values(framed.iter().chain(&bad))).unwrap();
    let rejected: Vec<usize> = decoded.rejected.iter().map(|r| r.record).collect();
    assert_eq!(rejected, (framed.len()..framed.len() + bad.len()).collect::<Vec<_>>());
    for (line, message) in json_lines(&decoded.batch).iter().zip(messages) {
        let found: Json = serde_json::from_str(line).unwrap();
        let expected = &message["row"];
        assert_eq!((&found["id"], &found["name"]), (&expected["id"], &expected["name"]));
        // Ours are numbers, with all their digits.
        assert!(line.contains(&format!(r#""d":{}"#, expected["d"].as_str().unwrap())), "{line}: {expected}");
    }
    assert_eq!(decoded.batch.num_rows(), messages.len());
}

#[test]
fn single_object_messages_of_java() {
    let Some(root) = corpora() else { return };
    let folder = root.join("avro/apache-avro-share/data/messageV1");
    let schema = fs::read_to_string(folder.join("test_schema.avsc")).unwrap();
    let message = fs::read(folder.join("test_message.bin")).unwrap();
    let options = [("schema", schema.as_str()), ("wire_format", "single_object")];
    let mut decoder = decoder(&options, Vec::new()).unwrap();
    let mut other = message.clone();
    other[3] ^= 1;
    let decoded = decoder.decode(&RawBatch::from_values([&message[..], &message[..9], &other])).unwrap();
    expect![[r#"
        {"id":42,"name":"Bill","tags":["dog_lover","cat_hater"]}
        1: expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message of 9 bytes; if it has no header, set `wire_format` to 'none'
        2: expected a message of a schema that is given, found the fingerprint 3df542a2f8e12ca9; give its schema with `schema`"#]].assert_eq(&shown(&decoded));
}

/// Pairs of the libraries' own tests. A pair of which a union of the writer's has a branch that the reader lacks can be read
/// as long as nobody writes that branch ("Schema Resolution": "if writer's is a union, but reader's is not: if the reader's
/// schema matches the selected writer's schema, it is recursively resolved against it; if they do not match, an error is
/// signalled"): what checkers of compatibility call incompatible is then an error of those records.
#[test]
fn pairs_of_the_libraries() {
    let Some(root) = corpora() else { return };
    let text = fs::read_to_string(root.join("compat/avro-pairs/avro_pairs.json")).unwrap();
    let pairs: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut differences = Vec::new();
    for pair in &pairs {
        let (writer, reader) = (pair["writer"].to_string(), pair["reader"].to_string());
        let built = decoder(&[("schema", &writer), ("reader_schema", &reader)], Vec::new());
        let id = pair["id"].as_str().unwrap();
        match (pair["compatible"].as_bool().unwrap(), built) {
            (true, Err(error)) => differences.push(format!("{id} refused: {error}")),
            (false, Ok(_)) => differences.push(format!("{id} read: {writer} as {reader}")),
            _ => {}
        }
    }
    println!("{} pairs, {} as the libraries say", pairs.len(), pairs.len() - differences.len());
    expect![[r#"
        avro-pair-0009 read: ["int","string","long"] as ["int","string"]
        avro-pair-0078 read: {"fields":[{"name":"field1","type":{"name":"Enum1","symbols":["A","B","C"],"type":"enum"}}],"name":"Record1","type":"record"} as {"fields":[{"name":"field1","type":{"name":"Enum1","symbols":["A","B"],"type":"enum"}}],"name":"Record1","type":"record"}
        avro-pair-0081 read: ["int",{"fields":[{"name":"field1","type":"int"}],"name":"Record1","type":"record"}] as ["int"]
        avro-pair-0084 read: ["int",{"name":"Enum1","symbols":["A","B"],"type":"enum"}] as ["int"]
        avro-pair-0093 read: ["int","null"] as ["int"]
        avro-pair-0126 read: ["int","long","float","double"] as "float"
        avro-pair-0144 read: {"fields":[{"doc":"doc of f1","name":"f1","type":["null","string"]}],"name":"myrecord","type":"record"} as {"fields":[{"name":"f1","type":"string"}],"name":"myrecord","type":"record"}
        avro-pair-0186 read: ["string","int","long"] as "int"
        avro-pair-0240 read: {"fields":[{"default":null,"name":"attribute","type":["null",{"fields":[{"name":"id","type":"string"}],"name":"child","type":"record"}]}],"name":"parent","type":"record"} as {"fields":[{"name":"attribute","type":{"fields":[{"name":"id","type":"string"}],"name":"child","type":"record"}}],"name":"parent","type":"record"}
        avro-pair-0291 read: ["int","double"] as "long"
        avro-pair-0318 read: {"type":"map","values":["long","int"]} as {"type":"map","values":"int"}"#]].assert_eq(&differences.join("\n"));
}

fn schemas(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            schemas(&path, out);
        } else if path.extension().is_some_and(|e| e == "avsc") {
            out.push(path);
        }
    }
}

/// Every schema of the corpora stands for columns, and its own data can be read into them.
#[test]
fn schemas_of_the_corpora_have_columns() {
    let Some(root) = corpora() else { return };
    let mut files = Vec::new();
    schemas(&root, &mut files);
    files.sort();
    let mut failures = Vec::new();
    for file in &files {
        let path = file.to_str().unwrap();
        for recursion in ["json", "reject"] {
            if let Err(error) = decoder(&[("schema_file", path), ("recursion", recursion)], Vec::new()) {
                let name = file.strip_prefix(&root).unwrap().display();
                failures.push(format!("{name}, recursion {recursion}: {error}"));
            }
        }
    }
    assert!(files.len() >= 20, "{} schemas", files.len());
    expect![[r#"
        avro/apache-avro-share/schemas/interop.avsc, recursion reject: field recordField.children[]: column `item`: the format cannot carry record org.apache.avro.Node, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/advanced/schema-deeply-nested-enum-default.avsc, recursion reject: field signCommunicationData.orderLines[].parties[].legalRepresentatives[].legalRepresentatives: column `legalRepresentatives`: the format cannot carry record com.custom.beb.distribution.preparesigncommunications.LegalRepresentatives, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/advanced/schema-with-java-type.avsc, recursion reject: field legalRepresentatives: column `legalRepresentatives`: the format cannot carry record LegalRepresentatives, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/advanced/schema-with-null-union.avsc, recursion reject: field legalRepresentatives: column `legalRepresentatives`: the format cannot carry record LegalRepresentatives, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/simple/schema-self-ref-array-item.avsc, recursion reject: field selfReference[]: column `item`: the format cannot carry record com.axual.client.tests.SelfReference, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/simple/schema-self-ref-map.avsc, recursion reject: field value.map[]: column `values`: the format cannot carry record foo.bar.Any, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/simple/schema-self-ref-union.avsc, recursion reject: field selfReference[]: column `item`: the format cannot carry record com.axual.client.tests.SelfReference, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/simple/schema-with-same-nested-schema.avsc, recursion reject: field field2: column `field2`: the format cannot carry record io.axual.client.example.schema.SelfReference, which contains itself; set `recursion` to 'json' to read it as JSON from there on
        compat/apicurio/avro/src/test/resources/avro/simple/schema-with-same-nested-schema2.avsc, recursion reject: field field2: column `field2`: the format cannot carry record io.axual.client.example.schema.SelfReference, which contains itself; set `recursion` to 'json' to read it as JSON from there on"#]].assert_eq(&failures.join("\n"));
}

#[tokio::test]
async fn from_sql_to_rows() {
    let schema = record(&json!([
        { "name": "id", "type": "long" }, { "name": "name", "type": ["null", "string"] },
        { "name": "price", "type": { "type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2 } },
        { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
    ]))
    .to_string();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.avro");
    fs::write(&path, [2, 2, 2, b'x', 2, 0x85, 0xd0, 0x0f]).unwrap();
    let sql = format!(
        "CREATE SOURCE s FROM FILE (path = '{}') FORMAT AVRO (framing = 'datum', schema = '{schema}');
         CREATE SINK k INTO MEMORY (name = 'avro_rows') FORMAT JSON; INSERT INTO k SELECT * FROM s",
        path.display()
    );
    let store = MemoryStore::new();
    assert!(store.register("avro_rows"));
    let mut engine = TestEngine::new();
    let script = engine.load(&sql).unwrap();
    for planned in engine.plan(&script, &RunOptions::default()).await.unwrap() {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.unwrap();
    }
    assert_eq!(store.texts(), [r#"{"id":1,"name":"x","price":-1.23,"at":"1970-01-01T00:00:01Z"}"#]);
}
