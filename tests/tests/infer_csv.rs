//! CSV samples → schemas: each case in several orders, and proven to decode.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use expect_test::{Expect, expect};
use laminar_formats::csv::{CsvDecoder, CsvSample};
use laminar_schema::{InferenceConfig, NumberInference};
use laminar_testkit::inferred::{infer_in_every_order, records, show_outcome, with_options};

fn check_with(config: InferenceConfig, options: &[(&str, &str)], lines: &[&str], expected: Expect) {
    let config = with_options(config, options);
    let has_header = !options.contains(&("header", "false"));
    let samples = records(lines);
    let outcome = infer_in_every_order::<CsvDecoder>("csv", &samples, usize::from(has_header), &config);
    expected.assert_eq(&show_outcome(&outcome));

    // Read in two parts and merged, the answer is the same.
    let (header, rows) =
        if has_header { (samples.first(), samples.get(1..).unwrap_or(&[])) } else { (None, &samples[..]) };
    for cut in 0..=rows.len() {
        let part = |rows| {
            let mut part = CsvSample::new(&config, header).unwrap();
            <[_]>::iter(rows).for_each(|row| part.observe(row));
            part
        };
        let mut merged = part(&rows[cut..]);
        merged.merge(part(&rows[..cut]));
        assert_eq!(show_outcome(&merged.finish(&config)), show_outcome(&outcome), "cut at {cut}");
    }
}

fn check(lines: &[&str], expected: Expect) {
    check_with(InferenceConfig::default(), &[], lines, expected);
}

#[test]
fn each_column_has_the_narrowest_type_of_all_its_fields() {
    check(
        &[
            "id,ok,price,day,at,zoned,clock,key,name",
            "1,true,1.5,2024-01-01,2024-01-01 10:00:00,2024-01-01T10:00:00Z,10:00:00,123e4567-e89b-12d3-a456-426614174000,a",
            "-2,FALSE,2,2024-02-29,2024-01-01T10:00:00.5,2024-01-01T10:00:00+01:00,23:59:59.5,,b",
        ],
        expect![[r#"
            id BIGINT 1.00 [2 BIGINT]
            ok BOOLEAN 1.00 [2 BOOLEAN]
            price DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            day DATE 1.00 [2 DATE]
            at TIMESTAMP 1.00 [2 TIMESTAMP]
            zoned TIMESTAMPTZ 1.00 [2 TIMESTAMPTZ]
            clock TIME 1.00 [2 TIME]
            key UUID 0.50 [1 NULL, 1 UUID]
            name VARCHAR 1.00 [2 VARCHAR]
        "#]],
    );
}

#[test]
fn codes_are_no_numbers() {
    check(
        &["zip,phone,id", "01234,+441234,1", "90210,+449999,2"],
        expect![[r#"
            zip VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
            phone VARCHAR 1.00 [2 VARCHAR]
            id BIGINT 1.00 [2 BIGINT]
            info: field zip: kept as VARCHAR for its leading zeros (01234); declare BIGINT to read numbers
        "#]],
    );
    check(
        &["n,m", "0,0.5", "-0,-.5", "10,5."],
        expect![[r#"
        n BIGINT 1.00 [3 BIGINT]
        m DOUBLE 1.00 [3 DOUBLE]
    "#]],
    );
}

#[test]
fn numbers_keep_every_digit() {
    check(
        &["u,h,v,mix", "18446744073709551615,-18446744073709551615,1e400,9007199254740993", "1,1,1,0.5"],
        expect![[r#"
            u UBIGINT 1.00 [1 BIGINT, 1 UBIGINT]
            h HUGEINT 1.00 [1 BIGINT, 1 HUGEINT]
            v VARCHAR 1.00 [1 BIGINT, 1 NUMBER]
            mix DECIMAL(38,1) 1.00 [1 BIGINT, 1 DOUBLE]
            warning: field v: no number type holds all of 1 BIGINT (1) and 1 NUMBER (1e400); kept as VARCHAR
            warning: field mix: holds 1 BIGINT (9007199254740993) and 1 DOUBLE (0.5); DOUBLE would round integers; declare it to accept that: made DECIMAL(38,1)
        "#]],
    );
    check_with(
        InferenceConfig { number_type: NumberInference::Decimal(10, 2), ..InferenceConfig::default() },
        &[],
        &["a,b,c", "1,1.25,0.125", "2,10,1"],
        expect![[r#"
            a DECIMAL(10,2) 1.00 [2 BIGINT]
            b DECIMAL(10,2) 1.00 [1 BIGINT, 1 DOUBLE]
            c DECIMAL(11,3) 1.00 [1 BIGINT, 1 DOUBLE]
            warning: field c: holds 1 BIGINT (1) and 1 DOUBLE (0.125); the DECIMAL that number_type asks for is too small: made DECIMAL(11,3)
        "#]],
    );
    check_with(
        InferenceConfig { number_type: NumberInference::Double, ..InferenceConfig::default() },
        &[],
        &["a,b", "1,9007199254740993", "2,1"],
        expect![[r#"
            a DOUBLE 1.00 [2 BIGINT]
            b BIGINT 1.00 [2 BIGINT]
            warning: field b: holds 2 BIGINT (1); DOUBLE, as number_type asks, would round integers; declare it to accept that: made BIGINT
        "#]],
    );
}

#[test]
fn kinds_without_a_common_type_stay_text() {
    check(
        &[
            "a,b,c,d",
            "1,true,2024-01-01,2024-01-01T00:00:00",
            "n/a,1,-,2024-01-01T00:00:00Z",
            "2,false,2024-01-02,2024-01-01",
        ],
        expect![[r#"
            a VARCHAR 1.00 [2 BIGINT, 1 VARCHAR]
            b VARCHAR 1.00 [1 BIGINT, 2 BOOLEAN]
            c VARCHAR 1.00 [2 DATE, 1 VARCHAR]
            d VARCHAR 1.00 [1 DATE, 1 TIMESTAMP, 1 TIMESTAMPTZ]
            warning: field a: holds 2 BIGINT (1) and 1 VARCHAR (n/a), which only VARCHAR holds together
            warning: field b: holds 2 BOOLEAN (true) and 1 BIGINT (1), which only VARCHAR holds together
            warning: field c: holds 2 DATE (2024-01-01) and 1 VARCHAR (-), which only VARCHAR holds together
            warning: field d: holds 1 DATE (2024-01-01) and 1 TIMESTAMP (2024-01-01T00:00:00), which only VARCHAR holds together
        "#]],
    );
}

#[test]
fn nulls_say_nothing_of_a_type() {
    check(
        &["a,b,c", "1,,x", ",,\"\"", "3,,"],
        expect![[r#"
            a BIGINT 0.67 [2 BIGINT, 1 NULL]
            b VARCHAR 0.00 [3 NULL]
            c VARCHAR 0.33 [2 NULL, 1 VARCHAR]
            warning: field b: null in every sample (3 of them); null_type makes it VARCHAR
        "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("null_values", ",NA,-")],
        &["a,b", "1,2024-01-01", "NA,-", ",\"-\""],
        expect![[r#"
            a BIGINT 0.33 [1 BIGINT, 2 NULL]
            b DATE 0.33 [1 DATE, 2 NULL]
        "#]],
    );
}

#[test]
fn the_header_names_the_columns() {
    check(
        &["a"],
        expect![[r#"
            a VARCHAR 0.00 []
            warning: the sample has a header and no row below it, so every column is VARCHAR
        "#]],
    );
    check(
        &["a,,b", "1,2,3"],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        column1 BIGINT 1.00 [1 BIGINT]
        b BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check(
        &["a,b,a", "1,2,x"],
        expect![[r#"
        b BIGINT 1.00 [1 BIGINT]
        error: field a: the header names it more than once, so it was left out; set duplicate_fields to 'first' or 'last'
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("duplicate_fields", "last")],
        &["a,b,a", "1,2,x"],
        expect![[r#"
        b BIGINT 1.00 [1 BIGINT]
        a VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check(
        &["1,x,2024-01-01", "2,y,2024-01-02"],
        expect![[r#"
        1 BIGINT 1.00 [1 BIGINT]
        x VARCHAR 1.00 [1 VARCHAR]
        2024-01-01 DATE 1.00 [1 DATE]
        warning: field 1: the header `1` looks like data; set header to false if the first line is a row
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("header", "false")],
        &["1,x", "2,y"],
        expect![[r#"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
}

#[test]
fn rows_of_another_width_follow_the_option() {
    let lines = ["a,b", "1,2", "3", "4,5,6", "", "x\"y,\"z"];
    check(
        &lines,
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        b BIGINT 1.00 [1 BIGINT]
        error: 3 of 5 sampled records are unusable and were left out, the first: expected 2 fields, found 1
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("ragged_rows", "pad")],
        &lines[..3],
        expect![[r#"
        a BIGINT 1.00 [2 BIGINT]
        b BIGINT 0.50 [1 BIGINT]
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("ragged_rows", "accept")],
        &lines[..4],
        expect![[r#"
        a BIGINT 1.00 [3 BIGINT]
        b BIGINT 0.67 [2 BIGINT]
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("header", "false")],
        &["1,2", "3", "4,5"],
        expect![[r#"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 BIGINT 1.00 [2 BIGINT]
        error: 1 of 3 sampled records are unusable and were left out, the first: expected 2 fields, found 1
    "#]],
    );
    check(
        &["a", "1", "", "2"],
        expect![[r#"
        a BIGINT 0.67 [2 BIGINT, 1 NULL]
    "#]],
    );
}

#[test]
fn timestamp_formats_are_handed_on_to_the_decoder() {
    let config = InferenceConfig {
        timestamp_formats: vec!["iso8601".into(), "%m/%d/%Y".into(), "%d/%m/%Y".into(), "%d.%m.%Y %H:%M".into()],
        ..InferenceConfig::default()
    };
    check_with(
        config,
        &[],
        &["a,b,c", "31/12/2024,01/02/2024,24.12.2024 18:00", "01/02/2024,12/31/2024,2024-12-24"],
        expect![[r#"
            a DATE 1.00 [2 DATE]
            b DATE 1.00 [2 DATE]
            c TIMESTAMP 1.00 [1 DATE, 1 TIMESTAMP]
            warning: field c: no one timestamp format fits all texts; tried in order: iso8601, %d.%m.%Y %H:%M
        "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("timestamp_formats", "%d/%m/%Y")],
        &["a,b", "31/12/2024,2024-12-31"],
        expect![[r#"
            a DATE 1.00 [1 DATE]
            b DATE 1.00 [1 DATE]
        "#]],
    );
}
