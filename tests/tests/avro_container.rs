//! Avro container files against apache-avro: it reads what we write with every codec and type, and canonical forms are
//! compared on all schemas of the corpora.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails to unwrap says where")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use expect_test::{Expect, expect};
use laminar_formats::{
    AnyDecoder, AnyEncoder,
    avro::{
        canonical_form,
        container::{Header, MAGIC},
    },
};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, Options,
    RawBatch, SchemaResult, ddl::parse_columns,
};
use serde_json::Value;

fn schema(columns: &str) -> Arc<Schema> {
    let fields: Vec<Field> = parse_columns(columns).unwrap().columns.iter().map(|c| c.to_field()).collect();
    Arc::new(Schema::new(fields))
}

/// Rows from JSON, which has tests of its own.
fn rows(columns: &str, rows: &[&str]) -> RecordBatch {
    let spec = DecodeSpec::new(schema(columns), FormatSpec::new("json"));
    let decoded = AnyDecoder::build(&spec).unwrap().unwrap().decode(&RawBatch::from_values(rows)).unwrap();
    assert!(decoded.rejected.is_empty(), "{}", decoded.rejected[0].error);
    decoded.batch
}

fn encoder(schema: &Arc<Schema>, options: &[(&str, &str)]) -> SchemaResult<AnyEncoder> {
    let format = FormatSpec::new("avro").with_options(Options::from_pairs(options.iter().copied()));
    Ok(AnyEncoder::build(&EncodeSpec::new(Arc::clone(schema), format))?.unwrap())
}

fn container(batch: &RecordBatch, options: &[(&str, &str)]) -> SchemaResult<Vec<u8>> {
    let mut encoder = encoder(&batch.schema(), options)?;
    let (mut file, mut blocks) = (encoder.prologue(), EncodedBatch::new());
    encoder.encode(batch, &mut blocks)?;
    blocks.iter().for_each(|block| file.extend_from_slice(block));
    Ok(file)
}

/// What apache-avro reads, a value a line.
fn read_back(file: &[u8]) -> String {
    let reader = apache_avro::Reader::new(file).unwrap();
    let values = reader.map(|value| match value.unwrap() {
        apache_avro::types::Value::Record(fields) => {
            fields.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    });
    values.collect::<Vec<_>>().join("\n")
}

fn check(columns: &str, values: &[&str], options: &[(&str, &str)], expected: Expect) {
    let batch = rows(columns, values);
    let shown = match container(&batch, options) {
        Ok(file) => read_back(&file),
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn every_type_is_read_by_apache_avro() {
    check(
        "a BOOLEAN, b TINYINT NOT NULL, c INTEGER, d BIGINT, e UINTEGER, f FLOAT NOT NULL, g DOUBLE NOT NULL",
        &[
            r#"{"a":true,"b":-128,"c":2147483647,"d":-9223372036854775808,"e":4294967295,"f":0.5,"g":-1e300}"#,
            r#"{"b":0,"f":0,"g":0}"#,
        ],
        &[],
        expect![[r#"
            a=Union(1, Boolean(true)) b=Int(-128) c=Union(1, Int(2147483647)) d=Union(1, Long(-9223372036854775808)) e=Union(1, Long(4294967295)) f=Float(0.5) g=Double(-1e300)
            a=Union(0, Null) b=Int(0) c=Union(0, Null) d=Union(0, Null) e=Union(0, Null) f=Float(0.0) g=Double(0.0)"#]],
    );
    check(
        "a UBIGINT NOT NULL, b DECIMAL(10,2) NOT NULL, c HUGEINT NOT NULL",
        &[
            r#"{"a":18446744073709551615,"b":-1.28,"c":-99999999999999999999999999999999999999}"#,
            r#"{"a":0,"b":1.28,"c":255}"#,
        ],
        &[],
        expect![[r#"
            a=Decimal(Decimal { value: 18446744073709551615, len: 9 }) b=Decimal(Decimal { value: -128, len: 1 }) c=Decimal(Decimal { value: -99999999999999999999999999999999999999, len: 16 })
            a=Decimal(Decimal { value: 0, len: 1 }) b=Decimal(Decimal { value: 128, len: 2 }) c=Decimal(Decimal { value: 255, len: 2 })"#]],
    );
    check(
        "a VARCHAR, b BLOB, c UUID NOT NULL, d JSON",
        &[r#"{"a":"ü","b":"AAH/","c":"00112233-4455-6677-8899-aabbccddeeff","d":{"x":1}}"#],
        &[],
        expect![[
            r#"a=Union(1, String("ü")) b=Union(1, Bytes([0, 1, 255])) c=Uuid(00112233-4455-6677-8899-aabbccddeeff) d=Union(1, String("{\"x\":1}"))"#
        ]],
    );
    check(
        "a DATE NOT NULL, b TIME NOT NULL, c TIMESTAMP NOT NULL, d TIMESTAMPTZ NOT NULL, e TIMESTAMP_NS NOT NULL, f TIMESTAMP_S NOT NULL, g INTERVAL NOT NULL",
        &[
            r#"{"a":"1969-12-31","b":"23:59:59.999999","c":"2024-02-29T12:34:56.789012","d":"2024-02-29T12:34:56.789012Z","e":"2024-02-29T12:34:56.789012345","f":"1969-12-31T23:59:59","g":"P1M2DT3.5S"}"#,
        ],
        &[],
        expect![
            "a=Date(-1) b=TimeMicros(86399999999) c=LocalTimestampMicros(1709210096789012) d=TimestampMicros(1709210096789012) e=LocalTimestampNanos(1709210096789012345) f=LocalTimestampMillis(-1000) g=Duration(Duration { months: Months(1), days: Days(2), millis: Millis(3500) })"
        ],
    );
    check(
        "a BIGINT[], b STRUCT(x BIGINT[] , y STRUCT(z VARCHAR)), c MAP(VARCHAR, BIGINT)",
        &[r#"{"a":[1,null,3],"b":{"x":[],"y":{"z":"q"}},"c":{"k":1,"l":null}}"#, "{}", r#"{"b":{},"c":{}}"#],
        &[],
        expect![[r#"
            a=Union(1, Array([Union(1, Long(1)), Union(0, Null), Union(1, Long(3))])) b=Union(1, Record([("x", Union(1, Array([]))), ("y", Union(1, Record([("z", Union(1, String("q")))])))])) c=Union(1, Map({"k": Union(1, Long(1)), "l": Union(0, Null)}))
            a=Union(0, Null) b=Union(0, Null) c=Union(0, Null)
            a=Union(0, Null) b=Union(1, Record([("x", Union(0, Null)), ("y", Union(0, Null))])) c=Union(1, Map({}))"#]],
    );
}

#[test]
fn a_schema_that_is_given_is_written() {
    let given = |fields: &str| format!(r#"{{"type":"record","name":"R","namespace":"n","fields":[{fields}]}}"#);
    let check_given = |columns, values: &[&str], fields: &str, expected| {
        check(columns, values, &[("schema", &given(fields))], expected);
    };
    check_given(
        "a INTEGER, b VARCHAR NOT NULL, c FLOAT NOT NULL, d DECIMAL(4,1) NOT NULL, e TIMESTAMP NOT NULL",
        &[r#"{"a":7,"b":"B","c":1.5,"d":-2.5,"e":"2024-01-01T00:00:00.123"}"#],
        r#"{"name":"e","type":{"type":"long","logicalType":"timestamp-millis"}},
           {"name":"d","type":{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":9,"scale":1}},
           {"name":"c","type":["string","double"]},
           {"name":"b","type":{"type":"enum","name":"E","symbols":["A","B"]}},
           {"name":"more","type":["null","n.E"],"default":null},
           {"name":"a","type":["long","null"]}"#,
        expect![[
            r#"e=TimestampMillis(1704067200123) d=Decimal(Decimal { value: -25, len: 4 }) c=Union(1, Double(1.5)) b=Enum(1, "B") more=Union(0, Null) a=Union(0, Long(7))"#
        ]],
    );
    check_given(
        "a BIGINT",
        &[r#"{"a":1}"#],
        r#"{"name":"a","type":"long"}"#,
        expect![[
            r#"error: field a: option `schema` = '"long"': expected a union with null, since the column may be null"#
        ]],
    );
    check_given(
        "a BIGINT NOT NULL",
        &[r#"{"a":1}"#],
        r#"{"name":"a","type":"int"}"#,
        expect![[r#"error: field a: option `schema` = '"int"': expected a type that every value of BIGINT fits"#]],
    );
    check_given(
        "a BIGINT NOT NULL",
        &[r#"{"a":1}"#],
        r#"{"name":"b","type":"long"}"#,
        expect![[
            r#"error: field b: option `schema` = '"long"': expected a column for the field, or a type that may be null"#
        ]],
    );
    check_given(
        "a BIGINT NOT NULL",
        &[r#"{"a":1}"#],
        "",
        expect![
            "error: field a: option `schema` = 'no field `a`': expected a schema with a field for each column: add the field, or leave the column out"
        ],
    );
    check_given(
        "a TIMESTAMP NOT NULL",
        &[r#"{"a":"2024-01-01T00:00:00.123456"}"#],
        r#"{"name":"a","type":{"type":"long","logicalType":"timestamp-millis"}}"#,
        expect![
            "error: field a: format avro cannot write time 1704067200123456; it does not fit the type's unit without loss; cast it to the unit that the schema has"
        ],
    );
    check_given(
        "a VARCHAR NOT NULL",
        &[r#"{"a":"C"}"#],
        r#"{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}"#,
        expect![[r#"error: field a: format avro cannot write text "C"; it is no symbol of the schema's enum"#]],
    );
    check(
        "a INTERVAL",
        &[r#"{"a":"P-1M"}"#],
        &[],
        expect![
            "error: field a: format avro cannot write interval of -1 months, 0 days and 0 ns; a duration of Avro has months, days and whole milliseconds from 0 on; cast it to VARCHAR"
        ],
    );
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let check = |options: &[(&str, &str)], expected: Expect| {
        expected.assert_eq(&encoder(&schema("a BIGINT"), options).unwrap_err().to_string());
    };
    check(
        &[("wire_format", "confluent")],
        expect![
            "option `wire_format` = 'confluent': expected `schema_id` beside it: give the id that the registry has for the schema"
        ],
    );
    check(&[("schema_id", "7")], expect!["option `schema_id` = '7': expected `wire_format` to be confluent beside it"]);
    check(
        &[("codec", "lz4")],
        expect!["option `codec` = 'lz4': expected null, deflate, snappy, zstandard, bzip2 or xz"],
    );
    check(
        &[("codec", "snappy"), ("codec_level", "3")],
        expect!["option `codec_level` = '3': expected no level for snappy, which has none"],
    );
    check(&[("sync", "00")], expect!["option `sync` = '00': expected 32 hexadecimal digits"]);
    check(
        &[("schema", "{")],
        expect![
            "option `schema` = '{': expected an Avro schema: expected an Avro schema in JSON: EOF while parsing an object at line 1 column 1"
        ],
    );
    check(
        &[("schema", "\"int\"")],
        expect![[r#"option `schema` = '"int"': expected a record, whose fields are the columns"#]],
    );
}

#[test]
fn messages_have_the_header_that_is_asked_for() {
    let check = |options: &[(&str, &str)], expected: &[&[u8]]| {
        let batch = rows("a BIGINT NOT NULL", &[r#"{"a":1}"#, r#"{"a":-1}"#]);
        let mut encoder = encoder(&batch.schema(), options).unwrap();
        assert_eq!(encoder.prologue(), b"");
        assert_eq!(encoder.encode_batch(&batch).unwrap(), expected, "{options:?}");
    };
    check(&[("framing", "datum")], &[&[2], &[1]]);
    check(&[("wire_format", "confluent"), ("schema_id", "258")], &[&[0, 0, 0, 1, 2, 2], &[0, 0, 0, 1, 2, 1]]);
    let form = r#"{"name":"row","type":"record","fields":[{"name":"a","type":"long"}]}"#;
    let fingerprint = laminar_formats::wire::rabin::fingerprint(form.as_bytes()).to_le_bytes();
    let message = |datum: u8| [&[0xc3, 1][..], &fingerprint, &[datum]].concat();
    check(&[("wire_format", "single_object")], &[&message(2), &message(1)]);
}

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"];

#[test]
fn every_codec_is_read_by_apache_avro() {
    let values: Vec<String> = (0..2000).map(|n| format!(r#"{{"a":{n},"b":"text {}"}}"#, n % 7)).collect();
    let batch = rows("a BIGINT, b VARCHAR", &values.iter().map(String::as_str).collect::<Vec<_>>());
    let expected = read_back(&container(&batch, &[]).unwrap());
    assert_eq!(expected.lines().count(), 2000);
    for codec in CODECS {
        let file = container(&batch, &[("codec", codec), ("block_bytes", "1000")]).unwrap();
        assert_eq!(read_back(&file), expected, "{codec}");
        assert_eq!(Header::read(&file).unwrap().codec.name(), codec);
    }
}

/// Two runs write one file where they have the same columns and options.
#[test]
fn the_sync_marker_is_the_same_in_the_next_run() {
    let batch = rows("a BIGINT", &[r#"{"a":1}"#, "{}"]);
    let marker = |options: &[(&str, &str)]| Header::read(&container(&batch, options).unwrap()).unwrap().sync;
    assert_eq!(marker(&[]), marker(&[]));
    assert_ne!(marker(&[]), marker(&[("codec", "xz")]));
    assert_eq!(marker(&[("sync", "000102030405060708090a0b0c0d0e0F")]), std::array::from_fn(|n| n as u8));
    let mut encoder = encoder(&batch.schema(), &[]).unwrap();
    let mut file = encoder.prologue();
    for _ in 0..2 {
        file.extend(encoder.encode_batch(&batch).unwrap().concat());
    }
    assert_eq!(read_back(&file).lines().count(), 4);
}

fn corpora() -> Option<PathBuf> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    // Relative to the repository, wherever the tests run.
    Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora))
}

/// Every file below a folder, by its path.
fn files(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { drop(found.insert(path.clone(), fs::read(path).unwrap())) }
    }
}

/// A schema without what apache-avro leaves in its canonical forms, which is all about logical types.
fn without_logical_types(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_logical_types),
        Value::Object(object) => {
            for attribute in ["logicalType", "precision", "scale"] {
                object.remove(attribute);
            }
            object.values_mut().for_each(without_logical_types);
        }
        _ => {}
    }
}

/// Canonical forms as apache-avro makes them of schemas without logical types. Of these it keeps `precision`, `scale` and an
/// object around the type, and renames a duration, against the rules [STRIP] and [PRIMITIVES].
#[test]
fn canonical_forms_of_the_corpora() {
    let Some(corpora) = corpora() else { return };
    let mut found = BTreeMap::new();
    files(&corpora.join("avro"), &mut found);
    let mut compared = 0;
    for (path, bytes) in &found {
        let text = match path.extension().and_then(|e| e.to_str()) {
            Some("avsc") => String::from_utf8_lossy(bytes).into_owned(),
            _ if bytes.starts_with(MAGIC) => Header::read(bytes).unwrap().schema.to_owned(),
            _ => continue,
        };
        let mut plain: Value = serde_json::from_str(&text).unwrap();
        without_logical_types(&mut plain);
        let theirs = apache_avro::Schema::parse(&plain).map(|s| s.canonical_form());
        match (canonical_form(&text), theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{}", path.display()),
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{}: ours {ours:?}, theirs {theirs:?}", path.display()),
        }
        compared += 1;
    }
    assert_eq!(compared, 59);
}
