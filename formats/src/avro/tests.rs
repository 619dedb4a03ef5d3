//! Datums by hand: what is read, and what is refused.

use std::{fmt::Write as _, sync::Arc};

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Schema};
use expect_test::{Expect, expect};
use laminar_schema::{
    DecodeSpec, DecoderSet, ErrorKind, FormatDecoder, FormatSpec, Options, RawBatch,
    format::{WriterSchema, WriterSchemaId},
};

use super::AvroDecoder;

/// Decodes datums of `schema` into the columns that it stands for; rows, then rejections.
fn check(schema: &str, options: &[(&str, &str)], datums: &[&[u8]], expected: Expect) {
    let pairs = options.iter().copied().chain([("schema", schema)]);
    let format = FormatSpec::new("avro").with_options(Options::from_pairs(pairs));
    let described = AvroDecoder::describe(&format, None).unwrap().expect("a schema is given");
    let mut decoder = AvroDecoder::build(&DecodeSpec::new(described.schema, format)).unwrap().expect("Avro");
    let decoded = decoder.decode(&RawBatch::from_values(datums)).unwrap();
    let mut shown = String::new();
    let options = FormatOptions::new().with_null("null");
    let columns: Vec<ArrayFormatter<'_>> =
        decoded.batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    for row in 0..decoded.batch.num_rows() {
        let values: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
        writeln!(shown, "{}", values.join(" | ")).unwrap();
    }
    for rejected in &decoded.rejected {
        writeln!(shown, "{}: {}", rejected.record, rejected.error).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn primitives() {
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"b","type":"boolean"},{"name":"i","type":"int"},
        {"name":"l","type":["null","long"]},{"name":"d","type":"double"},{"name":"s","type":["string","null"]}]}"#;
    let half = 0.5_f64.to_le_bytes();
    let row = |parts: &[&[u8]]| parts.concat();
    check(
        schema,
        &[],
        &[
            &row(&[&[1, 1, 2, 4], &half, &[0, 2, b'a']]),
            &row(&[&[0, 4, 0], &half, &[2]]),
            &row(&[&[2, 4, 0], &half, &[2]]),
            &row(&[&[1, 1, 4, 4], &half, &[2]]),
            &row(&[&[1, 1, 2, 4], &half, &[0, 4, b'a']]),
            &row(&[&[1, 1, 2, 4], &half, &[0, 2, 0xff]]),
            &row(&[&[1, 1, 2, 4], &half, &[2, 0]]),
            &row(&[&[1, 0x80, 0x80, 0x80, 0x80, 0x20, 2, 4], &half, &[2]]),
            &[],
        ],
        expect![[r#"
            true | -1 | 2 | 0.5 | a
            false | 2 | null | 0.5 | null
            2: field b at byte 0: expected a boolean, 0 or 1, found another byte
            3: field l at byte 3: expected a branch of the union, found a number that it lacks
            4: field s at byte 14: expected the rest of the value, found the record's end
            5: field s at byte 15: expected UTF-8 text, found other bytes
            6: expected the message to end behind its datum at byte 13, found 1 bytes more; is it of another schema?
            7: field i at byte 6: expected an int, found a number of more than 32 bits
            8: field b at byte 0: expected the rest of the value, found the record's end
        "#]],
    );
}

#[test]
fn nested() {
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":["null","int"]}},
        {"name":"m","type":{"type":"map","values":"string"}},
        {"name":"u","type":["null","string",{"type":"record","name":"n","fields":[{"name":"x","type":"long"},{"name":"next","type":["null","n"]}]}]},
        {"name":"e","type":{"type":"enum","name":"c","symbols":["RED","BLUE"]}}]}"#;
    check(
        schema,
        &[],
        &[
            &[4, 0, 2, 6, 0, 2, 2, b'k', 2, b'v', 0, 2, 2, b'u', 2],
            // Blocks with their sizes, several of them; a record in a record.
            &[1, 2, 0, 2, 2, 2, 0, 0, 4, 8, 2, 10, 0, 0],
            &[0, 0, 6, 0],
            &[0, 0, 0, 4],
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ],
        expect![[r#"
            [null, 3] | {k: v} | {string: u, n: null} | BLUE
            [null, 1] | {} | {string: null, n: {x: 4, next: {"x":5,"next":null}}} | RED
            2: field u at byte 3: expected a branch of the union, found a number that it lacks
            3: field e at byte 4: expected a symbol of the enum, found a number that it lacks
            4: field a at byte 10: expected a number of items that the record has room for, found a larger one
        "#]],
    );
}

#[test]
fn logical_types() {
    let schema = r#"{"type":"record","name":"r","fields":[
        {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
        {"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"t","type":{"type":"long","logicalType":"local-timestamp-micros"}},
        {"name":"m","type":{"type":"int","logicalType":"time-millis"}},
        {"name":"u","type":{"type":"fixed","name":"f","size":16,"logicalType":"uuid"}},
        {"name":"i","type":{"type":"fixed","name":"g","size":12,"logicalType":"duration"}}]}"#;
    let rest = [&[0_u8, 2, 2][..], &[0x11; 16], &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]].concat();
    check(
        schema,
        &[],
        &[
            &[&[2, 0x85][..], &rest].concat(),
            &[&[2, 0x05][..], &rest].concat(),
            &[&[0][..], &rest].concat(),
            &[&[10, 0x7f, 0, 0, 0, 0][..], &rest].concat(),
            // A millisecond before the day begins.
            &[&[2, 0x05, 0, 2, 1][..], &rest[3..]].concat(),
        ],
        expect![[r#"
            -1.23 | 1970-01-01 | 1970-01-01T00:00:00.000001 | 00:00:00.001 | 11111111111111111111111111111111 | 1 mons 2 days 0.003000000 secs
            0.05 | 1970-01-01 | 1970-01-01T00:00:00.000001 | 00:00:00.001 | 11111111111111111111111111111111 | 1 mons 2 days 0.003000000 secs
            2: field d at byte 1: expected a decimal, found bytes that are none
            3: field d at byte 0: expected DECIMAL(9,2), found decimal 5454608465.92, which does not fit without loss
            4: field m at byte 4: expected TIME, found number -1, which does not fit without loss
        "#]],
    );
}

#[test]
fn a_writer_that_does_not_go_into_the_columns_costs_its_own_messages_and_says_where() {
    let writer = |id, field_type: &str| {
        let text = format!(r#"{{"type":"record","name":"r","fields":[{{"name":"n","type":"{field_type}"}}]}}"#);
        WriterSchema { id: WriterSchemaId(id), raw: text.into_bytes() }
    };
    let options = Options::from_pairs([("wire_format", "confluent")]);
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
    let mut spec = DecodeSpec::new(schema, FormatSpec::new("avro").with_options(options));
    spec.writer_schemas = vec![writer(1, "long"), writer(2, "string")];
    let mut decoder = AvroDecoder::build(&spec).unwrap().expect("Avro");
    let decoded = decoder.decode(&RawBatch::from_values([&[0, 0, 0, 0, 1, 2], &[0, 0, 0, 0, 2, 0]])).unwrap();
    assert_eq!(decoded.batch.num_rows(), 1);
    let [rejected] = &decoded.rejected[..] else { panic!("{:?}", decoded.rejected) };
    assert_eq!((rejected.record, rejected.error.location().field.as_deref()), (1, Some("n")));
    let ErrorKind::Decode(error) = rejected.error.kind() else { panic!("{}", rejected.error) };
    assert_eq!(error.name(), "writer_schema", "{error}");
    assert!(error.to_string().starts_with("expected BIGINT, found Avro's string"), "{error}");
}
