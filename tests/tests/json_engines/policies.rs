//! Every policy, crossed with the others it meets.

use laminar_schema::{NewRecord, RawBatch};
use laminar_tests::differ::{
    Engines,
    target::{options, schema},
};

use crate::check;

const COLUMNS: &str = "a BIGINT, b VARCHAR NOT NULL DEFAULT 'd', s STRUCT(x BIGINT, l BIGINT[2], m MAP(VARCHAR, BIGINT)), l STRUCT(x DOUBLE)[], j JSON, t TIMESTAMP, _rescued JSON";

/// Values for the fields of [`COLUMNS`], that fit and that do not.
const MEMBERS: &[&str] = &[
    r#""a":1"#,
    r#""a":"1""#,
    r#""a":"x""#,
    r#""a":null"#,
    r#""a":1.5"#,
    r#""\u0061":7"#,
    r#""b":"t""#,
    r#""b":5"#,
    r#""b":null"#,
    r#""s":{"x":1,"l":[1,2],"m":{"k":1}}"#,
    r#""s":{"x":1,"l":[1],"m":{"k":"x","k":2}}"#,
    r#""s":{"l":[1,"y"]}"#,
    r#""s":{"x":"no","x":2,"q":[1]}"#,
    r#""s":[]"#,
    r#""s":null"#,
    r#""l":[{"x":1},{"x":"z","y":1},null]"#,
    r#""l":[5]"#,
    r#""l":{}"#,
    r#""j":[1, "two"]"#,
    r#""j":null"#,
    r#""t":"2024-02-29T00:00:00""#,
    r#""t":1709210096789"#,
    r#""z":1"#,
    r#""z":{"y":[1e400]}"#,
    r#""_rescued":1"#,
    r#""":0"#,
];

/// Every member, every two in both orders, some with white space, and some cut short.
fn records() -> Vec<String> {
    let mut records: Vec<String> = MEMBERS.iter().map(|m| format!("{{{m}}}")).collect();
    for first in MEMBERS {
        records.extend(MEMBERS.iter().map(|second| format!("{{{first},{second}}}")));
    }
    records.extend(
        ["", " ", "null", "[]", "5", "\"s\"", "{}", "{} {}", "{\"a\":1}{\"a\":2}", "{\"a\":1}x", "{\"a\":1,}"]
            .map(str::to_owned),
    );
    records
}

#[test]
fn policies_about_fields() {
    let records = records();
    let mut accepted = Vec::new();
    for type_mismatch in ["reject", "null", "rescue"] {
        for unknown_fields in ["ignore", "reject", "rescue"] {
            for duplicate_fields in ["last", "reject"] {
                for coerce_strings in ["false", "true"] {
                    let words = [
                        ("type_mismatch", type_mismatch),
                        ("unknown_fields", unknown_fields),
                        ("duplicate_fields", duplicate_fields),
                        ("coerce_strings", coerce_strings),
                    ];
                    accepted.push(check(COLUMNS, &words, &records).batch.num_rows());
                }
            }
        }
    }
    accepted.sort_unstable();
    accepted.dedup();
    assert!(accepted.len() > 10, "policies must make a difference: {accepted:?}");
}

#[test]
fn policies_about_documents() {
    let documents = [
        "",
        " ",
        "\n\t ",
        "\u{feff}",
        "\u{feff} ",
        "\u{feff}{}",
        "\u{feff}\u{feff}{}",
        "null",
        "true",
        "5",
        "1e400",
        "\"s\"",
        "[]",
        "[1,2]",
        "[1,\"x\"]",
        "{}",
        "{\"a\":1}",
        " {\"a\":1} ",
        "{\"a\":1}{\"a\":2}",
        "{\"a\":1} {\"a\":\"x\"}",
        "{\"a\":1}\n[2]\n3",
        "1 2",
        "[1][2]",
        "{\"a\":1},{\"a\":2}",
        "{\"value\":[7]}",
        "{\"value\":7}",
        "{\"v\\u0061lue\":[8]}",
        "{\"doc\":1}",
        "{\"a\":1}{",
        "{\"a\":1e400}{\"a\":1}",
        "{\"z\":1e400} {\"z\":123456789012345678901}",
        "{\"a\":1}\0{\"a\":2}",
        "{\"a\":1} \0",
    ];
    for columns in
        ["a BIGINT, value BIGINT[], doc JSON", "value JSON, a BIGINT, doc JSON", "value BIGINT[], doc VARCHAR NOT NULL"]
    {
        for non_objects in ["reject", "value"] {
            for multiple_documents in ["reject", "split"] {
                for empty_records in ["reject", "skip", "null"] {
                    let mut words = vec![
                        ("non_objects", non_objects),
                        ("multiple_documents", multiple_documents),
                        ("empty_records", empty_records),
                    ];
                    check(columns, &words, &documents);
                    // A row without a document leaves a NOT NULL document column nothing but null.
                    if empty_records != "null" || !columns.contains("NOT NULL") {
                        words.push(("document_column", "doc"));
                        check(columns, &words, &documents);
                    }
                }
            }
        }
    }
    for columns in [
        "value JSON",
        "value BIGINT",
        "value VARCHAR[]",
        "value STRUCT(a BIGINT)",
        "a BIGINT NOT NULL",
        "a BIGINT NOT NULL DEFAULT 3",
    ] {
        for empty_records in ["reject", "skip", "null"] {
            check(columns, &[("empty_records", empty_records), ("multiple_documents", "split")], &documents);
        }
    }
}

#[test]
fn tombstones_and_limits_of_size() {
    for tombstones in ["skip", "reject", "null"] {
        for limit in ["7", "8", "9"] {
            let words = [("tombstones", tombstones), ("max_record_bytes", limit), ("empty_records", "null")];
            let mut batch = RawBatch::new();
            for value in [
                Some("{\"a\":1}"),
                None,
                Some("{\"a\":12}"),
                Some(""),
                None,
                Some("{\"a\":123}"),
                Some("\u{feff}{\"a\":1}"),
            ] {
                batch.push(NewRecord { value: value.map(str::as_bytes), ..NewRecord::default() });
            }
            let mut engines = Engines::new(&schema("a BIGINT, b VARCHAR DEFAULT 'x'"), &options(&words)).unwrap();
            let first = engines.decode(&batch).unwrap();
            let second = engines.decode(&batch).unwrap();
            assert_eq!((first.batch, first.rows), (second.batch, second.rows), "{words:?}");
        }
    }
}
