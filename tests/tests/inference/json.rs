//! JSON samples → schemas: each case in several orders, split and merged, and proven to decode.

use arrow_schema::DataType;
use expect_test::{Expect, expect};
use laminar_formats::json::{JsonDecoder, JsonSample};
use laminar_schema::{ArrayInference, InferenceConfig, NumberInference, RawRecord, SourceMetadata};
use laminar_tests::inferred::{infer_in_every_order, records, show_outcome, with_options};

fn check_records(config: &InferenceConfig, samples: &[RawRecord], expected: Expect) {
    let outcome = infer_in_every_order::<JsonDecoder>("json", samples, 0, config);
    expected.assert_eq(&show_outcome(&outcome));

    for cut in 0..=samples.len() {
        let part = |records: &[RawRecord]| {
            let mut part = JsonSample::new(config).unwrap();
            part.observe_all(records);
            part
        };
        let mut merged = part(&samples[cut..]);
        merged.merge(part(&samples[..cut]));
        assert_eq!(show_outcome(&merged.finish(config)), show_outcome(&outcome), "cut at {cut}");
    }
}

fn check_with(config: InferenceConfig, texts: &[&str], expected: Expect) {
    check_records(&config, &records(texts), expected);
}

fn check(texts: &[&str], expected: Expect) {
    check_with(InferenceConfig::default(), texts, expected);
}

#[test]
fn scalars_have_the_narrowest_type_of_all_samples() {
    check(
        &[
            r#"{"id":1,"price":1.5,"ok":true,"name":"a","day":"2024-02-29","at":"2024-01-01T00:00:00Z","key":"123e4567-e89b-12d3-a456-426614174000"}"#,
            r#"{"id":-2,"price":2,"ok":null,"name":"b","day":"2024-03-01","at":"2024-01-01T00:00:00.123456789+01:00"}"#,
        ],
        expect![[r#"
            id BIGINT 1.00 [2 BIGINT]
            price DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            ok BOOLEAN 0.50 [1 BOOLEAN, 1 NULL]
            name VARCHAR 1.00 [2 VARCHAR]
            day DATE 1.00 [2 DATE]
            at TIMESTAMPTZ 1.00 [2 TIMESTAMPTZ]
            key UUID 0.50 [1 UUID]
        "#]],
    );
}

#[test]
fn numbers_keep_every_digit() {
    check(
        &[
            r#"{"big":12345678901234567890,"huge":-12345678901234567890,"sci":1e5,"whole":1.0,"zero":-0,"vast":1e400}"#,
            r#"{"big":0,"huge":12345678901234567890,"sci":1,"whole":2,"zero":1,"vast":1}"#,
        ],
        expect![[r#"
            big UBIGINT 1.00 [1 BIGINT, 1 UBIGINT]
            huge HUGEINT 1.00 [1 HUGEINT, 1 UBIGINT]
            sci DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            whole DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            zero BIGINT 1.00 [2 BIGINT]
            vast JSON 1.00 [1 BIGINT, 1 NUMBER]
            warning: field vast: no number type holds all of 1 BIGINT (1) and 1 NUMBER (1e400); kept as JSON text
        "#]],
    );
    check(
        &[r#"{"a":9007199254740993}"#, r#"{"a":0.5}"#],
        expect![[r#"
        a DECIMAL(38,1) 1.00 [1 BIGINT, 1 DOUBLE]
        warning: field a: holds 1 BIGINT (9007199254740993) and 1 DOUBLE (0.5); DOUBLE would round integers; declare it to accept that: made DECIMAL(38,1)
    "#]],
    );
    check(
        &[r#"{"a":123456789012345678901234567890123456789}"#],
        expect![[r#"
        a JSON 1.00 [1 NUMBER]
        warning: field a: no number type holds all of 1 NUMBER (123456789012345678901234567890123456789); kept as JSON text
    "#]],
    );
}

#[test]
fn number_type_changes_the_answer() {
    let with = |number_type| InferenceConfig { number_type, ..InferenceConfig::default() };
    let texts = [r#"{"id":9007199254740993,"n":1,"x":0.5}"#];
    check_with(
        with(NumberInference::BigInt),
        &texts,
        expect![[r#"
        id BIGINT 1.00 [1 BIGINT]
        n BIGINT 1.00 [1 BIGINT]
        x DOUBLE 1.00 [1 DOUBLE]
    "#]],
    );
    check_with(
        with(NumberInference::Double),
        &texts,
        expect![[r#"
        id BIGINT 1.00 [1 BIGINT]
        n DOUBLE 1.00 [1 BIGINT]
        x DOUBLE 1.00 [1 DOUBLE]
        warning: field id: holds 1 BIGINT (9007199254740993); DOUBLE, as number_type asks, would round integers; declare it to accept that: made BIGINT
    "#]],
    );
    check_with(
        with(NumberInference::Decimal(18, 4)),
        &texts,
        expect![[r#"
        id DECIMAL(20,4) 1.00 [1 BIGINT]
        n DECIMAL(18,4) 1.00 [1 BIGINT]
        x DECIMAL(18,4) 1.00 [1 DOUBLE]
        warning: field id: holds 1 BIGINT (9007199254740993); the DECIMAL that number_type asks for is too small: made DECIMAL(20,4)
    "#]],
    );
}

#[test]
fn values_without_a_common_type_stay_json() {
    let at = |line, text: &str| RawRecord {
        metadata: SourceMetadata::at(Some("f.ndjson".into()), None, Some(line)),
        ..RawRecord::new(text)
    };
    check_records(
        &InferenceConfig::default(),
        &[
            at(1, r#"{"a":1,"b":true,"c":{"x":1},"d":"2024-01-01"}"#),
            at(2, r#"{"a":"n/a","b":0,"c":[1],"d":"-"}"#),
            at(3, r#"{"a":2,"b":null,"c":{"x":2},"d":"2024-01-02"}"#),
        ],
        expect![[r#"
            a JSON 1.00 [2 BIGINT, 1 VARCHAR]
            b JSON 0.67 [1 BIGINT, 1 BOOLEAN, 1 NULL]
            c JSON 1.00 [1 LIST, 2 STRUCT]
            d VARCHAR 1.00 [2 DATE, 1 VARCHAR]
            warning: field a: holds 2 BIGINT (1 at line 1 of f.ndjson) and 1 VARCHAR (n/a at line 2 of f.ndjson), which have no type in common; kept as JSON text
            warning: field b: holds 1 BOOLEAN (true at line 1 of f.ndjson) and 1 BIGINT (0 at line 2 of f.ndjson), which have no type in common; kept as JSON text
            warning: field c: holds 2 STRUCT ({"x":1} at line 1 of f.ndjson) and 1 LIST ([1] at line 2 of f.ndjson), which have no type in common; kept as JSON text
            warning: field d: holds 2 DATE (2024-01-01 at line 1 of f.ndjson) and 1 VARCHAR (- at line 2 of f.ndjson), which only VARCHAR holds together
        "#]],
    );
}

#[test]
fn objects_and_arrays_are_looked_into() {
    check(
        &[
            r#"{"o":{"a":1,"b":{"c":[{"d":1}]}},"l":[1,2.5],"m":[[1],[]],"e":[],"n":{}}"#,
            r#"{"o":{"a":null,"b":{"c":[{"d":2,"e":"x"},null]}},"l":[],"m":[],"e":[],"n":{}}"#,
        ],
        expect![[r#"
            o STRUCT(a BIGINT, b STRUCT(c STRUCT(d BIGINT, e VARCHAR)[])) 1.00 [2 STRUCT]
            o.a BIGINT 0.50 [1 BIGINT, 1 NULL]
            o.b STRUCT(c STRUCT(d BIGINT, e VARCHAR)[]) 1.00 [2 STRUCT]
            o.b.c STRUCT(d BIGINT, e VARCHAR)[] 1.00 [2 LIST]
            o.b.c[] STRUCT(d BIGINT, e VARCHAR) 0.67 [1 NULL, 2 STRUCT]
            o.b.c[].d BIGINT 1.00 [2 BIGINT]
            o.b.c[].e VARCHAR 0.50 [1 VARCHAR]
            l DOUBLE[] 1.00 [2 LIST]
            l[] DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            m BIGINT[][] 1.00 [2 LIST]
            m[] BIGINT[] 1.00 [2 LIST]
            m[][] BIGINT 1.00 [1 BIGINT]
            e JSON[] 1.00 [2 LIST]
            e[] JSON 0.00 []
            n MAP(VARCHAR, JSON) 1.00 [2 STRUCT]
            n{} JSON 0.00 []
        "#]],
    );
}

#[test]
fn array_strategy_changes_the_answer() {
    let with = |array_strategy| InferenceConfig { array_strategy, ..InferenceConfig::default() };
    let texts = [r#"{"a":[{"x":1},{"y":2}]}"#];
    check_with(
        with(ArrayInference::Union),
        &texts,
        expect![[r#"
        a STRUCT(x BIGINT, y BIGINT)[] 1.00 [1 LIST]
        a[] STRUCT(x BIGINT, y BIGINT) 1.00 [2 STRUCT]
        a[].x BIGINT 0.50 [1 BIGINT]
        a[].y BIGINT 0.50 [1 BIGINT]
    "#]],
    );
    check_with(
        with(ArrayInference::FirstElement),
        &texts,
        expect![[r#"
        a STRUCT(x BIGINT)[] 1.00 [1 LIST]
        a[] STRUCT(x BIGINT) 1.00 [1 STRUCT]
        a[].x BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check_with(
        with(ArrayInference::Jsonb),
        &texts,
        expect![[r#"
        a JSON 1.00 [1 LIST]
    "#]],
    );
}

#[test]
fn map_threshold_changes_the_answer() {
    let with = |map_threshold| InferenceConfig { map_threshold, ..InferenceConfig::default() };
    let texts =
        [r#"{"m":{"k1":1,"k2":2},"s":{"a":1,"b":"x","c":true}}"#, r#"{"m":{"k3":3.5},"s":{"a":1,"b":"y","c":false}}"#];
    check_with(
        with(50),
        &texts,
        expect![[r#"
        m STRUCT(k1 BIGINT, k3 DOUBLE, k2 BIGINT) 1.00 [2 STRUCT]
        m.k1 BIGINT 0.50 [1 BIGINT]
        m.k3 DOUBLE 0.50 [1 DOUBLE]
        m.k2 BIGINT 0.50 [1 BIGINT]
        s STRUCT(a BIGINT, b VARCHAR, c BOOLEAN) 1.00 [2 STRUCT]
        s.a BIGINT 1.00 [2 BIGINT]
        s.b VARCHAR 1.00 [2 VARCHAR]
        s.c BOOLEAN 1.00 [2 BOOLEAN]
    "#]],
    );
    check_with(
        with(2),
        &texts,
        expect![[r#"
            m MAP(VARCHAR, DOUBLE) 1.00 [2 STRUCT]
            m{} DOUBLE 1.00 [2 BIGINT, 1 DOUBLE]
            s STRUCT(a BIGINT, b VARCHAR, c BOOLEAN) 1.00 [2 STRUCT]
            s.a BIGINT 1.00 [2 BIGINT]
            s.b VARCHAR 1.00 [2 VARCHAR]
            s.c BOOLEAN 1.00 [2 BOOLEAN]
            info: field m: made a MAP: more than map_threshold = 2 keys, or less than field_appearance_threshold = 0.1 of them in an object
        "#]],
    );
}

#[test]
fn scattered_keys_make_a_map_if_their_values_are_alike() {
    // Each object has one key of twelve: less than the tenth that field_appearance_threshold asks for.
    let texts: Vec<String> = (0..12).map(|i| format!(r#"{{"m":{{"user{i}":{i}}}}}"#)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    check(
        &texts,
        expect![[r#"
        m MAP(VARCHAR, BIGINT) 1.00 [12 STRUCT]
        m{} BIGINT 1.00 [12 BIGINT]
        info: field m: made a MAP: more than map_threshold = 50 keys, or less than field_appearance_threshold = 0.1 of them in an object
    "#]],
    );
    let odd: Vec<String> = (0..11).map(|i| format!(r#"{{"m":{{"user{i}":{i}}}}}"#)).collect();
    let mut odd: Vec<&str> = odd.iter().map(String::as_str).collect();
    odd.push(r#"{"m":{"kind":"x"}}"#);
    let outcome = infer_in_every_order::<JsonDecoder>("json", &records(&odd), 0, &InferenceConfig::default());
    assert!(matches!(outcome.unwrap().schema.field(0).data_type(), DataType::Struct(_)));
}

#[test]
fn a_document_may_be_as_deep_as_it_likes() {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let config = with_options(InferenceConfig::default(), &[("max_depth", "1000000")]);
    check_with(
        config,
        &[&deep],
        expect![[r#"
        none of 1 sampled records is usable, the first because: expected fewer levels of nesting at byte 1004; check FORMAT, or declare the columns
    "#]],
    );
}

#[test]
fn max_depth_changes_the_answer() {
    let with = |max_depth| InferenceConfig { max_depth, ..InferenceConfig::default() };
    let texts = [r#"{"a":{"b":{"c":1}},"l":[[1]],"x":1}"#];
    check_with(
        with(5),
        &texts,
        expect![[r#"
        a STRUCT(b STRUCT(c BIGINT)) 1.00 [1 STRUCT]
        a.b STRUCT(c BIGINT) 1.00 [1 STRUCT]
        a.b.c BIGINT 1.00 [1 BIGINT]
        l BIGINT[][] 1.00 [1 LIST]
        l[] BIGINT[] 1.00 [1 LIST]
        l[][] BIGINT 1.00 [1 BIGINT]
        x BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check_with(
        with(1),
        &texts,
        expect![[r#"
        a STRUCT(b JSON) 1.00 [1 STRUCT]
        a.b JSON 1.00 [1 STRUCT]
        l JSON[] 1.00 [1 LIST]
        l[] JSON 1.00 [1 LIST]
        x BIGINT 1.00 [1 BIGINT]
        info: field a.b: nested deeper than max_depth = 1; kept as JSON text
        info: field l[]: nested deeper than max_depth = 1; kept as JSON text
    "#]],
    );
    check_with(
        with(0),
        &texts,
        expect![[r#"
        a JSON 1.00 [1 STRUCT]
        l JSON 1.00 [1 LIST]
        x BIGINT 1.00 [1 BIGINT]
        info: field a: nested deeper than max_depth = 0; kept as JSON text
        info: field l: nested deeper than max_depth = 0; kept as JSON text
    "#]],
    );
}

#[test]
fn null_type_changes_the_answer() {
    let with = |null_type| InferenceConfig { null_type, ..InferenceConfig::default() };
    let texts = [r#"{"a":null,"l":[null]}"#];
    check_with(
        with(DataType::Utf8),
        &texts,
        expect![[r#"
            a VARCHAR 0.00 [1 NULL]
            l VARCHAR[] 1.00 [1 LIST]
            l[] VARCHAR 0.00 [1 NULL]
            warning: field a: null in every sample (1 of them); null_type makes it VARCHAR
            warning: field l[]: null in every sample (1 of them); null_type makes it VARCHAR
        "#]],
    );
    check_with(
        with(DataType::Int64),
        &texts,
        expect![[r#"
            a BIGINT 0.00 [1 NULL]
            l BIGINT[] 1.00 [1 LIST]
            l[] BIGINT 0.00 [1 NULL]
            warning: field a: null in every sample (1 of them); null_type makes it BIGINT
            warning: field l[]: null in every sample (1 of them); null_type makes it BIGINT
        "#]],
    );
}

#[test]
fn field_appearance_threshold_changes_the_warnings() {
    let with =
        |field_appearance_threshold| InferenceConfig { field_appearance_threshold, ..InferenceConfig::default() };
    let texts = [r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1,"b":1}"#];
    check_with(
        with(0.1),
        &texts,
        expect![[r#"
        a BIGINT 1.00 [3 BIGINT]
        b BIGINT 0.33 [1 BIGINT]
    "#]],
    );
    check_with(
        with(0.5),
        &texts,
        expect![[r#"
        a BIGINT 1.00 [3 BIGINT]
        b BIGINT 0.33 [1 BIGINT]
        warning: field b: rare: in 1 of 3 records; kept, and null elsewhere
    "#]],
    );
}

#[test]
fn timestamp_formats_change_the_answer() {
    let with = |formats: &[&str]| InferenceConfig {
        timestamp_formats: formats.iter().map(|f| (*f).to_owned()).collect(),
        ..InferenceConfig::default()
    };
    let texts = [r#"{"iso":"2024-01-01T00:00:00Z","day":"31/12/2024"}"#];
    check_with(
        InferenceConfig::default(),
        &texts,
        expect![[r#"
        iso TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        day VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check_with(
        with(&["%d/%m/%Y"]),
        &texts,
        expect![[r#"
        iso VARCHAR 1.00 [1 VARCHAR]
        day DATE 1.00 [1 DATE]
    "#]],
    );
    check_with(
        with(&[]),
        &texts,
        expect![[r#"
        iso VARCHAR 1.00 [1 VARCHAR]
        day VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check_with(
        with_options(with(&[]), &[("timestamp_formats", "%d/%m/%Y, iso8601")]),
        &texts,
        expect![[r#"
        iso TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        day DATE 1.00 [1 DATE]
    "#]],
    );
}

#[test]
fn keys_are_taken_as_they_stand() {
    check(
        &[r#"{"b":1,"a":1,"id":1,"ID":2,"a b":3,"":4}"#, r#"{"a":1,"id":2,"id":"x"}"#],
        expect![[r#"
        b BIGINT 0.50 [1 BIGINT]
        a BIGINT 1.00 [2 BIGINT]
        id JSON 1.00 [1 BIGINT, 1 VARCHAR]
        ID BIGINT 0.50 [1 BIGINT]
        a b BIGINT 0.50 [1 BIGINT]
         BIGINT 0.50 [1 BIGINT]
        info: field id: stands more than once in 1 records; the last one counts
        warning: field id: holds 1 BIGINT (1) and 1 VARCHAR (x), which have no type in common; kept as JSON text
        info: field ID: differs from `id` in case only; both are kept
    "#]],
    );
}

#[test]
fn records_of_no_use_are_counted_and_shown() {
    check(
        &[r#"{"a":1}"#, "{", "not json", "1"],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 3 of 4 sampled records are unusable and were left out, the first: expected a value at byte 0
    "#]],
    );
    check(
        &["{", "[1,"],
        expect![[r#"
        none of 2 sampled records is usable, the first because: expected a value at byte 3; check FORMAT, or declare the columns
    "#]],
    );
    check(
        &["{}", "{}"],
        expect![[r#"
        2 sampled records hold no field at all; declare the columns
    "#]],
    );
    let options = [("empty_records", "skip"), ("multiple_documents", "split")];
    let config = with_options(InferenceConfig::default(), &options);
    check_with(
        config,
        &[r#"{"a":1} {"b":2}"#, " "],
        expect![[r#"
        a BIGINT 0.50 [1 BIGINT]
        b BIGINT 0.50 [1 BIGINT]
    "#]],
    );
    check(
        &["\u{feff}{\"a\":1}", "", r#"{"a":1} {"a":2}"#],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 2 of 3 sampled records are unusable and were left out, the first: expected a document, found an empty record
    "#]],
    );
}

#[test]
fn records_that_are_no_objects_follow_the_option() {
    check(
        &["1", "2.5", "null"],
        expect![[r#"
        value DOUBLE 0.67 [1 BIGINT, 1 DOUBLE, 1 NULL]
    "#]],
    );
    check(
        &["[1,2]", "[3]"],
        expect![[r#"
        value BIGINT[] 1.00 [2 LIST]
        value[] BIGINT 1.00 [3 BIGINT]
    "#]],
    );
    check(
        &["1", "\"a\"", "{\"a\":1}"],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 2 of 3 sampled records are unusable and were left out, the first: expected an object, found 1
    "#]],
    );
    check(
        &["null", "{\"a\":1}"],
        expect![[r#"
            a BIGINT 1.00 [1 BIGINT]
            error: 1 of 2 sampled records are unusable and were left out, the first: expected an object, found null
        "#]],
    );
    let with = |policy| with_options(InferenceConfig::default(), &[("non_objects", policy)]);
    check_with(
        with("value"),
        &["1", r#"{"a":1}"#],
        expect![[r#"
        a BIGINT 0.50 [1 BIGINT]
        value BIGINT 0.50 [1 BIGINT]
    "#]],
    );
    check_with(
        with("reject"),
        &["1", r#"{"a":1}"#],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 1 of 2 sampled records are unusable and were left out, the first: expected an object
    "#]],
    );
    check_with(
        with_options(InferenceConfig::default(), &[("document_column", "doc")]),
        &[r#"{"a":1}"#],
        expect![[r#"
            a BIGINT 1.00 [1 BIGINT]
        "#]],
    );
}
