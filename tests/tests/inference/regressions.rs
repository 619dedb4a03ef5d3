//! Mistakes that other inferences are known for, one test each, with the default configuration: the schema, and the sample
//! decoded with it, which must give the values back. Issues are those in which people met the mistake.

use std::fs;

use arrow_schema::Schema;
use expect_test::{Expect, expect};
use laminar_formats::AnyDecoder;
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatSpec, InferenceConfig, InferredSchema, RawRecord,
    RecordStream, Source, SourceBatch, SourceMetadata, inference::sample_batch, record::BatchContent,
    types::field_type_name,
};
use laminar_tests::{engine::TestEngine, frames::show, inferred::infer_in_every_order};

/// Records with a place each, as a source samples them.
fn placed(texts: &[&str]) -> Vec<RawRecord> {
    let place = |at| SourceMetadata::at(Some("p".into()), Some(at), None);
    texts.iter().zip(0..).map(|(text, at)| RawRecord { metadata: place(at), ..RawRecord::new(*text) }).collect()
}

fn infer(format: &str, texts: &[&str]) -> InferredSchema {
    let header = usize::from(format == "csv");
    infer_in_every_order::<AnyDecoder>(format, &placed(texts), header, &InferenceConfig::default()).unwrap()
}

fn columns(schema: &Schema) -> String {
    let columns = schema.fields().iter().map(|f| format!("{} {}", f.name(), field_type_name(f)));
    columns.collect::<Vec<_>>().join(", ") + "\n"
}

/// The schema of a sample, the warnings, and its rows as the schema decodes them.
fn check(format: &str, texts: &[&str], expected: Expect) {
    let inferred = infer(format, texts);
    let mut shown = columns(&inferred.schema);
    for warning in &inferred.warnings {
        shown += &format!("{warning}\n");
    }
    let format = FormatSpec::new(format);
    let batch = sample_batch(&placed(texts), AnyDecoder::framing(&format).unwrap().as_ref());
    let mut decoder = AnyDecoder::build(&DecodeSpec::new(inferred.schema, format)).unwrap().unwrap();
    shown += &show(&decoder.decode(&batch).unwrap(), &batch);
    expected.assert_eq(&shown);
}

fn json(texts: &[&str], expected: Expect) {
    check("json", texts, expected);
}

fn csv(lines: &[&str], expected: Expect) {
    check("csv", lines, expected);
}

/// The columns and rows of a file, from `CREATE SOURCE s {before} FROM FILE (…) {behind}`.
async fn sql(before: &str, text: &str, behind: &str, expected: Expect) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let mut engine = TestEngine::new();
    engine.load(&format!("CREATE SOURCE s {before} FROM FILE (path = '{path}') {behind}")).unwrap();
    let bound = engine.bind("s").await.unwrap();
    let mut shown = columns(&bound.resolved.schema);
    let mut decoder = bound.source.build_decoder(&bound.spec).unwrap();
    let mut stream = bound.source.start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    while stream.next(&mut batch, 100).await.unwrap() > 0 {
        let BatchContent::Raw(raw) = batch.content() else { panic!("a file has no columns") };
        let decoded: Decoded = decoder.decode(raw).unwrap();
        shown += &show(&decoded, raw);
        batch.clear();
    }
    expected.assert_eq(&shown.replace(&path, "f"));
}

/// duckdb#11840: the type of a column changed with the order of the rows.
#[test]
fn row_order_changes_the_schema() {
    let texts = [r#"{"a":1,"b":null}"#, r#"{"b":"2024-01-01","a":1.5}"#, r#"{"b":"2024-01-01T10:00:00","c":[{}]}"#];
    json(
        &texts,
        expect![[r#"
        b TIMESTAMP, a DOUBLE, c MAP(VARCHAR, JSON)[]
        +---------------------+------+------+
        | b                   | a    | c    |
        +---------------------+------+------+
        | NULL                | 1.0  | NULL |
        | 2024-01-01T00:00:00 | 1.5  | NULL |
        | 2024-01-01T10:00:00 | NULL | [{}] |
        +---------------------+------+------+
    "#]],
    );
    let whole = infer("json", &texts);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut samples = placed(&texts);
        samples = order.iter().map(|at| samples[*at].clone()).collect();
        let inferred = infer_in_every_order::<AnyDecoder>("json", &samples, 0, &InferenceConfig::default()).unwrap();
        assert_eq!(inferred, whole, "{order:?}");
    }
}

/// duckdb#10823, duckdb#12861: a field that is mostly null, or mostly missing, was given another type than its values have.
#[tokio::test]
async fn null_ratio_changes_the_type() {
    json(
        &[r#"{"a":null,"s":null}"#, r#"{"a":null}"#, r#"{"a":7,"s":{"x":true,"y":null}}"#, r#"{"a":null}"#],
        expect![[r#"
            a BIGINT, s STRUCT(x BOOLEAN, y VARCHAR)
            warning: field s.y: null in every sample (1 of them); null_type makes it VARCHAR
            +------+--------------------+
            | a    | s                  |
            +------+--------------------+
            | NULL | NULL               |
            | NULL | NULL               |
            | 7    | {x: true, y: NULL} |
            | NULL | NULL               |
            +------+--------------------+
        "#]],
    );
    let value = r#"{"a":7,"d":"2024-01-01","s":{"x":true,"y":[1]}}"#;
    let dense = infer("json", &[value]);
    for nulls in [1, 9, 99, 999] {
        let mut texts = vec![r#"{"a":null,"d":null,"s":null}"#; nulls];
        texts.insert(nulls / 2, value);
        assert_eq!(infer("json", &texts).schema, dense.schema, "{nulls} nulls");
    }
    let text = "{\"a\":null}\n{}\n{\"a\":null}\n{\"a\":{\"x\":1.5}}\n";
    sql(
        "",
        text,
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        a STRUCT(x DOUBLE)
        +----------+
        | a        |
        +----------+
        | NULL     |
        | NULL     |
        | NULL     |
        | {x: 1.5} |
        +----------+
    "#]],
    )
    .await;
}

/// A dash that stands for "no date" was read as a date, or made the whole column null.
#[tokio::test]
async fn a_dash_is_a_date() {
    json(
        &[r#"{"d":"2024-01-01"}"#, r#"{"d":"-"}"#, r#"{"d":"2024-01-03"}"#],
        expect![[r#"
        d VARCHAR
        warning: field d: holds 2 DATE (2024-01-01 at offset 0 of p) and 1 VARCHAR (- at offset 1 of p), which only VARCHAR holds together
        +------------+
        | d          |
        +------------+
        | 2024-01-01 |
        | -          |
        | 2024-01-03 |
        +------------+
    "#]],
    );
    csv(
        &["d,n", "2024-01-01,1", "-,2"],
        expect![[r#"
        d VARCHAR, n BIGINT
        warning: field d: holds 1 DATE (2024-01-01 at offset 1 of p) and 1 VARCHAR (- at offset 2 of p), which only VARCHAR holds together
        +------------+---+
        | d          | n |
        +------------+---+
        | 2024-01-01 | 1 |
        | -          | 2 |
        +------------+---+
    "#]],
    );
    sql(
        "",
        "{\"d\":\"2024-01-01\"}\n{\"d\":\"-\"}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        d VARCHAR
        +------------+
        | d          |
        +------------+
        | 2024-01-01 |
        | -          |
        +------------+
    "#]],
    )
    .await;
}

/// 64-bit ids became DOUBLE, which rounds them; a null among them was reason enough.
#[tokio::test]
async fn ids_are_doubles() {
    json(
        &[
            r#"{"id":9007199254740993,"u":18446744073709551615}"#,
            r#"{"id":null,"u":0}"#,
            r#"{"id":-9223372036854775808}"#,
        ],
        expect![[r#"
            id BIGINT, u UBIGINT
            +----------------------+----------------------+
            | id                   | u                    |
            +----------------------+----------------------+
            | 9007199254740993     | 18446744073709551615 |
            | NULL                 | 0                    |
            | -9223372036854775808 | NULL                 |
            +----------------------+----------------------+
        "#]],
    );
    csv(
        &["id,u", "9007199254740993,18446744073709551615", ",0"],
        expect![[r#"
        id BIGINT, u UBIGINT
        +------------------+----------------------+
        | id               | u                    |
        +------------------+----------------------+
        | 9007199254740993 | 18446744073709551615 |
        | NULL             | 0                    |
        +------------------+----------------------+
    "#]],
    );
    sql(
        "",
        "{\"id\":9007199254740993}\n{\"id\":null}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        id BIGINT
        +------------------+
        | id               |
        +------------------+
        | 9007199254740993 |
        | NULL             |
        +------------------+
    "#]],
    )
    .await;
}

/// An array's type was that of its first element.
#[test]
fn arrays_are_what_their_first_element_is() {
    json(
        &[r#"{"a":[1,2.5],"b":[{"x":1},{"y":"z"}]}"#, r#"{"a":[null],"b":[]}"#, r#"{"a":[],"b":[{"x":null}]}"#],
        expect![[r#"
            a DOUBLE[], b STRUCT(x BIGINT, y VARCHAR)[]
            +------------+------------------------------------+
            | a          | b                                  |
            +------------+------------------------------------+
            | [1.0, 2.5] | [{x: 1, y: NULL}, {x: NULL, y: z}] |
            | [NULL]     | []                                 |
            | []         | [{x: NULL, y: NULL}]               |
            +------------+------------------------------------+
        "#]],
    );
}

/// A key that stands twice was an error, or two columns of one name.
#[test]
fn duplicate_keys_in_one_object() {
    json(
        &[r#"{"a":1,"a":2}"#, r#"{"s":{"x":"old","x":"new"}}"#],
        expect![[r#"
        s STRUCT(x VARCHAR), a BIGINT
        info: field s.x: stands more than once in 1 records; the last one counts
        info: field a: stands more than once in 1 records; the last one counts
        +----------+------+
        | s        | a    |
        +----------+------+
        | NULL     | 2    |
        | {x: new} | NULL |
        +----------+------+
    "#]],
    );
}

/// Keys that differ in case only were merged, or one was renamed.
#[tokio::test]
async fn keys_that_differ_in_case_are_merged() {
    json(
        &[r#"{"id":1,"ID":"x"}"#, r#"{"Id":true}"#],
        expect![[r#"
        Id BOOLEAN, id BIGINT, ID VARCHAR
        info: field id: differs from `Id` in case only; both are kept
        info: field ID: differs from `id` in case only; both are kept
        +------+------+------+
        | Id   | id   | ID   |
        +------+------+------+
        | NULL | 1    | x    |
        | true | NULL | NULL |
        +------+------+------+
    "#]],
    );
    sql(
        "",
        "{\"id\":1,\"ID\":\"x\"}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        id BIGINT, ID VARCHAR
        +----+----+
        | id | ID |
        +----+----+
        | 1  | x  |
        +----+----+
    "#]],
    )
    .await;
}

/// `{}` and `[]` became a STRUCT without fields, or an error.
#[tokio::test]
async fn empty_objects_and_arrays_have_no_type() {
    json(
        &[r#"{"o":{},"a":[]}"#, r#"{"o":{},"a":[]}"#, "{}"],
        expect![[r#"
        o MAP(VARCHAR, JSON), a JSON[]
        +------+------+
        | o    | a    |
        +------+------+
        | {}   | []   |
        | {}   | []   |
        | NULL | NULL |
        +------+------+
    "#]],
    );
    json(
        &[r#"{"o":{},"a":[]}"#, r#"{"o":{"x":1},"a":[1]}"#],
        expect![[r#"
        o STRUCT(x BIGINT), a BIGINT[]
        +-----------+-----+
        | o         | a   |
        +-----------+-----+
        | {x: NULL} | []  |
        | {x: 1}    | [1] |
        +-----------+-----+
    "#]],
    );
    sql(
        "",
        "{\"o\":{},\"a\":[],\"n\":1}\n{}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        o MAP(VARCHAR, JSON), a JSON[], n BIGINT
        +------+------+------+
        | o    | a    | n    |
        +------+------+------+
        | {}   | []   | 1    |
        | NULL | NULL | NULL |
        +------+------+------+
    "#]],
    )
    .await;
}

/// Numbers beside texts lost one of both.
#[tokio::test]
async fn mixed_numbers_and_strings_lose_one_side() {
    json(
        &[r#"{"a":1}"#, r#"{"a":"one"}"#, r#"{"a":1.50}"#, r#"{"a":"2"}"#],
        expect![[r#"
        a JSON
        warning: field a: holds 2 VARCHAR (one at offset 1 of p) and 1 BIGINT (1 at offset 0 of p), which have no type in common; kept as JSON text
        +-------+
        | a     |
        +-------+
        | 1     |
        | "one" |
        | 1.50  |
        | "2"   |
        +-------+
    "#]],
    );
    csv(
        &["a,b", "1,x", "one,1", "1.50,2"],
        expect![[r#"
        a VARCHAR, b VARCHAR
        warning: field a: holds 1 BIGINT (1 at offset 1 of p) and 1 DOUBLE (1.50 at offset 3 of p), which only VARCHAR holds together
        warning: field b: holds 2 BIGINT (1 at offset 2 of p) and 1 VARCHAR (x at offset 1 of p), which only VARCHAR holds together
        +------+---+
        | a    | b |
        +------+---+
        | 1    | x |
        | one  | 1 |
        | 1.50 | 2 |
        +------+---+
    "#]],
    );
    sql(
        "",
        "{\"a\":1}\n{\"a\":\"one\"}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        a JSON
        +-------+
        | a     |
        +-------+
        | 1     |
        | "one" |
        +-------+
    "#]],
    )
    .await;
}

/// A byte order mark became part of the first key, or spoiled the first record.
#[tokio::test]
async fn a_byte_order_mark_is_part_of_the_first_name() {
    sql(
        "",
        "\u{feff}{\"a\":1}\n{\"a\":2}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        a BIGINT
        +---+
        | a |
        +---+
        | 1 |
        | 2 |
        +---+
    "#]],
    )
    .await;
    sql(
        "",
        "\u{feff}a,b\n1,x\n",
        "FORMAT CSV INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        a BIGINT, b VARCHAR
        +---+---+
        | a | b |
        +---+---+
        | 1 | x |
        +---+---+
    "#]],
    )
    .await;
}

/// Without a delimiter in it, a file was cut at some other character.
#[tokio::test]
async fn a_single_column_is_split() {
    csv(
        &["name", "a b", "c;d", "e|f"],
        expect![[r#"
        name VARCHAR
        +------+
        | name |
        +------+
        | a b  |
        | c;d  |
        | e|f  |
        +------+
    "#]],
    );
    json(
        &[r#"{"only":1}"#, r#"{"only":2}"#],
        expect![[r#"
        only BIGINT
        +------+
        | only |
        +------+
        | 1    |
        | 2    |
        +------+
    "#]],
    );
    sql(
        "",
        "n\n1\n2\n",
        "FORMAT CSV INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        n BIGINT
        +---+
        | n |
        +---+
        | 1 |
        | 2 |
        +---+
    "#]],
    )
    .await;
}

/// A file with nothing but a header had no columns, or a row of names.
#[tokio::test]
async fn a_header_alone_is_a_row() {
    csv(
        &["a,b"],
        expect![[r#"
        a VARCHAR, b VARCHAR
        warning: the sample has a header and no row below it, so every column is VARCHAR
        +---+---+
        | a | b |
        +---+---+
        +---+---+
    "#]],
    );
    sql(
        "",
        "a,b\n",
        "FORMAT CSV INFER SCHEMA (sample_timeout = '1s')",
        expect![[r#"
        a VARCHAR, b VARCHAR
    "#]],
    )
    .await;
}

/// duckdb#25826: keys that only later records have were dropped.
#[tokio::test]
async fn keys_first_seen_after_the_first_records_are_lost() {
    let early = r#"{"a":1}"#;
    json(
        &[early, early, r#"{"a":1,"late":{"x":"2024-01-01"}}"#],
        expect![[r#"
        a BIGINT, late STRUCT(x DATE)
        +---+-----------------+
        | a | late            |
        +---+-----------------+
        | 1 | NULL            |
        | 1 | NULL            |
        | 1 | {x: 2024-01-01} |
        +---+-----------------+
    "#]],
    );
    let mut texts = vec![early; 999];
    texts.push(r#"{"a":1,"late":true}"#);
    assert_eq!(columns(&infer("json", &texts).schema), "a BIGINT, late BOOLEAN\n");
    // Behind the sample nothing is known of a key, but what comes can be kept.
    sql(
        "",
        "{\"a\":1}\n{\"a\":2}\n{\"a\":3,\"late\":[1]}\n",
        "FORMAT JSON (unknown_fields = 'rescue') INFER SCHEMA (sample_size = 2)",
        expect![[r#"
            a BIGINT, _rescued JSON
            +---+-------------------------------------------------+
            | a | _rescued                                        |
            +---+-------------------------------------------------+
            | 1 | NULL                                            |
            | 2 | NULL                                            |
            | 3 | {"late":{"value":[1],"reason":"unknown_field"}} |
            +---+-------------------------------------------------+
        "#]],
    )
    .await;
}

/// duckdb#25786, arrow-rs#10265: 42.7 was read as 42, and 1e30 as the largest integer.
#[tokio::test]
async fn casts_are_silent() {
    json(
        &[r#"{"a":42,"b":1}"#, r#"{"a":42.7,"b":1e30}"#],
        expect![[r#"
        a DOUBLE, b DOUBLE
        +------+------+
        | a    | b    |
        +------+------+
        | 42.0 | 1.0  |
        | 42.7 | 1e30 |
        +------+------+
    "#]],
    );
    json(
        &[r#"{"a":9007199254740993}"#, r#"{"a":42.7}"#],
        expect![[r#"
        a DECIMAL(38,1)
        warning: field a: holds 1 BIGINT (9007199254740993 at offset 0 of p) and 1 DOUBLE (42.7 at offset 1 of p); DOUBLE would round integers; declare it to accept that: made DECIMAL(38,1)
        +--------------------+
        | a                  |
        +--------------------+
        | 9007199254740993.0 |
        | 42.7               |
        +--------------------+
    "#]],
    );
    csv(
        &["a,b", "42,1", "42.7,1e30"],
        expect![[r#"
        a DOUBLE, b DOUBLE
        +------+------+
        | a    | b    |
        +------+------+
        | 42.0 | 1.0  |
        | 42.7 | 1e30 |
        +------+------+
    "#]],
    );
    // What a column cannot hold is no smaller number, wherever the sample ended.
    sql("", "{\"a\":42}\n{\"a\":42.7}\n{\"a\":1e30}\n", "FORMAT JSON INFER SCHEMA (sample_size = 1)", expect![[r#"
        a BIGINT
        +----+
        | a  |
        +----+
        | 42 |
        +----+
        [partition f, offset 9, line 2] field a at byte 5: expected BIGINT, found number 42.7, which does not fit without loss
        [partition f, offset 20, line 3] field a at byte 5: expected BIGINT, found number 1e30, which does not fit without loss
    "#]])
        .await;
    sql("(a BIGINT, *)", "{\"a\":42.7,\"b\":42.7}\n", "FORMAT JSON", expect![[r#"
        a BIGINT, b DOUBLE
        +---+---+
        | a | b |
        +---+---+
        +---+---+
        [partition f, offset 0, line 1] field a at byte 5: expected BIGINT, found number 42.7, which does not fit without loss
    "#]]).await;
}

/// duckdb#15502: whoever declared one column had to declare all.
#[tokio::test]
async fn declaring_a_column_loses_the_others() {
    let text = "{\"id\":1,\"price\":2.5,\"at\":\"2024-01-01\"}\n{\"id\":2,\"more\":[1]}\n";
    let codes = "{\"id\":\"007\",\"price\":2.5}\n{\"id\":\"2\",\"more\":[1]}\n";
    sql(
        "(id VARCHAR NOT NULL, * PREFIX 'x_')",
        codes,
        "FORMAT JSON",
        expect![[r#"
        id VARCHAR, x_more BIGINT[], x_price DOUBLE
        +-----+--------+---------+
        | id  | x_more | x_price |
        +-----+--------+---------+
        | 007 | NULL   | 2.5     |
        | 2   | [1]    | NULL    |
        +-----+--------+---------+
    "#]],
    )
    .await;
    sql(
        "(id DECIMAL(10, 2), *)",
        text,
        "FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        id DECIMAL(10,2), more BIGINT[], price DOUBLE, at DATE
        +------+------+-------+------------+
        | id   | more | price | at         |
        +------+------+-------+------------+
        | 1.00 | NULL | 2.5   | 2024-01-01 |
        | 2.00 | [1]  | NULL  | NULL       |
        +------+------+-------+------------+
    "#]],
    )
    .await;
    sql(
        "(b DOUBLE, *)",
        "a,b\n1,2\n",
        "FORMAT CSV INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        b DOUBLE, a BIGINT
        +-----+---+
        | b   | a |
        +-----+---+
        | 2.0 | 1 |
        +-----+---+
    "#]],
    )
    .await;
}

/// One broken record made every column text, or was the end.
#[tokio::test]
async fn one_bad_record_spoils_the_sample() {
    json(
        &[r#"{"a":1}"#, r#"{"a":"#, r#"{"a":2}"#],
        expect![[r#"
        a BIGINT
        error: 1 of 3 sampled records are unusable and were left out, the first: expected a value at byte 5 at offset 1 of p
        +---+
        | a |
        +---+
        | 1 |
        | 2 |
        +---+
        [partition p, offset 1] at byte 5: expected a value, found the end of the record
    "#]],
    );
    sql(
        "",
        "{\"a\":1}\n{\"a\":\n{\"a\":2}\n",
        "FORMAT JSON INFER SCHEMA (sample_size = 10) ON ERROR SKIP",
        expect![[r#"
            a BIGINT
            +---+
            | a |
            +---+
            | 1 |
            | 2 |
            +---+
            [partition f, offset 8, line 2] at byte 5: expected a value, found the end of the record
        "#]],
    )
    .await;
}
