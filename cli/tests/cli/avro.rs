//! Avro at the command line: container files there and back, schemas and what they are known by.

use crate::laminar::Folder;

const ROWS: &str = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":null}\n";

const SCHEMA: &str = r#"{"type": "record", "name": "R", "namespace": "n", "doc": "d",
    "fields": [{"name": "id", "type": {"type": "long"}}, {"name": "name", "type": ["null", "string"]}]}"#;

#[test]
fn container_files_there_and_back() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("r.avsc", SCHEMA)]);
    for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"] {
        let codec = format!("codec={codec}");
        folder.run(&["convert", "a.ndjson", "-o", "a.avro", "--to-set", &codec]).ended(0, &[]);
        assert_eq!(folder.run(&["convert", "a.avro"]).ended(0, &[]).stdout, ROWS, "{codec}");
    }
    folder.run(&["convert", "a.ndjson", "-o", "a.avro.gz"]).ended(0, &[]);
    assert_eq!(folder.run(&["convert", "a.avro.gz"]).ended(0, &[]).stdout, ROWS);
    let bytes = std::fs::read(folder.path("a.avro")).unwrap();
    let piped = folder.run_with(&["convert", "-"], &bytes).ended(0, &[]);
    assert_eq!(piped.stdout, ROWS, "told from its first bytes");
    let ran = folder.run(&["infer", "--json", "a.avro"]).ended(0, &[]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["format"], &report["fields"][0]["type"]), (&"avro".into(), &"BIGINT".into()));
    let narrow = folder.run(&["convert", "a.avro", "--schema", "name VARCHAR"]).ended(0, &[]);
    assert_eq!(narrow.stdout, "{\"name\":\"a\"}\n{\"name\":null}\n");
    folder
        .run(&["convert", "a.avro", "--schema", "name VARCHAR NOT NULL"])
        .ended(1, &["its row 1", "field name", "null"]);
    let columns = folder.run(&["convert", "a.ndjson", "--schema-file", "r.avsc"]).ended(0, &[]);
    assert_eq!(columns.stdout, ROWS);
}

#[test]
fn files_of_other_schemas_and_broken_ones() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("b.ndjson", "{\"name\":\"b\",\"more\":true}\n")]);
    folder.run(&["convert", "a.ndjson", "-o", "1.avro"]).ended(0, &[]);
    folder.run(&["convert", "b.ndjson", "-o", "2.avro"]).ended(0, &[]);
    let both = folder.run(&["convert", "*.avro"]).ended(0, &[]);
    assert_eq!(both.stdout, format!("{ROWS}{{\"id\":null,\"name\":\"b\"}}\n"));
    let mut bytes = std::fs::read(folder.path("1.avro")).unwrap();
    bytes.pop();
    folder.write("1.avro", &bytes);
    folder.run(&["convert", "1.avro"]).ended(1, &["1.avro", "offset", "found the end of the input"]);
    folder.write("1.avro", "no container");
    folder.run(&["convert", "1.avro"]).ended(1, &["begins with `Obj\\x01`"]);
}

#[test]
fn files_of_no_bytes() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("0.avro", "")]);
    folder.run(&["convert", "*.avro"]).ended(1, &["0.avro", "a file of no bytes; declare the columns"]);
    assert_eq!(folder.run(&["convert", "0.avro", "--schema", "id BIGINT"]).ended(0, &[]).stdout, "");
    for full in ["1.avro", "00.avro"] {
        folder.run(&["convert", "a.ndjson", "-o", full]).ended(0, &[]);
        assert_eq!(folder.run(&["convert", "*.avro"]).ended(0, &[]).stdout, ROWS, "beside {full}");
        std::fs::remove_file(folder.path(full)).unwrap();
    }
}

/// Damage is the data's fault in every format, and ends with the code that says so; what cannot be opened does not.
#[test]
fn damaged_files_end_alike() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("p.proto", "syntax = \"proto3\"; message M { int64 id = 1; }")]);
    for format in ["avro", "parquet", "msgpack"] {
        let file = format!("a.{format}");
        folder.run(&["convert", "a.ndjson", "-o", &file]).ended(0, &[]);
        let mut bytes = std::fs::read(folder.path(&file)).unwrap();
        bytes.truncate(bytes.len() - 2);
        folder.write(&file, &bytes);
        folder.run(&["convert", &file, "--schema", "id BIGINT"]).ended(1, &[]);
    }
    folder.write("a.bin", [0x80]);
    folder.run(&["convert", "a.bin", "-f", "protobuf", "--set", "schema_file=p.proto"]).ended(1, &["offset 0"]);
    folder.write("a.json", "{\"id\":");
    folder.run(&["convert", "a.json", "--schema", "id BIGINT"]).ended(1, &[]);
    for format in ["avro", "parquet", "msgpack", "json", "csv"] {
        folder.run(&["convert", &format!("none.{format}")]).ended(3, &["none"]);
    }
}

/// The dead letter of a block that is cut off has what there is of it, and its offset.
#[test]
fn what_is_cut_off_is_kept() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    folder.run(&["convert", "a.ndjson", "-o", "a.avro"]).ended(0, &[]);
    let mut bytes = std::fs::read(folder.path("a.avro")).unwrap();
    bytes.truncate(bytes.len() - 2);
    folder.write("a.avro", &bytes);
    folder.run(&["convert", "a.avro", "--on-error", "dlq=dead.ndjson"]).ended(0, &["1 rejected"]);
    let letter = std::fs::read_to_string(folder.path("dead.ndjson")).unwrap();
    let letter: serde_json::Value = serde_json::from_str(&letter).unwrap();
    let offset = usize::try_from(letter["offset"].as_u64().unwrap()).unwrap();
    let record = bytes[offset..].to_vec();
    // Two rows, the block's size, its bytes, and all but two of the marker's.
    assert_eq!((record[0], record.len()), (4, 2 + usize::from(record[1] / 2) + 14));
    // In base64.
    assert_eq!(letter["record"].as_str().unwrap().len(), record.len().div_ceil(3) * 4);
}

#[test]
fn schemas_have_a_form_and_a_fingerprint() {
    let folder = Folder::with(&[("r.avsc", SCHEMA), ("int.avsc", "{\"type\":\"int\"}"), ("bad.avsc", "{}")]);
    let form = r#"{"name":"n.R","type":"record","fields":[{"name":"id","type":"long"},{"name":"name","type":["null","string"]}]}"#;
    let check = |args: &[&str], expected: &str| {
        assert_eq!(folder.run(&[&["schema"], args].concat()).ended(0, &[]).stdout.trim(), expected, "{args:?}");
    };
    check(&["canonical", "r.avsc"], form);
    check(&["fingerprint", "int.avsc"], "8f5c393f1ad57572");
    check(&["fingerprint", "int.avsc", "--algorithm", "md5"], "ef524ea1b91e73173d938ade36c1db32");
    let json = folder.run(&["schema", "fingerprint", "--json", "int.avsc"]).ended(0, &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, serde_json::json!({ "algorithm": "rabin", "fingerprint": "8f5c393f1ad57572" }));
    folder.run(&["schema", "canonical", "bad.avsc"]).ended(2, &["bad.avsc is no Avro schema", "expected `type`"]);
    folder.run(&["schema", "fingerprint", "r.avsc", "--algorithm", "crc"]).ended(2, &["rabin, md5 or sha256"]);
    folder.run(&["schema", "canonical", "none.avsc"]).ended(3, &["cannot read none.avsc"]);
}

#[test]
fn schemas_are_checked_against_those_before_them() {
    let of = |price: &str| format!(r#"{{"type":"record","name":"T","fields":[{{"name":"price","type":"{price}"}}]}}"#);
    let folder = Folder::with(&[("1.avsc", &of("double")), ("2.avsc", &of("string")), ("bad.avsc", "{}")]);
    let check = |args: &[&str]| folder.run(&[&["schema", "check", "--format", "avro"], args].concat());
    let text = check(&["--mode", "BACKWARD", "--new", "2.avsc", "--old", "1.avsc"]).ended(1, &[]).stdout;
    let change = "/price: type_changed from double to string (breaks BACKWARD and FORWARD)";
    assert_eq!(text.trim(), format!("{change}\nnot compatible under BACKWARD"));
    let json = check(&["--mode", "BACKWARD", "--new", "2.avsc", "--old", "1.avsc", "--json"]).ended(1, &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let change = serde_json::json!(
        { "path": "/price", "kind": "type_changed", "from": "double", "to": "string", "breaks": true }
    );
    assert_eq!(json, serde_json::json!({ "compatible": false, "mode": "BACKWARD", "changes": [change] }));
    check(&["--mode", "full", "--new", "2.avsc", "--old", "1.avsc", "2.avsc"]).ended(0, &[]);
    check(&["--mode", "FULL_TRANSITIVE", "--new", "2.avsc", "--old", "1.avsc", "--old", "2.avsc"]).ended(1, &[]);
    check(&["--mode", "NONE", "--new", "2.avsc", "--old", "1.avsc"]).ended(0, &[]);
    check(&["--mode", "FULL", "--new", "2.avsc", "--old", "bad.avsc"]).ended(2, &["bad.avsc", "expected `type`"]);
    check(&["--mode", "SOME", "--new", "2.avsc", "--old", "1.avsc"]).ended(2, &["BACKWARD_TRANSITIVE"]);
    check(&["--mode", "FULL", "--new", "none.avsc", "--old", "1.avsc"]).ended(3, &["cannot read none.avsc"]);
}
