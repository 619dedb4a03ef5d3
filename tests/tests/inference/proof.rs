//! A schema decodes its own sample: fields that reject records of it are lowered, and all else is warned about.
//!
//! The shipped inferences make no such mistake, as `infer_property.rs` shows. So these make claims of their own.

use std::fmt::Write as _;

use arrow_schema::DataType;
use expect_test::{Expect, expect};
use laminar_formats::{csv::CsvInference, json::JsonInference};
use laminar_schema::{FormatInference, FormatInferenceRegistry, types::field_type_name};
use laminar_tests::{
    engine::{TestDecoder, TestEngine},
    guesses::Claims,
};

/// What a source of these records resolves to: columns, warnings, and the hints that inference ended with.
async fn check(inference: Claims, source: &str, expected: Expect) {
    let mut engine = TestEngine::new().with_inference([Box::new(inference) as Box<dyn FormatInference>]);
    engine.load(&format!("CREATE SOURCE s {source}")).unwrap();
    let resolved = engine.bind("s").await.unwrap().resolved;
    let mut shown = String::new();
    for f in resolved.schema.fields() {
        let _ = writeln!(shown, "{} {}", f.name(), field_type_name(f));
    }
    for warning in &resolved.warnings {
        let _ = writeln!(shown, "{warning}");
    }
    let hints = resolved.inference.unwrap().hints;
    let hints: Vec<&str> = hints.iter().map(|h| h.path.as_str()).collect();
    let _ = writeln!(shown, "hints: {}", hints.join(", "));
    // The file's folder is made up anew for every run.
    let path = source.split_once("path = '").and_then(|(_, rest)| rest.split_once('\'')).map_or("nowhere", |(p, _)| p);
    expected.assert_eq(&shown.replace(path, "f.csv"));
}

#[tokio::test]
async fn a_field_that_rejects_records_is_lowered() {
    let json = Claims::new(JsonInference, &[("day", DataType::Date32), ("items[].n", DataType::Int64)]);
    check(
        json,
        r#"FROM STAND_IN (records = '{"day": "2024-01-01", "items": [{"n": 1}]}
           {"day": "-", "items": [{"n": 2}, {"n": "x"}]}
           {"day": "?", "items": []}') FORMAT JSON"#,
        expect![[r#"
            day JSON
            items STRUCT(n JSON)[]
            warning: field day: lowered from DATE to JSON: 2 of 3 sampled records do not decode otherwise, the first: [partition 0, offset 1] field day at byte 8: expected DATE, found string "-"
            warning: field items[].n: lowered from BIGINT to JSON: 1 of 3 sampled records do not decode otherwise, the first: [partition 0, offset 1] field items[1].n at byte 39: expected BIGINT, found string "x"
            hints: day, items[].n
        "#]],
    )
    .await;
}

#[tokio::test]
async fn text_is_what_a_field_of_csv_becomes() {
    let csv = Claims::new(CsvInference, &[("day", DataType::Date32), ("n", DataType::Int64)]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    std::fs::write(&path, "day,n\n2024-01-01,1\n-,2\n?,x\n").unwrap();
    check(csv, &format!("FROM FILE (path = '{}') FORMAT CSV", path.display()), expect![[r#"
        day VARCHAR
        n VARCHAR
        warning: field day: lowered from DATE to VARCHAR: 2 of 3 sampled records do not decode otherwise, the first: [partition f.csv, offset 19, line 3] field day: expected DATE, found text "-"
        warning: field n: lowered from BIGINT to VARCHAR: 1 of 3 sampled records do not decode otherwise, the first: [partition f.csv, offset 23, line 4] field n: expected BIGINT, found text "x"
        hints: day, n
    "#]]).await;
}

#[tokio::test]
async fn what_the_user_says_is_not_lowered() {
    let claims = || Claims::new(JsonInference, &[("a", DataType::Int64), ("b", DataType::Int64)]);
    // Declared, brought in under another name, and hinted.
    let records = r#"FROM STAND_IN (records = '{"a": 1, "b": 1}
        {"a": "x", "b": 2}
        {"a": 3, "b": "y"}') FORMAT JSON"#;
    check(claims(), &format!("(a BIGINT, * PREFIX 'x_') {records}"), expect![[r#"
        a BIGINT
        x_b JSON
        warning: field a: holds 2 BIGINT (1 at offset 0 of 0) and 1 VARCHAR (x at offset 1 of 0), which have no type in common; kept as JSON text
        warning: field b: lowered from BIGINT to JSON: 1 of 3 sampled records do not decode otherwise, the first: [partition 0, offset 2] field b at byte 14: expected BIGINT, found string "y"
        error: field a: 1 of 3 sampled records do not decode with this schema, the first: [partition 0, offset 1] field a at byte 6: expected BIGINT, found string "x"
        hints: b
    "#]]).await;
    check(claims(), &format!("{records} INFER SCHEMA (hints = 'a BIGINT')"), expect![[r#"
        a BIGINT
        b JSON
        info: field a: its hint makes it BIGINT; it holds 1 VARCHAR (x at offset 1 of 0)
        warning: field b: lowered from BIGINT to JSON: 1 of 3 sampled records do not decode otherwise, the first: [partition 0, offset 2] field b at byte 14: expected BIGINT, found string "y"
        error: field a: 1 of 3 sampled records do not decode with this schema, the first: [partition 0, offset 1] field a at byte 6: expected BIGINT, found string "x"
        hints: a, b
    "#]]).await;
}

#[tokio::test]
async fn a_record_that_no_type_would_save_stays_a_warning() {
    let claims = Claims::new(JsonInference, &[("a", DataType::Int64)]);
    check(
        claims,
        r#"FROM STAND_IN (records = '{"a": 1}
           {"a": 2
           [3]') FORMAT JSON"#,
        expect![[r#"
            a BIGINT
            error: 2 of 3 sampled records are unusable and were left out, the first: expected an object, found [3] at offset 2 of 0
            error: 2 of 3 sampled records do not decode with this schema, the first: [partition 0, offset 1] at byte 7: expected `,` or `}`, found the end of the record
            hints: 
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_inference_that_is_deaf_to_hints_ends_all_the_same() {
    let claims = Claims::new(JsonInference, &[("a.b", DataType::Int64)]).deaf();
    check(
        claims,
        r#"FROM STAND_IN (records = '{"a": {"b": 1}}
           {"a": {"b": "x"}}') FORMAT JSON"#,
        expect![[r#"
            a STRUCT(b BIGINT)
            warning: field a.b: holds 1 BIGINT (1 at offset 0 of 0) and 1 VARCHAR (x at offset 1 of 0), which have no type in common; kept as JSON text
            error: field a.b: 1 of 2 sampled records do not decode with this schema, the first: [partition 0, offset 1] field a.b at byte 12: expected BIGINT, found string "x"
            hints: a.b
        "#]],
    )
    .await;
}

#[test]
fn every_linked_inference_says_what_a_field_is_lowered_to() {
    let inferences = FormatInferenceRegistry::of::<TestDecoder>();
    for (format, expected) in [("json", "JSON"), ("msgpack", "JSON"), ("csv", "VARCHAR")] {
        let widest = inferences.get(format).unwrap().widest_type();
        assert_eq!(field_type_name(&widest), expected, "{format}");
    }
}
