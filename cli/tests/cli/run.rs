//! `laminar run` and `explain`: statements, errors that point into the text, what stands where.

use crate::laminar::Folder;

const ROWS: &str = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n";

const PIPELINE: &str =
    "CREATE SOURCE t (id BIGINT, *) FROM FILE (path = 'a.ndjson') FORMAT JSON ON ERROR DEAD LETTER TO bad;
CREATE SINK out INTO FILE (path = 'out.csv') FORMAT CSV;
CREATE SINK ids INTO FILE (path = 'ids.ndjson') FORMAT JSON;
CREATE SINK bad INTO FILE (path = 'bad.ndjson') FORMAT JSON;
INSERT INTO out SELECT name AS title, id FROM t;
INSERT INTO ids SELECT id FROM t;
";

#[test]
fn a_pipeline_projects_renames_and_keeps_bad_records() {
    let folder = Folder::with(&[("a.ndjson", &format!("{ROWS}{{\"id\":true}}\n")), ("q.sql", PIPELINE)]);
    let ran = folder.run(&["run", "q.sql", "--once"]).ended(0, &["t: 3 records", "2 rows written, 1 rejected"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(folder.read("out.csv"), "title,id\na,1\nb,2\n");
    assert_eq!(folder.read("ids.ndjson"), "{\"id\":1}\n{\"id\":2}\n");
    let letter: serde_json::Value = serde_json::from_str(folder.read("bad.ndjson").trim()).unwrap();
    assert_eq!((&letter["source"], &letter["field"]), (&"t".into(), &"id".into()));
    assert_eq!(letter["record"], "eyJpZCI6dHJ1ZX0=");
}

#[test]
fn a_watermark_and_late_rows_stand_in_the_summary() {
    let sql =
        "CREATE SOURCE t (at TIMESTAMP, WATERMARK FOR at AS at - INTERVAL '5' SECOND) FROM FILE (path = 'a.ndjson')
        FORMAT JSON; CREATE SINK out INTO FILE (path = 'out.csv') FORMAT CSV; INSERT INTO out SELECT * FROM t;";
    let times = |seconds: &[u32]| {
        seconds.iter().map(|s| format!("{{\"at\":\"2026-01-01T00:00:{s:02}Z\"}}\n")).collect::<String>()
    };
    let folder = Folder::with(&[("a.ndjson", &times(&[10, 40, 20, 50])), ("q.sql", sql)]);
    let said = "4 rows written, 0 rejected; watermark 2026-01-01 00:00:45 UTC, 0 late";
    folder.run(&["run", "q.sql", "--once", "--idle-timeout", "0s"]).ended(0, &[said]);
    assert!(folder.run(&["explain", "q.sql"]).ended(0, &[]).stdout.contains("watermark: at, 5s behind the latest"));
    folder.write("none.sql", "CREATE SOURCE t (a BIGINT) FROM FILE (path = 'a.ndjson') FORMAT JSON;");
    folder.run(&["run", "none.sql"]).ended(0, &["nothing to run: there is no INSERT"]);
}

#[test]
fn statements_that_show_something_print_in_order() {
    let text = format!("{PIPELINE}SHOW CREATE SOURCE t; DESCRIBE t; EXPLAIN SOURCE t; SHOW CONNECTORS;");
    let folder = Folder::with(&[("a.ndjson", ROWS), ("q.sql", &text)]);
    let out = folder.run(&["run", "q.sql"]).ended(0, &[]).stdout;
    let mut from = 0;
    for part in [
        "CREATE SOURCE t",
        "ON ERROR DEAD LETTER TO bad;",
        "name  type     null",
        "source t: connector",
        "connector  role",
    ] {
        let at = out[from..].find(part).unwrap_or_else(|| panic!("{part:?} is not behind byte {from} of {out}"));
        from += at + part.len();
    }
    assert_eq!(folder.read("out.csv"), "title,id\na,1\nb,2\n");
}

#[test]
fn explain_shows_the_plan_and_runs_nothing() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("q.sql", PIPELINE)]);
    let out = folder.run(&["explain", "q.sql"]).ended(0, &[]).stdout;
    for part in ["source t: connector `file`, format json", "decoder: json", "plan: t → out", "plan: t → ids"] {
        assert!(out.contains(part), "{part:?} is not in {out}");
    }
    assert!(!folder.path("out.csv").exists());
    let json = folder.run(&["explain", "--json", "q.sql"]).ended(0, &[]).stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let source = &value["sources"][0];
    assert_eq!((&source["source"], &source["fields"][0]["origin"]), (&"t".into(), &"declared".into()));
    assert_eq!(
        (source["strategies"].as_array().map(Vec::len), source["plan"].as_array().map(Vec::len)),
        (Some(5), Some(2))
    );
}

#[test]
fn several_pipelines_run_and_one_that_fails_decides() {
    let text = "CREATE SOURCE a (id BIGINT) FROM FILE (path = 'a.ndjson') FORMAT JSON;
        CREATE SOURCE b (id BOOLEAN) FROM FILE (path = 'a.ndjson') FORMAT JSON;
        CREATE SINK x INTO FILE (path = 'x.csv') FORMAT CSV;
        CREATE SINK y INTO FILE (path = 'y.csv') FORMAT CSV;
        INSERT INTO x SELECT * FROM a; INSERT INTO y SELECT * FROM b;";
    let folder = Folder::with(&[("a.ndjson", ROWS), ("q.sql", text)]);
    folder.run(&["run", "q.sql"]).ended(1, &["error: b[partition a.ndjson", "line 1", "field id", "expected BOOLEAN"]);
    let good = text.replace("id BOOLEAN", "name VARCHAR");
    folder.write("q.sql", good);
    folder.run(&["run", "q.sql"]).ended(0, &["a: 2 records", "b: 2 records"]);
    assert_eq!((folder.read("x.csv").as_str(), folder.read("y.csv").as_str()), ("id\n1\n2\n", "name\na\nb\n"));
}

#[test]
fn a_sink_that_fails_is_told_by_its_name() {
    let text = "CREATE SOURCE a (id BIGINT) FROM FILE (path = 'a.ndjson') FORMAT JSON;
        CREATE SINK x INTO FILE (path = 'a.ndjson/x.csv') FORMAT CSV; INSERT INTO x SELECT * FROM a;";
    let folder = Folder::with(&[("a.ndjson", ROWS), ("q.sql", text)]);
    folder.run(&["run", "q.sql"]).ended(3, &["error: x: cannot open a.ndjson/x.csv"]);
}

#[test]
fn sql_errors_point_into_the_text() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    let check = |sql: &str, code: i32, said: &[&str]| {
        folder.run_with(&["run", "-"], sql).ended(code, said);
        assert!(!folder.path("o.csv").exists(), "nothing is written: {sql}");
    };
    let source = "CREATE SOURCE t FROM FILE (path = 'a.ndjson') FORMAT JSON;\n";
    let sink = "CREATE SINK o INTO FILE (path = 'o.csv') FORMAT CSV;\n";
    let with = |rest: &str| format!("{source}{sink}{rest}");
    check("CREAT SOURCE", 2, &["line 1, column 1", "1 | CREAT SOURCE", "^^^^^"]);
    check(
        "CREATE SOURCE t FROM FIEL (path = 'a') FORMAT JSON; DESCRIBE t",
        2,
        &["^^^^", "`fiel`", "did you mean `file`?"],
    );
    check(
        "CREATE SOURCE t FROM FILE (\n  pth = 'a') FORMAT JSON; DESCRIBE t",
        2,
        &["unknown option `pth`", "2 |   pth = 'a') FORMAT", "missing required option `path`"],
    );
    check("CREATE SOURCE t FROM FILE (path = 'a') FORMAT AVOR; DESCRIBE t", 2, &["avor"]);
    check("CREATE SOURCE t FROM FILE (path = 'absent.json') FORMAT JSON; DESCRIBE t", 3, &["absent.json"]);
    check(&with("INSERT INTO o SELECT nme FROM t;"), 2, &["3 | INSERT INTO o", "no column `nme`", "`name`"]);
    check(&with("INSERT INTO oo SELECT * FROM t;"), 2, &["there is no sink `oo`", "expected one of: o"]);
    check(&with("INSERT INTO o SELECT * FROM t WHERE id > 'x';"), 2, &["3 | INSERT INTO o", "'x'"]);
    check(
        &with("ALTER SOURCE t REFRESH SCHEMA;"),
        2,
        &["ALTER SOURCE t REFRESH SCHEMA compares", "name their folder with --checkpoint"],
    );
    folder.run(&["run", "absent.sql"]).ended(3, &["cannot read absent.sql"]);
}

#[test]
fn a_run_that_must_end_refuses_what_does_not() {
    let folder = Folder::with(&[("a.ndjson", ROWS)]);
    for source in ["FILE (path = 'a.ndjson', follow = 'true')", "GENERATOR (workload = 'trades')"] {
        let sql = format!(
            "CREATE SOURCE t FROM {source} FORMAT JSON; CREATE SINK o INTO FILE (path = 'o.ndjson') FORMAT JSON;
             INSERT INTO o SELECT * FROM t;"
        );
        folder.run_with(&["run", "-", "--once"], sql).ended(2, &["source `t` never ends", "^"]);
    }
}
