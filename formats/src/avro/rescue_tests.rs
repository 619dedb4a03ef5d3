//! What is rescued, by path and value.

use std::sync::Arc;

use arrow_array::{Array, cast::AsArray};
use arrow_schema::Schema;
use expect_test::{Expect, expect};
use laminar_schema::{
    DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, Options, RawBatch, SchemaResult, ddl::parse_columns,
};

use super::AvroDecoder;

const WRITER: &str = r#"{"type":"record","name":"r","fields":[
    {"name":"z","type":"null"}, {"name":"a","type":"long"}, {"name":"l","type":{"type":"array","items":["null","long"]}},
    {"name":"m","type":{"type":"map","values":"long"}},
    {"name":"n","type":{"type":"record","name":"n","fields":[{"name":"x","type":"long"},{"name":"s","type":"string"}]}}]}"#;

fn decoder(schema: &str, columns: &str, options: &[(&str, &str)]) -> SchemaResult<Option<AvroDecoder>> {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<_> = declared.columns.iter().map(|c| c.to_field()).collect();
    let options = options.iter().copied().chain([("schema", schema), ("framing", "datum")]);
    let format = FormatSpec::new("avro").with_options(Options::from_pairs(options));
    AvroDecoder::build(&DecodeSpec::new(Arc::new(Schema::new(fields)), format))
}

/// The column `_rescued` of each row, then rejections.
fn check(schema: &str, columns: &str, datums: &[&[u8]], expected: Expect) {
    let mut decoder = decoder(schema, columns, &[("type_mismatch", "rescue")]).unwrap().unwrap();
    let decoded = decoder.decode(&RawBatch::from_values(datums)).unwrap();
    let rescued = decoded.batch.column_by_name("_rescued").unwrap().as_string::<i32>();
    let rows = (0..rescued.len()).map(|row| if rescued.is_null(row) { "null" } else { rescued.value(row) }.to_owned());
    let rejected = decoded.rejected.iter().map(|r| format!("{}: {}", r.record, r.error));
    expected.assert_eq(&rows.chain(rejected).collect::<Vec<_>>().join("\n"));
}

#[test]
fn values_that_do_not_fit_are_kept_by_path() {
    let columns =
        "z INTEGER, a TINYINT, l TINYINT[], m MAP(VARCHAR, TINYINT), n STRUCT(x TINYINT, s VARCHAR), _rescued JSON";
    check(
        WRITER,
        columns,
        &[
            &[2, 4, 0, 2, 2, 0, 2, 2, b'k', 2, 0, 2, 2, b's'],
            // 200 is 0x90 0x03 in zigzag.
            &[0x90, 3, 4, 0, 2, 0x90, 3, 0, 2, 2, b'k', 0x90, 3, 0, 0x90, 3, 2, b's'],
            &[2, 0, 0, 0x90, 3, 2, b's'],
            // Cut off behind what was to be rescued.
            &[0x90, 3, 0],
            &[2, 0, 0, 2, 0],
        ],
        expect![[r#"
            null
            {"a":{"value":200,"reason":"type_mismatch"},"l[1]":{"value":200,"reason":"type_mismatch"},"m.k":{"value":200,"reason":"type_mismatch"},"n.x":{"value":200,"reason":"type_mismatch"}}
            {"n.x":{"value":200,"reason":"type_mismatch"}}
            null
            3: field m at byte 3: expected the rest of the value, found the record's end"#]],
    );
    // NOT NULL rejects.
    check(
        WRITER,
        "a TINYINT NOT NULL, _rescued JSON",
        &[&[0x90, 3, 0, 0, 0, 0]],
        expect!["0: field a at byte 0: expected TINYINT, found number 200, which does not fit without loss"],
    );
}

#[test]
fn fields_without_a_column_are_kept_by_path() {
    let check = |columns: &str, options: &[(&str, &str)], datums: &[&[u8]], expected: Expect| {
        let mut decoder = decoder(WRITER, columns, options).unwrap().unwrap();
        let decoded = decoder.decode(&RawBatch::from_values(datums)).unwrap();
        let rescued = decoded.batch.column_by_name("_rescued").unwrap().as_string::<i32>();
        let rows = rescued.iter().map(|text| text.unwrap_or("null").to_owned());
        let rejected = decoded.rejected.iter().map(|r| format!("{}: {}", r.record, r.error));
        expected.assert_eq(&rows.chain(rejected).collect::<Vec<_>>().join("\n"));
    };
    // A null, three items, an entry, a record; as often as messages are read abreast, which these are not.
    let datum: &[u8] = &[2, 4, 0, 2, 2, 0, 2, 2, b'k', 2, 0, 2, 2, b's'];
    let large: &[u8] = &[0x90, 3, 4, 0, 2, 0x90, 3, 0, 0, 0x90, 3, 2, b's'];
    check(
        "a TINYINT, n STRUCT(x TINYINT), _rescued JSON",
        &[("unknown_fields", "rescue"), ("type_mismatch", "rescue")],
        &[datum, datum, datum, datum, large],
        expect![[r#"
            {"l":{"value":[null,1],"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n.s":{"value":"s","reason":"unknown_field"}}
            {"l":{"value":[null,1],"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n.s":{"value":"s","reason":"unknown_field"}}
            {"l":{"value":[null,1],"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n.s":{"value":"s","reason":"unknown_field"}}
            {"l":{"value":[null,1],"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n.s":{"value":"s","reason":"unknown_field"}}
            {"a":{"value":200,"reason":"type_mismatch"},"l":{"value":[null,200],"reason":"unknown_field"},"m":{"value":{},"reason":"unknown_field"},"n.x":{"value":200,"reason":"type_mismatch"},"n.s":{"value":"s","reason":"unknown_field"}}"#]],
    );
    check(
        "l TINYINT[], n STRUCT(s VARCHAR), _rescued JSON",
        &[("unknown_fields", "rescue")],
        &[datum, large],
        expect![[r#"
            {"a":{"value":1,"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n.x":{"value":1,"reason":"unknown_field"}}
            1: field l[1] at byte 5: expected TINYINT, found number 200, which does not fit without loss"#]],
    );
    // Types that never fit, with and without the fields beside.
    check(
        "a BOOLEAN, l VARCHAR, n BIGINT, _rescued JSON",
        &[("type_mismatch", "rescue")],
        &[datum],
        expect![[
            r#"{"a":{"value":1,"reason":"type_mismatch"},"l":{"value":[null,1],"reason":"type_mismatch"},"n":{"value":{"x":1,"s":"s"},"reason":"type_mismatch"}}"#
        ]],
    );
    // What the reader's schema has under another name, and what it lacks.
    let reader = r#"{"type":"record","name":"r","fields":[{"name":"b","aliases":["a"],"type":"long"}, {"name":"m","type":{"type":"map","values":"long"}}]}"#;
    let columns = "b BIGINT, _rescued JSON";
    check(
        columns,
        &[("unknown_fields", "rescue"), ("reader_schema", reader)],
        &[datum],
        expect![[
            r#"{"l":{"value":[null,1],"reason":"unknown_field"},"m":{"value":{"k":1},"reason":"unknown_field"},"n":{"value":{"x":1,"s":"s"},"reason":"unknown_field"}}"#
        ]],
    );
    // Unions of other types than the column's.
    let union = r#"{"type":"record","name":"r","fields":[{"name":"u","type":["null","long","string",{"type":"record","name":"p","fields":[{"name":"q","type":"long"}]}]}]}"#;
    let mut decoder = decoder(union, "u BIGINT, _rescued JSON", &[("type_mismatch", "rescue")]).unwrap().unwrap();
    let datums: [&[u8]; 4] = [&[0], &[2, 2], &[4, 2, b's'], &[6, 2]];
    let decoded = decoder.decode(&RawBatch::from_values(datums)).unwrap();
    expect![[r#"
        [PrimitiveArray<Int64>
        [
          null,
          1,
          null,
          null,
        ], StringArray
        [
          null,
          null,
          "{\"u\":{\"value\":\"s\",\"reason\":\"type_mismatch\"}}",
          "{\"u\":{\"value\":{\"q\":1},\"reason\":\"type_mismatch\"}}",
        ]] []"#]]
    .assert_eq(&format!("{:?} {:?}", decoded.batch.columns(), decoded.rejected));
}

#[test]
fn a_null_that_does_not_fit_leaves_the_next_field_alone() {
    let writer =
        r#"{"type":"record","name":"r","fields":[{"name":"a","type":["null","long"]},{"name":"b","type":"string"}]}"#;
    let reader = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}"#;
    let options = [("type_mismatch", "rescue"), ("reader_schema", reader)];
    let mut decoder = decoder(writer, "a BIGINT, b VARCHAR, _rescued JSON", &options).unwrap().unwrap();
    let datums: [&[u8]; 2] = [&[0, 2, b'x'], &[2, 2, 2, b'y']];
    let decoded = decoder.decode(&RawBatch::from_values(datums)).unwrap();
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
    assert_eq!(decoded.batch.column(1).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x"), Some("y")]);
    assert_eq!(decoded.batch.column(2).null_count(), 2);
}

#[test]
fn a_datum_that_is_no_record() {
    check(
        r#"["null","long"]"#,
        "value TINYINT, _rescued JSON",
        &[&[2, 0x90, 3], &[0], &[2, 2]],
        expect![[r#"
            {"value":{"value":200,"reason":"type_mismatch"}}
            null
            null"#]],
    );
}

#[test]
fn there_must_be_a_column_for_it() {
    let error = decoder(WRITER, "a TINYINT", &[("type_mismatch", "rescue")]).unwrap_err();
    expect!["option `type_mismatch` = 'rescue': expected a column `_rescued` of type JSON; declare it: there is no such column"].assert_eq(&error.to_string());
}

#[test]
fn messages_without_a_value_are_rows_by_option() {
    let rows = |columns: &str| {
        let mut decoder = decoder(WRITER, columns, &[("tombstones", "null")]).unwrap().unwrap();
        let mut batch = RawBatch::new();
        batch.push(laminar_schema::NewRecord { value: None, ..laminar_schema::NewRecord::default() });
        let decoded = decoder.decode(&batch).unwrap();
        let errors: Vec<String> = decoded.rejected.iter().map(|r| r.error.to_string()).collect();
        format!("{:?} {errors:?}", decoded.batch.columns())
    };
    expect![[r#"
        [PrimitiveArray<Int64>
        [
          7,
        ]] []"#]]
    .assert_eq(&rows("a BIGINT DEFAULT 7"));
    expect![[r#"
        [PrimitiveArray<Int64>
        [
        ]] ["field a: expected BIGINT (NOT NULL), found no such field; give the column a DEFAULT or drop NOT NULL"]"#]]
    .assert_eq(&rows("a BIGINT NOT NULL"));
}
