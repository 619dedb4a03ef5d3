//! Avro container files against apache-avro: it reads what we write with every codec and type, and canonical forms are
//! compared on all schemas of the corpora.

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
    framing::{FrameBuffer, Framer},
};
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec,
    NewRecord, Options, RawBatch, SchemaResult,
    ddl::parse_columns,
    format::{Framing, WriterSchema, WriterSchemaId},
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
        &[r#"{"a":[1,null,3],"b":{"x":[],"y":{"z":"q"}},"c":{"l":null}}"#, "{}", r#"{"b":{},"c":{}}"#],
        &[],
        expect![[r#"
            a=Union(1, Array([Union(1, Long(1)), Union(0, Null), Union(1, Long(3))])) b=Union(1, Record([("x", Union(1, Array([]))), ("y", Union(1, Record([("z", Union(1, String("q")))])))])) c=Union(1, Map({"l": Union(0, Null)}))
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
    check(
        &[("schema_id", "7")],
        expect!["option `schema_id` = '7': expected `wire_format` to be confluent or glue beside it"],
    );
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

/// The blocks of a file as a source cuts them, and what the framing says of the rest.
fn blocks(file: &[u8]) -> (RawBatch, Vec<String>) {
    let mut buffer = FrameBuffer::new(Framer::new(&Framing::AvroContainer, 1 << 20).unwrap());
    buffer.space(file.len())[..file.len()].copy_from_slice(file);
    buffer.filled(file.len());
    buffer.end();
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    loop {
        match buffer.next() {
            Ok(Some(frame)) => frames.push((frame.offset, frame.bytes.to_vec())),
            Ok(None) => break,
            Err(error) => errors.push(error.to_string()),
        }
    }
    let mut batch = RawBatch::new();
    let partition = batch.partition(&"file".into(), buffer.framer().preamble());
    for (offset, bytes) in &frames {
        batch.push(NewRecord { partition: Some(partition), offset: Some(*offset), ..NewRecord::new(bytes) });
    }
    (batch, errors)
}

/// The columns that a file says it has.
fn described(file: &[u8]) -> SchemaResult<Arc<Schema>> {
    let described = AnyDecoder::describe(&FormatSpec::new("avro"), Some(&mut std::io::Cursor::new(file)))?;
    Ok(described.unwrap().schema)
}

fn decoder(schema: &Arc<Schema>, options: &[(&str, &str)]) -> AnyDecoder {
    let format = FormatSpec::new("avro").with_options(Options::from_pairs(options.iter().copied()));
    AnyDecoder::build(&DecodeSpec::new(Arc::clone(schema), format)).unwrap().unwrap()
}

/// Rows as JSON, a line each, and the errors behind them.
fn shown(decoded: &Decoded) -> String {
    let spec = EncodeSpec::new(decoded.batch.schema(), FormatSpec::new("json"));
    let rows = AnyEncoder::build(&spec).unwrap().unwrap().encode_batch(&decoded.batch).unwrap();
    let rows = rows.into_iter().map(|row| String::from_utf8(row).unwrap());
    let errors = decoded.rejected.iter().map(|r| format!("record {}: {}", r.record, r.error));
    rows.chain(errors).collect::<Vec<_>>().join("\n")
}

fn read_file(file: &[u8]) -> String {
    let (batch, errors) = blocks(file);
    assert_eq!(errors, [""; 0]);
    shown(&decoder(&described(file).unwrap(), &[]).decode(&batch).unwrap())
}

/// Whether a value as our JSON has it is the one that apache-avro reads.
fn is_same(ours: &Value, theirs: &apache_avro::types::Value) -> bool {
    use apache_avro::types::Value as A;
    let instant = |seconds: i64, nanos: u32| chrono::DateTime::from_timestamp(seconds, nanos).unwrap();
    let is_instant = |nanos: i128| {
        let at = instant(nanos.div_euclid(1_000_000_000) as i64, nanos.rem_euclid(1_000_000_000) as u32);
        let text = ours.as_str().unwrap_or("");
        let zoned = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
        zoned.parse::<chrono::DateTime<chrono::Utc>>().is_ok_and(|parsed| parsed == at)
    };
    let base64 = |bytes: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    match theirs {
        A::Null => ours.is_null(),
        // A union of several types is a struct with a field for each.
        A::Union(_, value) => {
            let member = ours.as_object().and_then(|o| o.values().find(|member| !member.is_null()));
            is_same(ours, value) || member.is_some_and(|member| is_same(member, value))
        }
        A::Boolean(v) => ours.as_bool() == Some(*v),
        A::Int(v) => ours.as_i64() == Some((*v).into()),
        A::Long(v) => ours.as_i64() == Some(*v),
        A::Float(v) if v.is_finite() => ours.as_f64().is_some_and(|o| o as f32 == *v),
        A::Double(v) if v.is_finite() => ours.as_f64() == Some(*v),
        A::Float(_) | A::Double(_) => ours.is_null() || ours.is_string(),
        A::String(v) | A::Enum(_, v) => ours.as_str() == Some(v),
        A::Bytes(v) | A::Fixed(_, v) => ours.as_str() == Some(&base64(v)),
        A::Uuid(v) => ours.as_str() == Some(&v.to_string()),
        A::TimestampMillis(v) | A::LocalTimestampMillis(v) => is_instant(i128::from(*v) * 1_000_000),
        A::TimestampMicros(v) | A::LocalTimestampMicros(v) => is_instant(i128::from(*v) * 1_000),
        A::TimestampNanos(v) | A::LocalTimestampNanos(v) => is_instant(i128::from(*v)),
        // Their exact values are those of `every_type_reads_back`; these have no scale, or another type than ours.
        A::Decimal(_) => ours.is_number(),
        A::Duration(_) => ours.as_str().is_some_and(|o| o.starts_with('P')),
        A::BigDecimal(_) => ours.is_string(),
        A::Array(items) => {
            ours.as_array().is_some_and(|o| o.len() == items.len() && o.iter().zip(items).all(|(o, t)| is_same(o, t)))
        }
        A::Map(entries) => ours.as_object().is_some_and(|o| {
            o.len() == entries.len() && entries.iter().all(|(k, t)| o.get(k).is_some_and(|o| is_same(o, t)))
        }),
        A::Record(fields) => {
            ours.as_object().is_some_and(|o| fields.iter().all(|(k, t)| is_same(o.get(k).unwrap_or(&Value::Null), t)))
        }
        other => panic!("no case for {other:?}"),
    }
}

#[test]
fn files_of_the_corpora_have_the_rows_that_apache_avro_reads() {
    let Some(corpora) = corpora() else { return };
    let mut found = BTreeMap::new();
    files(&corpora.join("avro"), &mut found);
    let (mut num_files, mut num_rows) = (0, 0);
    for (path, file) in found.iter().filter(|(_, file)| file.starts_with(MAGIC)) {
        let theirs: Result<Vec<_>, _> = match apache_avro::Reader::new(&file[..]) {
            Ok(reader) => reader.collect(),
            Err(error) => Err(error),
        };
        let Ok(theirs) = theirs else {
            println!("not compared, since apache-avro cannot read it: {}", path.display());
            read_file(file);
            continue;
        };
        let text = read_file(file);
        let ours: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(ours.len(), theirs.len(), "{}", path.display());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let ours = match theirs {
                apache_avro::types::Value::Record(_) => ours,
                _ => &ours["value"],
            };
            assert!(is_same(ours, theirs), "{}: ours {ours}, theirs {theirs:?}", path.display());
        }
        num_files += 1;
        num_rows += ours.len();
    }
    println!("{num_files} files, {num_rows} rows");
    assert_eq!((num_files, num_rows), (48, 12380));
}

#[test]
fn weather_is_what_its_json_says() {
    let Some(corpora) = corpora() else { return };
    let data = corpora.join("avro/apache-avro-share/data");
    let expected = fs::read_to_string(data.join("weather.json")).unwrap();
    let values = |text: &str| text.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<Value>>();
    for file in ["weather.avro", "weather-deflate.avro", "weather-snappy.avro", "weather-zstd.avro"] {
        assert_eq!(values(&read_file(&fs::read(data.join(file)).unwrap())), values(&expected), "{file}");
    }
}

/// Columns of every kind, with what JSON shows of each.
const COLUMNS: &str = "a BIGINT NOT NULL, b VARCHAR, c DOUBLE, d DECIMAL(10,2), e TIMESTAMPTZ, f STRUCT(x BIGINT[]), g MAP(VARCHAR, BIGINT), h UUID, i JSON, j BOOLEAN, k BLOB, l DATE, m TIME, n TIMESTAMP_NS, o INTERVAL, p UBIGINT, q FLOAT, r HUGEINT";

const ROW: &str = r#"{"a":1,"b":"ü","c":0.1,"d":-1.25,"e":"2024-02-29T12:34:56.789012Z","f":{"x":[1,null]},"g":{"k":1},"h":"00112233-4455-6677-8899-aabbccddeeff","i":{"x":[1.50]},"j":true,"k":"AAH/","l":"1969-12-31","m":"23:59:59.999999","n":"2024-02-29T12:34:56.789012345","o":"P1M2DT3.5S","p":18446744073709551615,"q":0.5,"r":-99999999999999999999999999999999999999}"#;

const NULLS: &str = r#"{"a":-1,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"j":null,"k":null,"l":null,"m":null,"n":null,"o":null,"p":null,"q":null,"r":null}"#;

/// In containers of every codec, as one message, and as datums.
#[test]
fn every_type_reads_back() {
    let batch = rows(COLUMNS, &[ROW, NULLS, ROW]);
    let expected = [ROW, NULLS, ROW].join("\n");
    for codec in CODECS {
        let file = container(&batch, &[("codec", codec), ("block_bytes", "1")]).unwrap();
        let (records, errors) = blocks(&file);
        assert_eq!((records.len(), errors.len()), (3, 0));
        assert_eq!(shown(&decoder(&batch.schema(), &[]).decode(&records).unwrap()), expected, "{codec}");
        let whole = decoder(&batch.schema(), &[]).decode(&RawBatch::from_values([&file, &file])).unwrap();
        assert_eq!(shown(&whole), [expected.as_str(), &expected].join("\n"), "{codec}");
        assert_eq!((0..6).map(|row| whole.rows.record_of(row)).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1]);
    }
    let datums = encoder(&batch.schema(), &[("framing", "datum")]).unwrap().encode_batch(&batch).unwrap();
    let decoded = decoder(&batch.schema(), &[("framing", "datum")]).decode(&RawBatch::from_values(datums)).unwrap();
    assert_eq!(shown(&decoded), expected);
}

/// Only the row that does not fit is lost, unless nobody can say where it ends.
#[test]
fn a_bad_row_spoils_no_other() {
    let batch = rows("a BIGINT, b VARCHAR", &[r#"{"a":1}"#, r#"{"b":"x"}"#, r#"{"a":300,"b":"y"}"#, r#"{"a":4}"#]);
    let check = |file: &[u8], columns: &str, options: &[(&str, &str)], expected: Expect| {
        let (records, errors) = blocks(file);
        assert_eq!(errors, [""; 0]);
        expected.assert_eq(&shown(&decoder(&schema(columns), options).decode(&records).unwrap()));
    };
    let file = container(&batch, &[]).unwrap();
    check(
        &file,
        "a BIGINT NOT NULL",
        &[],
        expect![[r#"
            {"a":1}
            {"a":300}
            {"a":4}
            record 0: [its row 1] field a at byte 4: expected BIGINT (NOT NULL), found null; drop NOT NULL to keep such records"#]],
    );
    check(
        &file,
        "a TINYINT, b VARCHAR",
        &[],
        expect![[r#"
            {"a":1,"b":null}
            {"a":null,"b":"x"}
            {"a":4,"b":null}
            record 0: [its row 2] field a at byte 8: expected TINYINT, found number 300, which does not fit without loss"#]],
    );
    check(
        &file,
        "a TINYINT, b VARCHAR",
        &[("type_mismatch", "null")],
        expect![[r#"
        {"a":1,"b":null}
        {"a":null,"b":"x"}
        {"a":null,"b":"y"}
        {"a":4,"b":null}"#]],
    );
    check(
        &file,
        "c BIGINT DEFAULT 7, a BIGINT",
        &[],
        expect![[r#"
        {"c":7,"a":1}
        {"c":7,"a":null}
        {"c":7,"a":300}
        {"c":7,"a":4}"#]],
    );
    check(
        &file,
        "a BOOLEAN",
        &[],
        expect![
            "record 0: field a: expected BOOLEAN, found Avro's long, which the column does not take; declare it as what `laminar infer` says, or as JSON"
        ],
    );
    // The branch of the third row's union is none.
    let mut broken = file.clone();
    let at = file.len() - 16 - 9;
    assert_eq!(broken[at..at + 3], [2, 0xd8, 4]);
    broken[at] = 9;
    check(
        &broken,
        "a BIGINT, b VARCHAR",
        &[],
        expect![[r#"
            {"a":1,"b":null}
            {"a":null,"b":"x"}
            record 0: [its row 2] field a at byte 8: expected a branch of the union, found a number that it lacks; the rows behind it in the block, 1, are lost with it"#]],
    );
}

#[test]
fn the_next_block_is_found_behind_a_broken_one() {
    let batch = rows("a BIGINT NOT NULL", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]);
    let file = container(&batch, &[("block_bytes", "1")]).unwrap();
    let head = Header::read(&file).unwrap().len;
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: Expect| {
        let mut changed = file.clone();
        change(&mut changed);
        let (records, errors) = blocks(&changed);
        let rows = shown(&decoder(&batch.schema(), &[]).decode(&records).unwrap());
        let said: Vec<&str> = rows.lines().chain(errors.iter().map(String::as_str)).collect();
        let said = if said.is_empty() { "nothing".to_owned() } else { said.join("\n") };
        expected.assert_eq(&said.replace(&head.to_string(), "HEAD"));
    };
    // A block is a count, a size, a byte and a marker.
    check(
        &|_| {},
        expect![[r#"
        {"a":1}
        {"a":2}
        {"a":3}"#]],
    );
    check(
        &|f| f[head + 3] ^= 1,
        expect![[r#"
        {"a":3}
        [offset HEAD]: expected a block with the file's sync marker behind it; the next one is looked for, found byte 0x02"#]],
    );
    check(
        &|f| f[head + 1] = 4,
        expect![[r#"
        {"a":2}
        {"a":3}
        [offset HEAD]: expected a block with the file's sync marker behind it; the next one is looked for, found byte 0x02"#]],
    );
    check(
        &|f| f[head + 1] = 1,
        expect![[r#"
        {"a":2}
        {"a":3}
        [offset HEAD]: expected a block's number of values and its size, varints from 0 on, found byte 0x02"#]],
    );
    check(
        &|f| f[head] = 1,
        expect![[r#"
        {"a":2}
        {"a":3}
        [offset HEAD]: expected a block's number of values and its size, varints from 0 on, found byte 0x01"#]],
    );
    check(
        &|f| drop(f.splice(head + 1..head + 2, [0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f])),
        expect![[r#"
        {"a":2}
        {"a":3}
        [offset HEAD]: expected at most 1048576 bytes in a record, found 274877906943; raise `max_record_bytes`"#]],
    );
    check(
        &|f| f.truncate(f.len() - 1),
        expect![[r#"
            {"a":1}
            {"a":2}
            [offset 158]: expected the rest of a record, as its length says, found the end of the input"#]],
    );
    check(
        &|f| f[0] = b'o',
        expect![[r#"[offset 0]: expected the magic bytes `Obj\x01` of an Avro container file, found `o`"#]],
    );
    check(
        &|f| f.truncate(head - 1),
        expect!["[offset 0]: expected a container's header, a map of texts to bytes and a sync marker, found `O`"],
    );
    check(&|f| f.clear(), expect!["nothing"]);
}

/// Whatever bytes there are, there is an answer.
#[test]
fn broken_files_are_told() {
    let values: Vec<String> = (0..12).map(|n| format!(r#"{{"a":{n},"b":"text {n}","c":[{n},null]}}"#)).collect();
    let batch = rows("a BIGINT, b VARCHAR, c BIGINT[]", &values.iter().map(String::as_str).collect::<Vec<_>>());
    for codec in CODECS {
        let file = container(&batch, &[("codec", codec), ("block_bytes", "100")]).unwrap();
        let mut reader = decoder(&batch.schema(), &[("max_block_bytes", "10000")]);
        let head = Header::read(&file).unwrap().len;
        for end in 0..file.len() {
            let (records, errors) = blocks(&file[..end]);
            let decoded = reader.decode(&records).unwrap();
            assert!(decoded.rejected.is_empty(), "{codec} cut at {end}");
            assert!(decoded.batch.num_rows() < 12 || end == file.len(), "{codec} cut at {end}");
            // Behind a whole block a file may end.
            let is_whole = end == 0
                || end == head
                || records
                    .iter()
                    .last()
                    .is_some_and(|last| last.offset().unwrap() as usize + last.value().unwrap().len() + 16 == end);
            assert_eq!(errors.is_empty(), is_whole, "{codec} cut at {end}: {errors:?}");
            let whole = RawBatch::from_values([&file[..end]]);
            assert_eq!(reader.decode(&whole).unwrap().rejected.is_empty(), is_whole && end > 0, "{codec} cut at {end}");
        }
        for at in 0..file.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= change;
                let (records, _) = blocks(&changed);
                reader.decode(&records).unwrap();
                reader.decode(&RawBatch::from_values([&changed])).unwrap();
                let _ = described(&changed);
            }
        }
        assert_eq!(reader.decode(&blocks(&file).0).unwrap().batch.num_rows(), 12, "{codec}");
    }
}

#[test]
fn an_unknown_schema_id_is_asked_for() {
    let batch = rows("a BIGINT NOT NULL", &[r#"{"a":1}"#, r#"{"a":2}"#]);
    let columns = batch.schema();
    let message = |id: &str| {
        let options = [("wire_format", "confluent"), ("schema_id", id)];
        encoder(&columns, &options).unwrap().encode_batch(&batch).unwrap().swap_remove(0)
    };
    let format = FormatSpec::new("avro").with_options(Options::from_pairs([("wire_format", "confluent")]));
    let mut spec = DecodeSpec::new(Arc::clone(&columns), format);
    let raw = br#"{"type":"record","name":"r","fields":[{"name":"a","type":"int"}]}"#.to_vec();
    spec.writer_schemas.push(WriterSchema { id: WriterSchemaId(1), raw });
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let records = RawBatch::from_values([message("1"), b"\0\0\0\0\x01\x02\x02".to_vec(), message("2"), message("1")]);
    let decoded = decoder.decode(&records).unwrap();
    assert_eq!((decoded.consumed, decoded.needs), (2, Some(WriterSchemaId(2))));
    expect![[r#"
        {"a":1}
        record 1: expected the message to end behind its datum at byte 6, found 1 bytes more; is it of another schema?"#]].assert_eq(&shown(&decoded));
}
