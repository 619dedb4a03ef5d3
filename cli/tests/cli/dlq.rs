//! `laminar dlq`: what was rejected and why, and trying it again.

use serde_json::{Value, json};

use crate::laminar::Folder;

/// Ends in the middle of a record.
const RECORDS: &str = "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":\"3\"}\n{\"a\":2";

/// A folder where three of four records were rejected, into `dead` with the format's name behind it.
fn rejected(format: &str, options: &str) -> Folder {
    let sql = format!(
        "CREATE SOURCE s (a BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON ON ERROR DEAD LETTER TO dead;
         CREATE SINK o INTO FILE (path = 'o.ndjson') FORMAT JSON;
         CREATE SINK dead INTO FILE (path = 'dead.{format}') FORMAT {format} {options};
         INSERT INTO o SELECT * FROM s;"
    );
    let folder = Folder::with(&[("in.ndjson", RECORDS), ("p.sql", &sql)]);
    folder.run(&["run", "p.sql", "--once"]).ended(0, &["1 rows written, 3 rejected"]);
    folder
}

fn listed(folder: &Folder, args: &[&str]) -> Vec<Value> {
    let ran = folder.run(&[&["dlq", "list", "--json"], args].concat()).ended(0, &["dead letters"]);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn rejected_records_are_listed_with_place_and_reason() {
    let folder = rejected("json", "");
    let shown =
        folder.run(&["dlq", "list", "dead.json"]).ended(0, &["3 dead letters: 1 syntax, 2 type_mismatch"]).stdout;
    assert!(shown.contains("in.ndjson, offset 8, line 2"), "{shown}");
    assert!(shown.contains(r#"at byte 5: expected BIGINT, found string "x""#), "{shown}");
    let letters = listed(&folder, &["dead.json"]);
    let expected = json!({
        "source": "s", "partition": "in.ndjson", "offset": 8, "line": 2, "timestamp": null, "field": "a",
        "kind": "type_mismatch", "error": r#"at byte 5: expected BIGINT, found string "x""#, "schema_id": null,
        "key": null, "headers": [], "record": r#"{"a":"x"}"#,
    });
    assert_eq!((letters.len(), &letters[0]), (3, &expected));
    let of_kind = |kind: &str| listed(&folder, &["dead.json", "--kind", kind]).len();
    assert_eq!((of_kind("syntax"), of_kind("type_mismatch"), of_kind("too_deep")), (1, 2, 0));
    assert_eq!(listed(&folder, &["dead.json", "--source", "other"]).len(), 0);
}

#[test]
fn every_format_that_says_its_columns_carries_dead_letters() {
    let in_json = listed(&rejected("json", ""), &["dead.json"]);
    for format in ["csv", "avro", "parquet", "msgpack"] {
        let folder = rejected(format, "");
        assert_eq!(listed(&folder, &[&format!("dead.{format}")]), in_json, "{format}");
    }
    // Digits of hexadecimal numbers are letters of base64 too: the option has to be said again.
    let folder = rejected("json", "(binary_encoding = 'hex')");
    assert_eq!(listed(&folder, &["dead.json", "--file-set", "binary_encoding=hex"]), in_json);
}

#[test]
fn letters_may_name_schemas_by_uuids() {
    let letter = |id: &str| format!("{{\"source\":\"s\",\"error\":\"bad\",\"schema_id\":{id},\"record\":\"eHg=\"}}\n");
    let uuid = "\"0ab0c1d2-e3f4-4a5b-8c6d-7e8f90a1b2c3\"";
    for ids in [[uuid, "null"], ["7", "null"]] {
        let folder = Folder::with(&[("dead.json", &(letter(ids[0]) + &letter(ids[1])))]);
        let found = listed(&folder, &["dead.json"]);
        let named: Vec<String> = found.iter().map(|letter| letter["schema_id"].to_string()).collect();
        assert_eq!(named, ids);
    }
}

#[test]
fn records_that_fit_now_are_written() {
    let folder = rejected("json", "");
    let args = ["dlq", "replay", "dead.json", "--schema", "a VARCHAR", "--on-error", "dlq=still.json"];
    let replayed =
        folder.run(&args).ended(0, &["2 rows written, 1 rejected", "[partition in.ndjson, offset 28, line 4]"]);
    assert_eq!(replayed.stdout, "{\"a\":\"x\"}\n{\"a\":\"3\"}\n");
    let left = listed(&folder, &["still.json"]);
    assert_eq!((left.len(), &left[0]["kind"], &left[0]["line"]), (1, &json!("syntax"), &json!(4)));
    // The bytes as they came, whatever is wrong with them.
    let bytes = folder.run(&["dlq", "replay", "dead.json", "-f", "raw", "--to", "raw"]).ended(0, &[]).stdout;
    assert_eq!(bytes, "{\"a\":\"x\"}\n{\"a\":\"3\"}\n{\"a\":2\n");
    // Columns are inferred where none are given.
    let args = ["dlq", "replay", "dead.json", "--kind", "type_mismatch", "--to", "csv"];
    assert_eq!(folder.run(&args).ended(0, &["2 rows written"]).stdout, "a\nx\n3\n");
}

#[test]
fn what_still_does_not_fit_ends_with_its_first_place() {
    let folder = rejected("json", "");
    let place = "dead.json[partition in.ndjson, offset 8, line 2] field a at byte 5: expected BIGINT";
    folder.run(&["dlq", "replay", "dead.json", "--schema", "a BIGINT"]).ended(1, &[place]);
    folder.run(&["dlq", "replay", "dead.json", "--kind", "too_deep"]).ended(0, &["0 dead letters"]);
}

#[test]
fn what_is_no_file_of_dead_letters_is_refused() {
    let folder = Folder::with(&[("a.ndjson", "{\"a\":1}\n"), ("dead.json", "")]);
    folder
        .run(&["dlq", "list", "a.ndjson"])
        .ended(2, &["a.ndjson holds something else than dead letters", "DEAD LETTER TO"]);
    folder.run(&["dlq", "list", "nothing.json"]).ended(3, &["nothing.json"]);
    folder.run(&["dlq", "replay", "a.ndjson", "-o", "a.ndjson"]).ended(2, &["a.ndjson is the input"]);
    folder.run(&["dlq", "replay", "file://a.ndjson", "-o", "a.ndjson"]).ended(2, &["a.ndjson is the input"]);
    folder
        .run(&["dlq", "replay", "d*.json", "--on-error", "dlq=dead.json"])
        .ended(2, &["dead.json is there, and may be one of"]);
    folder.run(&["dlq"]).ended(2, &["list", "replay"]);
    folder.write("a.csv", "id,name\n1,x\n");
    folder.run(&["dlq", "list", "a.csv"]).ended(2, &["a.csv holds something else than dead letters"]);
    folder.write("empty", "");
    folder.run(&["dlq", "list", "empty"]).ended(2, &["--file-format json"]);
    folder.run(&["dlq", "list", "dead.json", "--kind", "sintax"]).ended(2, &["syntax"]);
}
