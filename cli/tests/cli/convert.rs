//! `laminar convert`: formats, schemas, policies, standard streams.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::Stdio,
};

use crate::laminar::Folder;

const ROWS: &str = "{\"id\":1,\"name\":\"a,b\"}\n{\"id\":2,\"name\":null}\n";

#[test]
fn rows_come_back_from_csv() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    folder.run(&["convert", "a.ndjson", "-o", "a.csv"]).ended(0, &["2 records", "2 rows written, 0 rejected"]);
    assert_eq!(folder.read("a.csv"), "id,name\n1,\"a,b\"\n2,\n");
    let back = folder.run(&["convert", "a.csv"]).ended(0, &[]).stdout;
    assert_eq!(back, ROWS);
}

#[test]
fn standard_streams_and_compression() {
    let folder = Folder::new();
    let csv = folder.run_with(&["convert", "-", "--to", "csv"], ROWS).ended(0, &[]).stdout;
    assert_eq!(csv, "id,name\n1,\"a,b\"\n2,\n");
    for packed in ["a.ndjson.gz", "a.ndjson.zst"] {
        folder.run_with(&["convert", "-", "-o", packed], ROWS).ended(0, &[]);
        assert_ne!(std::fs::read(folder.path(packed)).unwrap(), ROWS.as_bytes());
        assert_eq!(folder.run(&["convert", packed]).ended(0, &[]).stdout, ROWS, "{packed}");
    }
    let tsv = folder.run_with(&["convert", "-", "-o", "a.tsv"], ROWS).ended(0, &[]);
    assert_eq!((tsv.stdout.as_str(), folder.read("a.tsv").as_str()), ("", "id\tname\n1\ta,b\n2\t\n"));
    let semicolons = folder.run_with(&["convert", "-", "--to", "csv", "--to-set", "delimiter=;"], ROWS);
    assert_eq!(semicolons.ended(0, &[]).stdout, "id;name\n1;a,b\n2;\n");
}

#[test]
fn declared_columns_win() {
    let folder = Folder::with(&[
        ("a.ndjson", ROWS),
        ("columns.sql", "id DOUBLE, name VARCHAR"),
        ("source.sql", "CREATE SOURCE t (name VARCHAR, *) FROM FILE (path = 'elsewhere') FORMAT JSON;"),
        (
            "two.sql",
            "CREATE SOURCE a (x BIGINT) FROM FILE FORMAT JSON; CREATE SOURCE b (x BIGINT) FROM FILE FORMAT JSON",
        ),
    ]);
    let check = |args: &[&str], first: &str| {
        let ran = folder.run(&[&["convert", "a.ndjson"], args].concat()).ended(0, &[]);
        assert_eq!(ran.stdout.lines().next(), Some(first), "{args:?}");
    };
    check(&["--schema", "name VARCHAR"], r#"{"name":"a,b"}"#);
    check(&["--schema", "name VARCHAR, *"], r#"{"name":"a,b","id":1}"#);
    check(&["--schema-file", "columns.sql"], r#"{"id":1.0,"name":"a,b"}"#);
    check(&["--schema-file", "source.sql"], r#"{"name":"a,b","id":1}"#);
    let refuse = |args: &[&str], said: &[&str]| {
        folder.run(&[&["convert", "a.ndjson"], args].concat()).ended(2, said);
    };
    refuse(&["--schema", "id BIGNT"], &["1 | id BIGNT", "   ^^^^^", "did you mean `BIGINT`?"]);
    refuse(&["--schema-file", "a.thrift"], &["a.thrift is no file of a schema that is known", ".avsc"]);
    refuse(&["--schema-file", "two.sql"], &["several CREATE SOURCE"]);
    refuse(&["--schema", "a BIGINT", "--schema-file", "columns.sql"], &["cannot be used with"]);
}

#[test]
fn policies_decide_about_bad_records() {
    let bad = "{\"id\": 1}\n{\"id\": \"x\"}\nnot json\n{\"id\": 4}\n";
    let folder = Folder::with(&[("a.ndjson", bad)]);
    let convert = |policy: &str| folder.run(&["convert", "a.ndjson", "--schema", "id BIGINT", "--on-error", policy]);
    let failed = convert("fail").ended(1, &["a.ndjson", "line 2", "field id", "expected BIGINT, found string \"x\""]);
    assert_eq!(failed.stdout, "");
    let skipped = convert("skip").ended(0, &["2 rows written, 2 rejected", "rejected: a.ndjson"]);
    assert_eq!(skipped.stdout, "{\"id\":1}\n{\"id\":4}\n");
    convert("dlq=bad.ndjson").ended(0, &["2 rejected"]);
    let letters: Vec<serde_json::Value> =
        folder.read("bad.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let letter = |i: usize| (letters[i]["line"].as_i64(), letters[i]["offset"].as_i64(), letters[i]["record"].as_str());
    assert_eq!(letter(0), (Some(2), Some(10), Some("eyJpZCI6ICJ4In0=")), "the bytes of the record, in base64");
    assert_eq!(letter(1), (Some(3), Some(22), Some("bm90IGpzb24=")));
    convert("ignore").ended(2, &["expected fail, skip or dlq=FILE"]);
}

#[test]
fn files_with_other_headers_are_named() {
    let files =
        [("a.csv", "id,p\n1,3\n"), ("b.csv", "id,q\n2,4\n"), ("c.csv", "p,id\n5,3\n"), ("d.csv", "id,p\n4,6\n")];
    let folder = Folder::with(&files);
    let said =
        ["warning: b.csv and 1 more begins with another header than a.csv, `id,q`", "the schema lacks are left out"];
    let ran = folder.run(&["convert", "*.csv"]).ended(0, &said);
    assert!(
        ran.stdout.contains("{\"id\":2,\"p\":null}") && ran.stdout.contains("{\"id\":3,\"p\":5}"),
        "{}",
        ran.stdout
    );
    let inferred = folder.run(&["infer", "*.csv"]).ended(0, &[]).stdout;
    assert!(inferred.contains("another header than a.csv"), "{inferred}");
    for args in [&["convert", "[ad].csv"][..], &["convert", "*.csv", "--schema", "id BIGINT, q BIGINT"]] {
        let ran = folder.run(args).ended(0, &[]);
        assert!(!ran.stderr.contains("another header"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_declared_column_that_comes_behind_the_sample_is_not_called_missing() {
    let folder = Folder::with(&[("a.ndjson", "{\"id\":1}\n{\"id\":2}\n{\"id\":3,\"late\":7}\n")]);
    let convert = |size: &str| folder.run(&["convert", "a.ndjson", "--schema", "late BIGINT, *", "--set", size]);
    let ran =
        convert("sample_size=2").ended(0, &["field late: declared, and in none of the 2 records that were sampled"]);
    assert!(ran.stdout.contains("{\"late\":7,\"id\":3}"), "{}", ran.stdout);
    let ran = convert("sample_size=10").ended(0, &[]);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_converted_says_why() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    let check = |args: &[&str], code, said: &[&str]| {
        folder.run(&[&["convert"], args].concat()).ended(code, said);
    };
    check(&["a.ndjson", "--to", "raw"], 2, &["expected one column", "raw"]);
    check(&["a.ndjson", "-o", "a.ndjson"], 2, &["a.ndjson is the input"]);
    check(&["a.ndjson", "--to", "orc"], 2, &["orc", "json, csv, msgpack, avro"]);
    check(&["a.ndjson", "-o", "a.ndjson/b"], 3, &["a.ndjson/b"]);
    check(&["absent.csv"], 3, &["absent.csv"]);
    assert_eq!(folder.read("a.ndjson"), ROWS, "the input is as it was");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let rows: String =
        (0..200_000).map(|i| format!("{{\"id\":{i},\"text\":\"some words to fill the pipe\"}}\n")).collect();
    folder.write("a.ndjson", rows);
    let mut child = folder.command(&["convert", "a.ndjson"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
    assert_eq!(line, "{\"id\":0,\"text\":\"some words to fill the pipe\"}\n");
}

#[test]
fn records_leave_while_more_are_awaited() {
    let folder = Folder::new();
    let mut child =
        folder.command(&["convert", "-", "-f", "json", "--schema", "id BIGINT"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for id in 1..=3 {
        writeln!(input, "{{\"id\":{id}}}").unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{{\"id\":{id}}}\n"));
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn depth_is_the_formats_by_its_full_name() {
    let deep = format!("{{\"j\":{}1{}}}\n", "[".repeat(200), "]".repeat(200));
    let folder = Folder::with(&[("deep.ndjson", deep.as_str())]);
    let convert = ["convert", "deep.ndjson", "--schema", "j JSON"];
    folder.run(&convert).ended(1, &["at most 128 levels"]);
    folder.run(&[&convert[..], &["--set", "max_depth=60"]].concat()).ended(1, &["at most 128 levels"]);
    let ran = folder.run(&[&convert[..], &["--set", "format.max_depth=300"]].concat()).ended(0, &[]);
    assert_eq!(ran.stdout, deep);
    folder
        .run(&[&convert[..], &["--set", "format.max_dept=300"]].concat())
        .ended(2, &["format json has no option `max_dept`", "did you mean `format.max_depth`?"]);
}
