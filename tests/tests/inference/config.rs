//! Each option of inference changes the answer, from its words in SQL to the schema.

use expect_test::{Expect, expect};
use laminar_formats::{csv::CsvDecoder, json::JsonDecoder};
use laminar_schema::{ConnectorConfig, InferenceConfig, Options, field::payload_key, types::field_type_name};
use laminar_tests::inferred::{infer_in_every_order, records, show, show_outcome};

fn config(options: &[(&str, &str)]) -> InferenceConfig {
    InferenceConfig::from_options(&Options::from_pairs(options.iter().copied())).unwrap()
}

fn check(options: &[(&str, &str)], texts: &[&str], expected: Expect) {
    let outcome = infer_in_every_order::<JsonDecoder>("json", &records(texts), 0, &config(options));
    expected.assert_eq(&show_outcome(&outcome));
}

fn check_csv(options: &[(&str, &str)], lines: &[&str], expected: Expect) {
    let outcome = infer_in_every_order::<CsvDecoder>("csv", &records(lines), 1, &config(options));
    expected.assert_eq(&show_outcome(&outcome));
}

fn check_error(options: &[(&str, &str)], expected: Expect) {
    let error = InferenceConfig::from_options(&Options::from_pairs(options.iter().copied())).unwrap_err();
    expected.assert_eq(&format!("{error}\n"));
}

#[test]
fn hints_decide_whatever_the_sample_says() {
    let texts =
        [r#"{"id":1,"at":"2024-01-01","lines":[{"sku":7,"tags":{"a":1}}],"more":{"x":1}}"#, r#"{"id":2,"at":"soon"}"#];
    check(
        &[],
        &texts,
        expect![[r#"
        id BIGINT 1.00 [2 BIGINT]
        at VARCHAR 1.00 [1 DATE, 1 VARCHAR]
        lines STRUCT(sku BIGINT, tags STRUCT(a BIGINT))[] 0.50 [1 LIST]
        lines[] STRUCT(sku BIGINT, tags STRUCT(a BIGINT)) 1.00 [1 STRUCT]
        lines[].sku BIGINT 1.00 [1 BIGINT]
        lines[].tags STRUCT(a BIGINT) 1.00 [1 STRUCT]
        lines[].tags.a BIGINT 1.00 [1 BIGINT]
        more STRUCT(x BIGINT) 0.50 [1 STRUCT]
        more.x BIGINT 1.00 [1 BIGINT]
        warning: field at: holds 1 DATE (2024-01-01) and 1 VARCHAR (soon), which only VARCHAR holds together
    "#]],
    );
    check(
        &[(
            "hints",
            "id DOUBLE, at VARCHAR, lines[].sku DECIMAL(10, 2), lines[].tags JSON, more.y DECIMAL(10, 2), none DATE",
        )],
        &texts,
        expect![[r#"
            id DOUBLE 1.00 [2 BIGINT]
            at VARCHAR 1.00 [1 DATE, 1 VARCHAR]
            lines STRUCT(sku DECIMAL(10,2), tags JSON)[] 0.50 [1 LIST]
            lines[] STRUCT(sku DECIMAL(10,2), tags JSON) 1.00 [1 STRUCT]
            lines[].sku DECIMAL(10,2) 1.00 [1 BIGINT]
            lines[].tags JSON 1.00 [1 STRUCT]
            more STRUCT(x BIGINT, y DECIMAL(10,2)) 0.50 [1 STRUCT]
            more.x BIGINT 1.00 [1 BIGINT]
            more.y DECIMAL(10,2) 0.00 []
            none DATE 0.00 []
            info: field more.y: in no sample; its hint adds it, null everywhere
            info: field none: in no sample; its hint adds it, null everywhere
        "#]],
    );
    check(
        &[("hints", "lines JSON, more MAP(VARCHAR, BIGINT)")],
        &texts,
        expect![[r#"
        id BIGINT 1.00 [2 BIGINT]
        at VARCHAR 1.00 [1 DATE, 1 VARCHAR]
        lines JSON 0.50 [1 LIST]
        more MAP(VARCHAR, BIGINT) 0.50 [1 STRUCT]
        warning: field at: holds 1 DATE (2024-01-01) and 1 VARCHAR (soon), which only VARCHAR holds together
    "#]],
    );
    check(
        &[("hints", "\"the id\" DOUBLE")],
        &[r#"{"the id":7}"#],
        expect![[r#"
        the id DOUBLE 1.00 [1 BIGINT]
    "#]],
    );
    check_csv(
        &[("hints", "zip VARCHAR, n DOUBLE")],
        &["zip,n", "80331,1", "10115,2"],
        expect![[r#"
            zip VARCHAR 1.00 [2 BIGINT]
            n DOUBLE 1.00 [2 BIGINT]
        "#]],
    );
}

#[test]
fn hints_that_cannot_be_read_are_errors() {
    check_error(
        &[("hints", "id")],
        expect![[r#"
        option `hints` = 'id': expected comma-separated list of PATH TYPE: `id` is no path with a type behind it
    "#]],
    );
    check_error(
        &[("hints", "id BIGNUM")],
        expect![[r#"
        option `hints` = 'id BIGNUM': expected comma-separated list of PATH TYPE: `BIGNUM`: unknown type `BIGNUM`
    "#]],
    );
    check_error(
        &[("hints", "id BIGINT, id DATE")],
        expect![[r#"
        option `hints` = 'id BIGINT, id DATE': expected comma-separated list of PATH TYPE: `id` is named twice
    "#]],
    );
    check_error(
        &[("hints", "\"id BIGINT")],
        expect![[r#"
        option `hints` = '"id BIGINT': expected comma-separated list of PATH TYPE: `"id BIGINT` is no path with a type behind it
    "#]],
    );
    check_error(
        &[("min_confidence", "2"), ("detect_dates", "perhaps")],
        expect![[r#"
        option `detect_dates` = 'perhaps': expected true or false; option `min_confidence` = '2': expected number from 0 to 1
    "#]],
    );
}

#[test]
fn dates_and_uuids_can_be_left_alone() {
    let texts = [
        r#"{"d":"2024-01-01","t":"2024-01-01T00:00:00Z","u":"123e4567-e89b-12d3-a456-426614174000","n":"23:59:59","i":"PT5M"}"#,
    ];
    check(
        &[],
        &texts,
        expect![[r#"
        d DATE 1.00 [1 DATE]
        t TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        u UUID 1.00 [1 UUID]
        n TIME 1.00 [1 TIME]
        i INTERVAL 1.00 [1 INTERVAL]
    "#]],
    );
    check(
        &[("detect_dates", "false")],
        &texts,
        expect![[r#"
        d VARCHAR 1.00 [1 VARCHAR]
        t VARCHAR 1.00 [1 VARCHAR]
        u UUID 1.00 [1 UUID]
        n VARCHAR 1.00 [1 VARCHAR]
        i VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check(
        &[("detect_uuids", "false")],
        &texts,
        expect![[r#"
        d DATE 1.00 [1 DATE]
        t TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        u VARCHAR 1.00 [1 VARCHAR]
        n TIME 1.00 [1 TIME]
        i INTERVAL 1.00 [1 INTERVAL]
    "#]],
    );
}

#[test]
fn below_the_floor_of_confidence_a_text_stays_text() {
    let texts: Vec<String> = (1..=9).map(|day| format!(r#"{{"d":"2024-01-0{day}","n":{day}}}"#)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    check(
        &[("min_confidence", "0.7")],
        &texts,
        expect![[r#"
        d DATE 1.00 [9 DATE]
        n BIGINT 1.00 [9 BIGINT]
    "#]],
    );
    check(
        &[("min_confidence", "0.71")],
        &texts,
        expect![[r#"
            d VARCHAR 1.00 [9 DATE]
            n BIGINT 1.00 [9 BIGINT]
            info: field d: looks like DATE with confidence 0.70, below min_confidence = 0.71; kept as VARCHAR
        "#]],
    );
    check(
        &[("min_confidence", "0.21")],
        &texts[..1],
        expect![[r#"
            d VARCHAR 1.00 [1 DATE]
            n BIGINT 1.00 [1 BIGINT]
            info: field d: looks like DATE with confidence 0.21, below min_confidence = 0.21; kept as VARCHAR
        "#]],
    );
    check_csv(
        &[("min_confidence", "0.5")],
        &["d,n,b", "2024-01-01,7,true"],
        expect![[r#"
            d VARCHAR 1.00 [1 DATE]
            n VARCHAR 1.00 [1 BIGINT]
            b VARCHAR 1.00 [1 BOOLEAN]
            info: field d: looks like DATE with confidence 0.21, below min_confidence = 0.5; kept as VARCHAR
            info: field n: looks like BIGINT with confidence 0.21, below min_confidence = 0.5; kept as VARCHAR
            info: field b: looks like BOOLEAN with confidence 0.21, below min_confidence = 0.5; kept as VARCHAR
        "#]],
    );
}

#[test]
fn what_is_stored_gives_the_same_schema_without_the_data() {
    let texts = [
        r#"{"id":1,"at":"2024-01-01","tags":["a"],"m":{"x":1.5}}"#,
        r#"{"id":null,"at":"2024-01-01 10:00"}"#,
        "nonsense",
    ];
    let config = InferenceConfig { keep_evidence: true, ..config(&[("hints", "tags JSON")]) };
    let inferences = laminar_schema::FormatInferenceRegistry::of::<JsonDecoder>();
    let inferred = inferences.infer("json", &records(texts), &config).unwrap();
    let evidence = inferred.evidence.clone().unwrap();
    let json = inferences.get("json").unwrap();
    assert_eq!(json.replay(&evidence, &config).unwrap(), inferred);
    // Another configuration is another answer, from the same evidence.
    let other = json.replay(&evidence, &InferenceConfig { hints: Vec::new(), ..config.clone() }).unwrap();
    assert!(show(&other).contains("tags[] VARCHAR"), "{}", show(&other));
    let error = json.replay("{\"looked_at\":", &config).unwrap_err().to_string();
    expect!["evidence of format `json` cannot be inferred from again: it is damaged: EOF while parsing a value at line 1 column 13; sample the source anew"].assert_eq(&error);
}

#[test]
fn stored_evidence_of_csv_gives_the_same_schema_too() {
    let lines = ["id;day;n", "1;31/12/2024;1,5", "2;;", "3;01/01/2025;2;4", ""];
    let options = [("delimiter", ";"), ("decimal_separator", ","), ("ragged_rows", "pad")];
    let format_options = Options::from_pairs(options);
    let config = InferenceConfig { keep_evidence: true, format_options, ..InferenceConfig::default() };
    let inferences = laminar_schema::FormatInferenceRegistry::of::<CsvDecoder>();
    let inferred = inferences.infer("csv", &records(lines), &config).unwrap();
    let evidence = inferred.evidence.clone().unwrap();
    assert_eq!(inferences.get("csv").unwrap().replay(&evidence, &config).unwrap(), inferred);
}

#[test]
fn details_say_where_the_first_and_the_last_value_stand() {
    let metadata = |line| laminar_schema::SourceMetadata::at(Some("a.json".into()), Some(line * 10), Some(line));
    let samples: Vec<_> = [r#"{"a":null}"#, r#"{"a":1,"b":[true]}"#, r#"{"a":"x"}"#, r#"{"b":[]}"#]
        .iter()
        .zip(1..)
        .map(|(text, line)| laminar_schema::RawRecord {
            metadata: metadata(line),
            ..laminar_schema::RawRecord::new(*text)
        })
        .collect();
    let inferred = infer_in_every_order::<JsonDecoder>("json", &samples, 0, &InferenceConfig::default()).unwrap();
    let mut shown = String::new();
    for detail in &inferred.field_details {
        let place =
            |value: &Option<laminar_schema::SampleValue>| value.as_ref().map_or("none".to_owned(), ToString::to_string);
        let rates = (detail.appearance_rate, detail.non_null_rate);
        shown += &format!("{} {rates:?}: {} … {}\n", detail.field_name, place(&detail.first), place(&detail.last));
    }
    expect![[r#"
        a (0.5, 0.6666666666666666): 1 at line 2 of a.json … x at line 3 of a.json
        b (0.5, 1.0): [true] at line 2 of a.json … [] at line 4 of a.json
        b[] (1.0, 1.0): true at line 2 of a.json … true at line 2 of a.json
    "#]]
    .assert_eq(&shown);
    let types: Vec<String> =
        inferred.schema.fields().iter().map(|f| format!("{} {}", payload_key(f), field_type_name(f))).collect();
    assert_eq!(types, ["a JSON", "b BOOLEAN[]"]);
}

#[test]
fn every_option_is_documented() {
    let docs = include_str!("../../../docs/inference.md");
    let (_, table) = docs.split_once("\n## Configuration\n").unwrap();
    let (table, _) = table.split_once("\n### ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let documented: Vec<(&str, &str)> = rows.map(|(key, rest)| (key, rest.split('|').next().unwrap().trim())).collect();
    // A list of patterns is cut short.
    let default = |default: &'static str| match default {
        list if list.starts_with("iso8601, ") => "iso8601, …",
        default => default,
    };
    let known: Vec<(&str, &str)> =
        InferenceConfig::KEYS.iter().map(|key| (key.key, default(key.default.unwrap()))).collect();
    assert_eq!(documented, known);
}
