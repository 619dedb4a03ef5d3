use std::{fmt::Write as _, sync::Arc};

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use expect_test::{Expect, expect};
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatSpec, NewRecord, Options, RawBatch, RowRecords, SchemaResult,
    config::ConnectorConfig, ddl::parse_columns,
};

use super::{JsonDecoder, JsonEngine, JsonOptions};

pub(super) fn schema(columns: &str) -> SchemaRef {
    let fields: Vec<Field> = parse_columns(columns).unwrap().columns.iter().map(|c| c.to_field()).collect();
    Arc::new(Schema::new(fields))
}

pub(super) fn build(columns: &str, options: &[(&str, &str)]) -> SchemaResult<JsonDecoder> {
    let format = FormatSpec::new("json").with_options(Options::from_pairs(options.iter().copied()));
    JsonDecoder::build(&DecodeSpec::new(schema(columns), format)).map(Option::unwrap)
}

pub(super) fn rows(batch: &RecordBatch) -> String {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c as &dyn Array, &options).unwrap()).collect();
    let mut out = String::new();
    for row in 0..batch.num_rows() {
        let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
        writeln!(out, "{}", cells.join(" | ")).unwrap();
    }
    out
}

pub(super) fn show(decoded: &Decoded) -> String {
    let mut out = rows(&decoded.batch);
    for rejected in &decoded.rejected {
        writeln!(out, "#{} {}", rejected.record, rejected.error).unwrap();
    }
    out
}

/// Decodes the lines of `records`, and prints rows and rejections.
fn check(columns: &str, options: &[(&str, &str)], records: &[&str], expected: Expect) {
    let mut decoder = match build(columns, options) {
        Ok(decoder) => decoder,
        Err(e) => return expected.assert_eq(&format!("{e}\n")),
    };
    let batch = RawBatch::from_values(records);
    expected.assert_eq(&show(&decoder.decode(&batch).unwrap()));
}

#[test]
fn fields_are_found_in_any_order() {
    check(
        "a BIGINT, b VARCHAR, c DOUBLE",
        &[],
        &[
            r#"{"a":1,"b":"x","c":1.5}"#,
            r#" {"c": 2.5, "z": [1, {"a": 7}], "a": 2, "b": "é\n\u20ac😀"} "#,
            r#"{"b":null,"\u0061":3}"#,
            "{}",
            "\u{feff}{\"a\":4}",
        ],
        expect![[r#"
            1 | x | 1.5
            2 | é
            €😀 | 2.5
            3 | NULL | NULL
            NULL | NULL | NULL
            4 | NULL | NULL
        "#]],
    );
}

#[test]
fn one_bad_record_leaves_its_neighbours_alone() {
    check(
        "a BIGINT, s STRUCT(x BIGINT, l VARCHAR[]), m MAP(VARCHAR, BIGINT)",
        &[],
        &[
            r#"{"a":1,"s":{"x":1,"l":["p",null]},"m":{"k":1,"l":2}}"#,
            r#"{"s":{"x":2,"l":["q","r"]},"m":{"k":3},"a":42.7}"#,
            r#"{"m":{"k":1},"s":{"l":["s",5],"x":1}}"#,
            r#"{"m":{"k":1,"j":"no"}}"#,
            r#"{"a":1,"#,
            r#"{"a":3,"s":null,"m":{}}"#,
        ],
        expect![[r#"
            1 | {x: 1, l: [p, NULL]} | {k: 1, l: 2}
            3 | NULL | {}
            #1 field a at byte 43: expected BIGINT, found number 42.7, which does not fit without loss
            #2 field s.l[1] at byte 27: expected VARCHAR, found number 5
            #3 field m.j at byte 16: expected BIGINT, found string "no"
            #4 at byte 7: expected a key, found the end of the record
        "#]],
    );
}

#[test]
fn numbers_are_exact() {
    check(
        "i BIGINT, u UBIGINT, h HUGEINT, d DECIMAL(18, 4), f DOUBLE, j JSON",
        &[],
        &[
            r#"{"i":42.0,"u":18446744073709551615,"h":12345678901234567890123456789,"d":0.1000,"f":-0,"j":1.10}"#,
            r#"{"i":-9223372036854775808,"d":12345678901234.5678,"f":5e-324,"z":123456789012345678901234567890}"#,
            r#"{"i":1e3,"h":1e2,"j":[1e400, 00],"f":1}"#,
            r#"{"z":1e400,"j":{"a" : 123456789012345678901234567890.50},"f":0.1}"#,
            r#"{"f":1e400}"#,
            r#"{"f":9007199254740993}"#,
            r#"{"i":9223372036854775808}"#,
            r#"{"i":123456789012345678901}"#,
            r#"{"d":1.23456}"#,
            r#"{"i":"1"}"#,
        ],
        expect![[r#"
            42 | 18446744073709551615 | 12345678901234567890123456789 | 0.1000 | -0.0 | 1.10
            -9223372036854775808 | NULL | NULL | 12345678901234.5678 | 5e-324 | NULL
            NULL | NULL | NULL | NULL | 0.1 | {"a" : 123456789012345678901234567890.50}
            #2 at byte 30: expected a number, found `0`
            #4 field f at byte 5: expected DOUBLE, found number 1e400, which does not fit without loss
            #5 field f at byte 5: expected DOUBLE, found number 9007199254740993, which does not fit without loss
            #6 field i at byte 5: expected BIGINT, found number 9223372036854775808, which does not fit without loss
            #7 field i at byte 5: expected BIGINT, found number 123456789012345678901, which does not fit without loss
            #8 field d at byte 5: expected DECIMAL(18,4), found number 1.23456, which does not fit without loss
            #9 field i at byte 5: expected BIGINT, found string "1"
        "#]],
    );
}

#[test]
fn json_columns_keep_the_text() {
    check(
        "j JSON, l JSON[], n BIGINT",
        &[],
        &[
            r#"{"n":1,"j": { "a" : [ 1.50 , "x\u0041}" ] } ,"l":[1.0, "s", null, {"k":[]} ]}"#,
            r#"{"j":"text","l":[true]}"#,
            r#"{"j":-0.0e-0 ,"l":[]}"#,
            r#"{"j":null}"#,
        ],
        expect![[r#"
            { "a" : [ 1.50 , "x\u0041}" ] } | [1.0, "s", NULL, {"k":[]}] | 1
            "text" | [true] | NULL
            -0.0e-0 | [] | NULL
            NULL | NULL | NULL
        "#]],
    );
}

#[test]
fn absent_null_and_default_differ() {
    check(
        "a BIGINT DEFAULT 7, b VARCHAR NOT NULL DEFAULT 'none', c DOUBLE NOT NULL, s STRUCT(x BIGINT)",
        &[],
        &[
            r#"{"c":1}"#,
            r#"{"c":2,"a":null,"b":"given","s":{}}"#,
            r#"{"c":null}"#,
            r#"{"b":"x"}"#,
            r#"{"c":3,"b":null}"#,
            r#"{"c":4,"a":8}"#,
        ],
        expect![[r#"
            7 | none | 1.0 | NULL
            NULL | given | 2.0 | {x: NULL}
            8 | none | 4.0 | NULL
            #2 field c at byte 5: expected DOUBLE (NOT NULL), found null; drop NOT NULL to keep such records
            #3 field c at byte 0: expected DOUBLE (NOT NULL), found no such field; give the column a DEFAULT or drop NOT NULL
            #4 field b at byte 11: expected VARCHAR (NOT NULL), found null; drop NOT NULL to keep such records
        "#]],
    );
}

/// The error's bytes are those of the object that lacks the field.
#[test]
fn absent_fields_are_reported_at_their_object() {
    let inner = Fields::from(vec![Field::new("y", DataType::Int64, false)]);
    let item = Field::new("item", DataType::Struct(inner), true);
    let schema = Arc::new(Schema::new(vec![
        Field::new("x", DataType::Int64, false),
        Field::new("l", DataType::List(Arc::new(item)), true),
    ]));
    let spec = DecodeSpec::new(schema, FormatSpec::new("json"));
    let mut decoder = JsonDecoder::build(&spec).unwrap().unwrap();
    let records = [r#" { "l" : [] } "#, r#"{"x":1,"l":[{"y":1},{"z":{}}]}"#];
    let decoded = decoder.decode(&RawBatch::from_values(records)).unwrap();
    let bytes = decoded.rejected.iter().map(|r| &records[r.record][r.error.location().span.clone().unwrap()]);
    assert_eq!(bytes.collect::<Vec<_>>(), [r#"{ "l" : [] }"#, r#"{"z":{}}"#]);
}

#[test]
fn mismatches_by_option() {
    let records = [
        r#"{"a":"one","l":[1,"two",3],"n":1}"#,
        r#"{"a":{"x":[1]},"l":5,"n":2}"#,
        r#"{"a":1,"n":"three"}"#,
        r#"{"a":1e99,"n":4,"s":{"x":"deep"}}"#,
    ];
    let columns = "a BIGINT, l BIGINT[], s STRUCT(x BIGINT), n BIGINT NOT NULL";
    check(
        columns,
        &[("type_mismatch", "null")],
        &records,
        expect![[r#"
            NULL | [1, NULL, 3] | NULL | 1
            NULL | NULL | NULL | 2
            NULL | NULL | {x: NULL} | 4
            #2 field n at byte 11: expected BIGINT, found string "three"
        "#]],
    );
    check(
        &format!("{columns}, _rescued JSON"),
        &[("type_mismatch", "rescue")],
        &records,
        expect![[r#"
            NULL | [1, NULL, 3] | NULL | 1 | {"a":{"value":"one","reason":"type_mismatch"},"l[1]":{"value":"two","reason":"type_mismatch"}}
            NULL | NULL | NULL | 2 | {"a":{"value":{"x":[1]},"reason":"type_mismatch"},"l":{"value":5,"reason":"type_mismatch"}}
            NULL | NULL | {x: NULL} | 4 | {"a":{"value":1e99,"reason":"type_mismatch"},"s.x":{"value":"deep","reason":"type_mismatch"}}
            #2 field n at byte 11: expected BIGINT, found string "three"
        "#]],
    );
    check(
        "a BIGINT",
        &[("type_mismatch", "fail")],
        &[r#"{"a":true}"#],
        expect![[r#"
            #0 field a at byte 5: expected BIGINT, found boolean true
        "#]],
    );
}

#[test]
fn unknown_fields_by_option() {
    let records = [
        r#"{"a":1,"b":2}"#,
        r#"{"a":2,"s":{"x":1,"y z":[1, 2]},"\"q":"é"}"#,
        r#"{"a":3}"#,
        r#"{"a":4,"_rescued":"mine"}"#,
    ];
    check(
        "a BIGINT, s STRUCT(x BIGINT)",
        &[("unknown_fields", "reject")],
        &records,
        expect![[r#"
            3 | NULL
            #0 field b at byte 7: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            #1 field s.y z at byte 18: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            #3 field _rescued at byte 7: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        "#]],
    );
    check(
        "a BIGINT, _rescued JSON, s STRUCT(x BIGINT)",
        &[("unknown_fields", "rescue")],
        &records,
        expect![[r#"
            1 | {"b":{"value":2,"reason":"unknown_field"}} | NULL
            2 | {"s.y z":{"value":[1, 2],"reason":"unknown_field"},"\"q":{"value":"é","reason":"unknown_field"}} | {x: 1}
            3 | NULL | NULL
            4 | {"_rescued":{"value":"mine","reason":"unknown_field"}} | NULL
        "#]],
    );
    check(
        "a BIGINT",
        &[("unknown_fields", "rescue")],
        &[],
        expect![[r#"
            option `unknown_fields` = 'rescue': expected a column `_rescued` of type JSON; declare it: there is no such column
        "#]],
    );
}

#[test]
fn duplicates_by_option() {
    let records = [
        r#"{"a":1,"l":[1,2],"a":2,"l":[3]}"#,
        r#"{"m":{"k":1,"j":5,"k":2},"a":1}"#,
        r#"{"z":1,"z":2,"a":9}"#,
        r#"{"a":1,"a":null,"l":[1],"l":null}"#,
    ];
    let columns = "a BIGINT, l BIGINT[], m MAP(VARCHAR, BIGINT)";
    check(
        columns,
        &[],
        &records,
        expect![[r#"
            2 | [3] | NULL
            1 | NULL | {j: 5, k: 2}
            9 | NULL | NULL
            NULL | NULL | NULL
        "#]],
    );
    check(
        columns,
        &[("duplicate_fields", "reject")],
        &records,
        expect![[r#"
            9 | NULL | NULL
            #0 field a at byte 17: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #1 field m.k at byte 6: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #3 field a at byte 7: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
        "#]],
    );
}

/// A map within a map has keys of its own, and leaves those of the outer one as they are.
#[test]
fn duplicates_in_nested_maps() {
    let records = [
        r#"{"m":{"x":{"p":1},"a":{"q":1},"a":{"r":2}}}"#,
        r#"{"m":{"x":{"p":1},"a":"bad","a":{"r":2}}}"#,
        r#"{"m":{"x":{"p":1,"p":2},"a":{"q":1},"y":{"q":1,"r":3,"q":2},"a":{}}}"#,
        r#"{"m":{"x":{"p":"bad","p":1},"y":{"p":"bad"},"x":{"q":4}},"m":{"x":{"r":5},"y":{},"y":{"s":6}}}"#,
        r#"{"m":{"a":{"q":1},"x":{"p":1,"p":"bad"}}}"#,
    ];
    let columns = "m MAP(VARCHAR, MAP(VARCHAR, BIGINT))";
    check(
        columns,
        &[],
        &records,
        expect![[r#"
            {x: {p: 1}, a: {r: 2}}
            {x: {p: 1}, a: {r: 2}}
            {x: {p: 2}, y: {r: 3, q: 2}, a: {}}
            {x: {r: 5}, y: {s: 6}}
            #4 field m.x.p at byte 33: expected BIGINT, found string "bad"
        "#]],
    );
    check(
        columns,
        &[("duplicate_fields", "reject")],
        &records,
        expect![[r#"
            #0 field m.a at byte 18: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #1 field m.a at byte 18: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #2 field m.a at byte 24: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #3 field m.x at byte 6: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #4 field m.x.p at byte 23: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
        "#]],
    );
}

/// Of equal keys the last decides, also whether the record fits; what it overwrites only has to be well-formed.
#[test]
fn overwritten_values_do_not_count() {
    let columns = "a BIGINT NOT NULL, s STRUCT(x BIGINT, l BIGINT[2]), m MAP(VARCHAR, BIGINT), _rescued JSON";
    let records = [
        r#"{"a":"no","a":1}"#,
        r#"{"a":null,"\u0061":true,"z":"no","a":2}"#,
        r#"{"a":3,"a":"no"}"#,
        r#"{"a":"no","a":[4]}"#,
        r#"{"a":4,"s":{"x":1,"l":[1,"no"]},"s":{"x":"no","x":2}}"#,
        r#"{"a":5,"s":{"x":"no","l":[1]},"s":null}"#,
        r#"{"a":6,"s":{"x":"no"},"s":{"l":["no",2]}}"#,
        r#"{"a":7,"s":[{"x":1},9],"s":{"x":9,"y":1}}"#,
        r#"{"a":8,"m":{"k":"no","j":1,"k":2},"s":{"y":1},"s":{}}"#,
        r#"{"a":9,"m":{"k":1},"m":{"k":1,"k":"no"}}"#,
        r#"{"a":10,"m":"no","s":{"x":"no","y":{"x":1}},"m":{},"s":{"x":"no","x":"no","x":1}}"#,
        r#"{"a":"no","a":11,"a":1x}"#,
        r#"{"a":1e400,"a":12,"z":1e400}"#,
    ];
    check(
        columns,
        &[],
        &records,
        expect![[r#"
            1 | NULL | NULL | NULL
            2 | NULL | NULL | NULL
            4 | {x: 2, l: NULL} | NULL | NULL
            5 | NULL | NULL | NULL
            7 | {x: 9, l: NULL} | NULL | NULL
            8 | {x: NULL, l: NULL} | {j: 1, k: 2} | NULL
            10 | {x: 1, l: NULL} | {} | NULL
            12 | NULL | NULL | NULL
            #2 field a at byte 11: expected BIGINT, found string "no"
            #3 field a at byte 14: expected BIGINT, found array
            #6 field s.l[0] at byte 32: expected BIGINT, found string "no"
            #9 field m.k at byte 34: expected BIGINT, found string "no"
            #11 at byte 22: expected the number's end, found `x`
        "#]],
    );
    check(
        columns,
        &[("type_mismatch", "null"), ("unknown_fields", "reject")],
        &records,
        expect![[r#"
            1 | NULL | NULL | NULL
            4 | {x: 2, l: NULL} | NULL | NULL
            5 | NULL | NULL | NULL
            6 | {x: NULL, l: [NULL, 2]} | NULL | NULL
            8 | {x: NULL, l: NULL} | {j: 1, k: 2} | NULL
            9 | NULL | {k: NULL} | NULL
            10 | {x: 1, l: NULL} | {} | NULL
            #1 field z at byte 24: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            #2 field a at byte 11: expected BIGINT, found string "no"
            #3 field a at byte 14: expected BIGINT, found array
            #7 field s.y at byte 34: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            #11 at byte 22: expected the number's end, found `x`
            #12 field z at byte 18: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        "#]],
    );
    check(
        columns,
        &[("type_mismatch", "rescue"), ("unknown_fields", "rescue")],
        &records,
        expect![[r#"
            1 | NULL | NULL | NULL
            2 | NULL | NULL | {"z":{"value":"no","reason":"unknown_field"}}
            4 | {x: 2, l: NULL} | NULL | NULL
            5 | NULL | NULL | NULL
            6 | {x: NULL, l: [NULL, 2]} | NULL | {"s.l[0]":{"value":"no","reason":"type_mismatch"}}
            7 | {x: 9, l: NULL} | NULL | {"s.y":{"value":1,"reason":"unknown_field"}}
            8 | {x: NULL, l: NULL} | {j: 1, k: 2} | NULL
            9 | NULL | {k: NULL} | {"m.k":{"value":"no","reason":"type_mismatch"}}
            10 | {x: 1, l: NULL} | {} | NULL
            12 | NULL | NULL | {"z":{"value":1e400,"reason":"unknown_field"}}
            #2 field a at byte 11: expected BIGINT, found string "no"
            #3 field a at byte 14: expected BIGINT, found array
            #11 at byte 22: expected the number's end, found `x`
        "#]],
    );
    check(
        "a BIGINT, s STRUCT(x BIGINT)",
        &[("duplicate_fields", "reject")],
        &[r#"{"a":"no","a":1}"#, r#"{"a":1,"a":"no"}"#, r#"{"s":{"x":1,"x":2},"s":{}}"#],
        expect![[r##"
            #0 field a at byte 5: expected BIGINT, found string "no"
            #1 field a at byte 7: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            #2 field s.x at byte 12: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
        "##]],
    );
}

/// Of the reasons that are left at an object's end the first is told.
#[test]
fn the_first_misfit_that_counts_is_told() {
    let columns = "a BIGINT, s STRUCT(x BIGINT), m MAP(VARCHAR, BIGINT)";
    let records = [
        r#"{"a":"no","s":{"x":"no"},"z":1,"m":5,"m":{},"a":6}"#,
        r#"{"a":"no","z":1,"s":{"x":"no"},"y":2,"a":1}"#,
        r#"{"s":{"x":"no","z":1,"x":2},"a":"no"}"#,
        r#"{"a":"no","m":{"k":"no"},"a":"still no","m":{}}"#,
    ];
    check(
        columns,
        &[],
        &records,
        expect![[r##"
        #0 field s.x at byte 19: expected BIGINT, found string "no"
        #1 field s.x at byte 25: expected BIGINT, found string "no"
        #2 field a at byte 32: expected BIGINT, found string "no"
        #3 field a at byte 29: expected BIGINT, found string "still no"
    "##]],
    );
    check(
        columns,
        &[("unknown_fields", "reject")],
        &records,
        expect![[r##"
        #0 field s.x at byte 19: expected BIGINT, found string "no"
        #1 field z at byte 10: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        #2 field s.z at byte 15: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        #3 field a at byte 29: expected BIGINT, found string "still no"
    "##]],
    );
    check(
        columns,
        &[("unknown_fields", "reject"), ("duplicate_fields", "reject")],
        &records,
        expect![[r##"
        #0 field a at byte 5: expected BIGINT, found string "no"
        #1 field a at byte 5: expected BIGINT, found string "no"
        #2 field s.x at byte 10: expected BIGINT, found string "no"
        #3 field a at byte 5: expected BIGINT, found string "no"
    "##]],
    );
}

/// Looking ahead from each of these values for one that overwrites it would take ten million steps a record.
#[test]
fn many_values_are_overwritten() {
    let columns = (0..500).map(|i| format!("c{i} BIGINT")).collect::<Vec<_>>().join(", ");
    let members = |value: &str| (0..500).map(|i| format!("\"c{i}\":{value},")).collect::<String>();
    let bad = members("\"no\"").repeat(40);
    let fine = format!("{{{bad}{}\"z\":0}}", members("1"));
    let misfit = format!("{{{bad}{}\"c7\":[],\"c3\":[]}}", members("1"));
    let decoded = build(&columns, &[]).unwrap().decode(&RawBatch::from_values([&fine, &misfit])).unwrap();
    assert_eq!(rows(&decoded.batch), format!("{}1\n", "1 | ".repeat(499)));
    let [rejected] = &decoded.rejected[..] else { panic!("{:?}", decoded.rejected) };
    expect!["field c7 at byte 239996: expected BIGINT, found array"].assert_eq(&rejected.error.to_string());
}

#[test]
fn records_that_are_no_object() {
    let records = [r#"{"a":1}"#, "", " \n", "null", "[1,2]", "5", "\"s\"", r#"{"value":[7]}"#];
    check(
        "a BIGINT",
        &[],
        &records,
        expect![[r#"
            1
            NULL
            #1 expected a document, found an empty record; set `empty_records` to 'skip' or 'null'
            #2 expected a document, found an empty record; set `empty_records` to 'skip' or 'null'
            #3 at byte 0: expected an object, found null
            #4 at byte 0: expected an object, found array
            #5 at byte 0: expected an object, found number 5
            #6 at byte 0: expected an object, found string "s"
        "#]],
    );
    check(
        "a BIGINT, value BIGINT[]",
        &[("non_objects", "value"), ("empty_records", "null")],
        &records,
        expect![[r#"
            1 | NULL
            NULL | NULL
            NULL | NULL
            NULL | NULL
            NULL | [1, 2]
            NULL | [7]
            #5 field value at byte 0: expected BIGINT[], found number 5
            #6 field value at byte 0: expected BIGINT[], found string "s"
        "#]],
    );
    check(
        "value JSON",
        &[("empty_records", "skip")],
        &records,
        expect![[r#"
            {"a":1}
            NULL
            [1,2]
            5
            "s"
            [7]
        "#]],
    );
    check(
        "doc JSON, a BIGINT",
        &[("document_column", "doc"), ("empty_records", "null"), ("unknown_fields", "reject")],
        &[r#" {"a": 1 } "#, "", r#"{"doc":2}"#, "[]"],
        expect![[r#"
            {"a": 1 } | 1
            NULL | NULL
            #2 field doc at byte 1: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            #3 at byte 0: expected an object, found array
        "#]],
    );
}

#[test]
fn tombstones_by_option() {
    for (policy, shown) in [
        ("skip", "1\n2\n"),
        ("null", "1\nNULL\n2\n"),
        ("reject", "1\n2\n#1 expected a document, found a tombstone; set `tombstones` to 'skip' or 'null'\n"),
    ] {
        let mut batch = RawBatch::from_values([r#"{"a":1}"#]);
        batch.push(NewRecord::default());
        batch.push(NewRecord::new(br#"{"a":2}"#));
        let decoded = build("a BIGINT", &[("tombstones", policy)]).unwrap().decode(&batch).unwrap();
        assert_eq!(show(&decoded), shown);
        let rows = if policy == "null" { RowRecords::Identity } else { RowRecords::Indices(vec![0, 2]) };
        assert_eq!((decoded.rows, decoded.consumed), (rows, 3));
    }
}

#[test]
fn several_documents_in_one_record() {
    let records = [
        r#"{"a":1}{"a":2} {"a":18446744073709551616e0}"#,
        r#"{"a":3}{"a":4}"#,
        r#"{"a":5} x"#,
        "{\"a\":6}\n{\"a\":\"six\"}",
        r#"{"a":7}"#,
        "{\"a\":8,\"z\":1e999}\n{\"a\":9}",
    ];
    check(
        "a BIGINT",
        &[],
        &records,
        expect![[r#"
            7
            #0 at byte 7: expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each
            #1 at byte 7: expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each
            #2 at byte 8: expected a value, found `x`
            #3 at byte 8: expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each
            #5 at byte 18: expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each
        "#]],
    );
    check(
        "a BIGINT",
        &[("multiple_documents", "split")],
        &records,
        expect![[r#"
            3
            4
            7
            8
            9
            #0 field a at byte 20: expected BIGINT, found number 18446744073709551616e0, which does not fit without loss
            #2 at byte 8: expected a value, found `x`
            #3 field a at byte 13: expected BIGINT, found string "six"
        "#]],
    );
}

#[test]
fn limits_and_syntax() {
    let nested = |depth: usize| format!("{{\"z\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let (fits, too_deep, absurd) = (nested(128), nested(129), nested(100_000));
    check(
        "a BIGINT",
        &[("max_record_bytes", "200_100")],
        &[&fits, &too_deep, &absurd, &" ".repeat(200_101)],
        expect![[r#"
            NULL
            #1 at byte 132: expected at most 128 levels of nesting, found more; raise `max_depth`
            #2 at byte 132: expected at most 128 levels of nesting, found more; raise `max_depth`
            #3 expected at most 200100 bytes in a record, found 200101; raise `max_record_bytes`
        "#]],
    );
    check(
        "a BIGINT",
        &[],
        &[
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":NaN}"#,
            r#"{"z":[1,,2]}"#,
            r#"{"z":[1,]}"#,
            r#"{'a':1}"#,
            r#"{"z":"\x"}"#,
            r#"{"z":"\ud800"}"#,
            r#"{"z":"\udc00\ud800"}"#,
            "{\"z\":\"\t\"}",
            r#"{"a":1}}"#,
            r#"{"z":tru}"#,
            r#"{"a":1 "b":2}"#,
            "{\"a\":1\0}",
            "{\"a\":1}\0",
            r#"{"a":1x}"#,
            r#"{"a":"#,
            r#"{"a":"x"#,
        ],
        expect![[r##"
            #0 at byte 6: expected a number, found `1`
            #1 at byte 7: expected a digit, found `}`
            #2 at byte 5: expected a value, found `.`
            #3 at byte 5: expected a value, found `+`
            #4 at byte 5: expected a value, found `N`
            #5 at byte 8: expected a value, found `,`
            #6 at byte 8: expected a value, found `]`
            #7 at byte 1: expected a key or `}`, found `'`
            #8 at byte 7: expected an escape, found `x`
            #9 at byte 12: expected the low half of a surrogate pair, found `"`
            #10 at byte 6: expected the high half of a surrogate pair first, found `\`
            #11 at byte 6: expected an escape in place of a control character, found '\t'
            #12 at byte 7: expected a value, found `}`
            #13 at byte 5: expected a value, found `t`
            #14 at byte 7: expected `,` or `}`, found `"`
            #15 at byte 6: expected the number's end, found '\0'
            #16 at byte 7: expected a value, found '\0'
            #17 at byte 6: expected the number's end, found `x`
            #18 at byte 5: expected a value, found the end of the record
            #19 at byte 7: expected `"`, found the end of the record
        "##]],
    );
    let mut decoder = build("a VARCHAR", &[]).unwrap();
    let batch = RawBatch::from_values([&b"{\"z\":\"\xff\"}"[..], b"{\"a\":\"\xc0\xaf\"}", b"{\"a\":\"ok\"}"]);
    expect![[r#"
        ok
        #0 at byte 6: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
        #1 at byte 6: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
    "#]]
    .assert_eq(&show(&decoder.decode(&batch).unwrap()));
}

#[test]
fn strings_are_coerced_only_when_asked() {
    check(
        "a BIGINT, b BOOLEAN, d DECIMAL(9, 2), t TIMESTAMP",
        &[("coerce_strings", "true")],
        &[r#"{"a":"12","b":"true","d":"1.50","t":"2024-01-01T00:00:00Z"}"#, r#"{"a":"12x"}"#],
        expect![[r#"
            12 | true | 1.50 | 2024-01-01T00:00:00
            #1 field a at byte 5: expected BIGINT, found string "12x"
        "#]],
    );
}

/// simd-json judges records on the fast path, the scanner on the cold one: they must agree.
#[test]
fn the_scanner_agrees_with_simd_json() {
    const SEEDS: [&str; 6] = [
        r#"{"a":[1,-2.5e+3,{"b":null}],"c":"x\u00e9\ud83d\ude00\\","d":true,"":{}}"#,
        r#" [ "a" , [ ] , { } , false , 0 , -0.0 , 1E5 ] "#,
        "\"text \\\"quoted\\\" \\/ \\b\\f\\n\\r\\t \u{7f} é\"",
        r#"{"deep":{"er":{"est":[[[[1]]]]}},"n":12345678901234567}"#,
        "-12.75",
        "null",
    ];
    const BYTES: &[u8] = b"{}[]:,\"\\/0123456789.eE+-tfnaulrse \t\n\r\0\x01\x1f\x7f\xc3\xa9\xff\xedx'#";
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % end
    };
    let mut scanner = super::syntax::Scanner::default();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let mut document = SEEDS[below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=below(3) {
            let at = below(document.len());
            match below(4) {
                0 => document[at] = BYTES[below(BYTES.len())],
                1 => document.insert(at, BYTES[below(BYTES.len())]),
                2 => drop(document.remove(at)),
                _ => document.truncate(at.max(1)),
            }
            if document.is_empty() {
                document.push(b'0');
            }
        }
        let mut numbers_fit = true;
        let _ = scanner.document(&document, 0, 1024, &mut |number| {
            let text = std::str::from_utf8(&document[number]).unwrap();
            let fits = if text.contains(['.', 'e', 'E']) {
                text.parse::<f64>().unwrap().is_finite()
            } else {
                text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()
            };
            numbers_fit &= fits;
        });
        if !numbers_fit {
            continue;
        }
        let ours = scanner.is_document(&document);
        let theirs = simd_json::to_tape(&mut document.clone()).is_ok();
        assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(&document));
        if ours { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 10_000 && refused > 10_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_refusal_deep_inside_is_not_tried_again_at_every_level() {
    let depth = 60;
    let innermost = DataType::Struct(vec![Field::new("a", DataType::Int64, true)].into());
    let nested = (2..depth).fold(innermost, |t, _| DataType::Struct(vec![Field::new("a", t, true)].into()));
    let schema = Arc::new(Schema::new(vec![Field::new("a", nested, true)]));
    let record = |value: &str| format!("{}{value}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let options = JsonOptions::from_options(&Options::default()).unwrap();
    for engine in JsonEngine::available() {
        let mut decoder = JsonDecoder::with_engine(Arc::clone(&schema), &options, engine).unwrap();
        // The first teaches the keys; with two attempts a level the others would take 2^60 steps.
        let records = [record("1"), record(r#""no""#), record("2"), record("[]")];
        let decoded = decoder.decode(&RawBatch::from_values(records)).unwrap();
        let rejected: Vec<usize> = decoded.rejected.iter().map(|r| r.record).collect();
        assert_eq!((decoded.batch.num_rows(), rejected), (2, vec![1, 3]), "{engine:?}");
    }
}
