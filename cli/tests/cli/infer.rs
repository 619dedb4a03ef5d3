//! `laminar infer`: formats told from names and bytes, forms of output, errors.

use serde_json::Value;

use crate::laminar::Folder;

const ROWS: &str = "{\"id\": 1, \"name\": \"a\"}\n{\"id\": 2, \"name\": null}\n";

#[test]
fn json_has_the_keys_of_the_contract() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    let ran = folder.run(&["infer", "--json", "a.ndjson"]).ended(0, &[]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["format"], &report["sample_count"]), (&"json".into(), &2.into()));
    assert_eq!(report["fingerprint"].as_str().map(str::len), Some(16));
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(0));
    let name = &report["fields"][1];
    assert_eq!((&name["name"], &name["type"], &name["nullable"]), (&"name".into(), &"VARCHAR".into(), &true.into()));
    assert_eq!((&name["appearance_rate"], &name["observed_types"]["VARCHAR"]), (&0.5.into(), &1.into()));
    assert!(name["confidence"].is_number());
    let again = folder.run(&["infer", "-o", "json", "a.ndjson"]).ended(0, &[]);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn names_and_first_bytes_tell_the_format() {
    let folder =
        Folder::with(&[("a.jsonl", ROWS), ("a.csv", "x,y\n1,b\n"), ("a.tsv", "x\ty\n1\tb,c\n"), ("rows", ROWS)]);
    let check = |args: &[&str], input: &str, format: &str, columns: &[&str]| {
        let args = [&["infer", "--json"], args].concat();
        let ran = folder.run_with(&args, input).ended(0, &[]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["format"], format, "{args:?}");
        let names: Vec<&str> =
            report["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert_eq!(names, columns, "{args:?}");
    };
    check(&["a.jsonl"], "", "json", &["id", "name"]);
    check(&["a.csv"], "", "csv", &["x", "y"]);
    check(&["a.tsv"], "", "csv", &["x", "y"]);
    check(&["rows"], "", "json", &["id", "name"]);
    check(&["-"], ROWS, "json", &["id", "name"]);
    check(&["-"], "x;y\n1;b\n", "csv", &["x", "y"]);
    check(&["-", "-f", "raw"], "a b\n", "raw", &["value"]);
    check(&["a.csv", "--set", "header=false"], "", "csv", &["column0", "column1"]);
}

#[test]
fn several_inputs_are_one_sample() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("b.ndjson", "{\"id\": 2.5}\n"), ("c.csv", "id\n1\n")]);
    for args in [&["infer", "--json", "a.ndjson", "b.ndjson"][..], &["infer", "--json", "*.ndjson"]] {
        let report: Value = serde_json::from_str(&folder.run(args).ended(0, &[]).stdout).unwrap();
        assert_eq!((&report["sample_count"], &report["fields"][0]["type"]), (&3.into(), &"DOUBLE".into()), "{args:?}");
    }
    folder.run(&["infer", "a.ndjson", "c.csv"]).ended(2, &["a.ndjson is json, c.csv is csv", "with -f"]);
}

#[test]
fn ddl_reads_again() {
    let folder = Folder::with(&[("my rows.csv", "id,select\n1,b\n")]);
    let ddl = folder.run(&["infer", "-o", "ddl", "my rows.csv"]).ended(0, &[]).stdout;
    assert!(ddl.starts_with("CREATE SOURCE my_rows (\n    id BIGINT,\n    \"select\" VARCHAR\n)\nFROM FILE"), "{ddl}");
    folder.write("q.sql", format!("{ddl}\nDESCRIBE my_rows;"));
    let described = folder.run(&["run", "q.sql"]).ended(0, &[]).stdout;
    assert!(described.contains("id      BIGINT"), "{described}");
}

#[test]
fn options_reach_inference_and_sample_size_is_obeyed() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    let args = ["infer", "--json", "a.ndjson", "--set", "number_type=double", "--sample-size", "1"];
    let report: Value = serde_json::from_str(&folder.run(&args).ended(0, &[]).stdout).unwrap();
    assert_eq!((&report["sample_count"], &report["fields"][0]["type"]), (&1.into(), &"DOUBLE".into()));
}

#[test]
fn a_file_of_columns_has_no_header_to_warn_of() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    folder.run(&["convert", "a.ndjson", "-o", "a.parquet"]).ended(0, &[]);
    for args in [&["infer", "a.parquet"][..], &["convert", "a.parquet", "-o", "b.ndjson"]] {
        let ran = folder.run(args).ended(0, &[]);
        assert!(!ran.stderr.contains("header") && !ran.stdout.contains("header"), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn what_cannot_be_inferred_says_why() {
    let folder =
        Folder::with(&[("a.ndjson", ROWS), ("words", "no format\n"), ("empty.json", ""), ("a.parquet", "PAR1")]);
    let check = |args: &[&str], code, said: &[&str]| {
        folder.run(&[&["infer"], args].concat()).ended(code, said);
    };
    check(&["mqtt://user:hunter2@host:1883/t"], 2, &["connector mqtt is not linked", "linked are: file"]);
    if cfg!(feature = "nats") {
        check(&["nats://user:hunter2@host:4222/t"], 2, &["a NATS URI has no place for a user", "CREATE SOURCE"]);
    }
    if cfg!(feature = "rabbitmq") {
        check(&["amqp://user:hunter2@host:5672/q"], 2, &["a RabbitMQ URI has no place for a user", "CREATE SOURCE"]);
    }
    if cfg!(feature = "kafka") {
        check(&["kafka://user:hunter2@host:9092/t"], 2, &["a Kafka URI has no place for a user", "sasl.username"]);
        check(&["kafka://host:9092"], 2, &["a Kafka URI needs a topic", "kafka://host:9092/topic"]);
    }
    if cfg!(feature = "websocket") {
        let said = ["cannot connect: ws://localhost:1/t", "Connection refused"];
        check(&["ws://localhost:1/t?key=hunter2", "-f", "json", "--set", "sample_timeout=1s"], 3, &said);
        check(&["ws://u:hunter2@host/t"], 2, &["credentials do not belong into an address"]);
    } else {
        check(&["ws://host"], 2, &["connector websocket is not linked"]);
    }
    check(&["absent.json"], 3, &["absent.json", "names nothing"]);
    check(&["words"], 2, &["cannot tell the format of words", "-f"]);
    check(&["-"], 2, &["cannot tell the format of standard input"]);
    check(&["a.parquet"], 1, &["a.parquet", "cannot read the Parquet file"]);
    check(&["a.ndjson", "-f", "avor"], 2, &["avor"]);
    check(&["empty.json"], 1, &["empty.json"]);
    check(&["a.ndjson", "--set", "sample_sise=3"], 2, &["`sample_sise`", "did you mean `sample_size`?"]);
    check(&["a.ndjson", "--set", "sample_size=x"], 2, &["sample_size", "integer"]);
    check(&["a.ndjson", "--set", "novalue"], 2, &["expected KEY=VALUE"]);
    check(&["-", "a.ndjson"], 2, &["cannot be mixed"]);
    check(&[], 2, &["INPUT"]);
    let secret = folder.run(&["infer", "kafka://user:hunter2@host/t"]);
    assert!(!format!("{secret:?}").contains("hunter2"));
}
