//! Schema changes in a running pipeline: followed through kills, reported, refreshed.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{BufRead, BufReader},
    time::Duration,
};

use crate::laminar::Folder;

/// How large the stream with changes is: `scripts/schema_changes` sets more.
struct Size {
    records: usize,
    changes: usize,
    kills: usize,
}

impl Size {
    fn from_environment() -> Self {
        let of = |name: &str, usual: usize| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
        Self {
            records: of("LAMINAR_CHANGES_RECORDS", 20_000),
            changes: of("LAMINAR_CHANGES", 20),
            kills: of("LAMINAR_CHANGES_KILLS", 5),
        }
    }

    /// How many changes have come by record `id`.
    fn changes_at(&self, id: usize) -> usize {
        id * (self.changes + 1) / self.records
    }

    /// Record `id` as it is read. Each change brings one field, every fourth of them in an object.
    fn record(&self, id: usize, out: &mut String) {
        if is_bad(id) {
            let _ = writeln!(out, "{{\"id\":\"no number {id}\"}}");
            return;
        }
        let _ = write!(out, "{{\"id\":{id}");
        self.fields(id, out);
        out.push_str("}\n");
    }

    fn fields(&self, id: usize, out: &mut String) {
        let last = self.changes_at(id);
        if last == 0 {
            return;
        }
        let _ = match last % 4 {
            0 => write!(out, ",\"o{last}\":{{\"x\":{id}}}"),
            1 => write!(out, ",\"t{last}\":\"text {id}\""),
            _ => write!(out, ",\"n{last}\":{id}"),
        };
    }
}

fn is_bad(id: usize) -> bool {
    id % 97 == 96
}

const SQL: &str = "CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON
     ON ERROR DEAD LETTER TO bad ON SCHEMA CHANGE EVOLVE;
     CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON (explicit_nulls = 'false');
     CREATE SINK bad INTO FILE (path = 'bad.ndjson') FORMAT JSON;
     INSERT INTO o SELECT * FROM t;";

#[tokio::test]
async fn every_record_arrives_once_through_changes_and_kills() {
    let size = Size::from_environment();
    let folder = Folder::with(&[("q.sql", SQL)]);
    let mut input = String::new();
    (0..size.records).for_each(|id| size.record(id, &mut input));
    folder.write("in.ndjson", &input);
    let args = ["run", "q.sql", "--checkpoint", "state", "--checkpoint-interval", "1ms"];
    let checkpoint = folder.path("state/t.checkpoint.json");
    let (mut killed, mut pause) = (0, 7_u64);
    while killed < size.kills {
        let before = std::fs::read(&checkpoint).ok();
        let mut child = folder.command(&args).spawn().unwrap();
        // At a moment that nothing in the process has to do with.
        pause = pause.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let is_over = loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if std::fs::read(&checkpoint).ok() != before {
                tokio::time::sleep(Duration::from_micros((pause >> 33) % 20_000)).await;
                break child.try_wait().unwrap().is_some();
            }
        };
        if is_over {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    }
    folder.run(&args).ended(0, &["t: "]);
    println!("{} records, {} changes, killed {killed} times", size.records, size.changes);
    assert!(killed > 0, "no run was killed before its end");

    let mut bad = HashSet::new();
    for line in BufReader::new(std::fs::File::open(folder.path("bad.ndjson")).unwrap()).lines() {
        let letter: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(letter["field"], "id", "{letter}");
        assert!(bad.insert(letter["line"].as_u64().unwrap() as usize - 1), "twice: {letter}");
    }
    assert_eq!(bad, (0..size.records).filter(|id| is_bad(*id)).collect(), "bad records, each once");
    let out = BufReader::new(std::fs::File::open(folder.path("out.ndjson")).unwrap());
    let mut good = (0..size.records).filter(|id| !is_bad(*id));
    let mut expected = String::new();
    for line in out.lines() {
        expected.clear();
        size.record(good.next().expect("a row too many"), &mut expected);
        assert_eq!(line.unwrap(), expected.trim_end());
    }
    assert_eq!(good.next(), None, "rows are missing");
    let drift = folder.run(&["drift", "q.sql", "--checkpoint", "state", "--json"]).ended(0, &[]).stdout;
    let drift: Vec<serde_json::Value> = serde_json::from_str(&drift).unwrap();
    assert_eq!(drift.len(), size.changes);
    let history: serde_json::Value = serde_json::from_str(&folder.read("state/t.schemas.json")).unwrap();
    assert_eq!(history["versions"].as_array().unwrap().len(), size.changes + 1, "one version for each change");
}

#[test]
fn drift_is_shown_from_one_reading_and_from_earlier_runs() {
    let rows = "{\"id\":1}\n{\"id\":2,\"tag\":\"a\"}\n{\"id\":3,\"tag\":null,\"at\":{\"city\":\"Bonn\"}}\n";
    let sql = |policy: &str| {
        format!(
            "CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON {policy};
             CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON; INSERT INTO o SELECT * FROM t;"
        )
    };
    let folder = Folder::with(&[("in.ndjson", rows), ("q.sql", &sql("")), ("e.sql", &sql("ON SCHEMA CHANGE EVOLVE"))]);
    let shown = folder.run(&["drift", "q.sql"]).ended(0, &["t: 3 records"]).stdout;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert!(lines[0].starts_with("source") && lines[0].contains("verdict"), "{shown}");
    assert!(shown.contains("no place for tag") && shown.contains("ignored") && shown.contains("\"Bonn\""), "{shown}");
    assert!(!folder.path("out.ndjson").exists(), "drift writes nothing");

    let ran = folder.run(&["run", "e.sql", "--checkpoint", "state"]);
    ran.ended(0, &["schema change, evolved: add tag VARCHAR, first at t[partition in.ndjson, offset 9, line 2]"]);
    let seen = folder.run(&["drift", "e.sql", "--checkpoint", "state", "--json"]).ended(0, &[]).stdout;
    let seen: Vec<serde_json::Value> = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0]["verdict"], "evolved");
    assert_eq!((&seen[0]["source"], &seen[0]["count"]), (&"t".into(), &1.into()));
    let none = folder.run(&["drift", "e.sql", "--checkpoint", "elsewhere"]);
    let none = none.ended(3, &["folder of checkpoints elsewhere", "`laminar run --checkpoint`"]);
    assert_eq!(none.stdout, "", "nobody has looked there");
    std::fs::create_dir(folder.path("empty")).unwrap();
    let none = folder.run(&["drift", "e.sql", "--checkpoint", "empty"]).ended(0, &[]).stdout;
    assert_eq!(none, "no schema change was seen\n");
}

#[test]
fn a_column_that_no_record_has_is_told_once() {
    let sql = "CREATE SOURCE t (id BIGINT, user_id BIGINT, note VARCHAR) FROM FILE (path = 'in.ndjson') FORMAT JSON;
               CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON; INSERT INTO o SELECT * FROM t;";
    let folder = Folder::with(&[("in.ndjson", "{\"id\":1,\"userId\":7}\n{\"id\":2}\n"), ("q.sql", sql)]);
    let warned = [
        "warning: column user_id: no row had a value for it; records have `userId`, which no column takes",
        "warning: column note: no row had a value for it\n",
    ];
    let ran = folder.run(&["run", "q.sql"]).ended(0, &warned);
    assert_eq!(ran.stderr.matches("warning: column").count(), 2, "{}", ran.stderr);
    folder.run(&["drift", "q.sql"]).ended(0, &warned);
    folder.write("in.ndjson", "{\"id\":3,\"user_id\":1,\"note\":\"x\"}\n");
    let ran = folder.run(&["run", "q.sql"]).ended(0, &["1 rows written"]);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn a_reading_of_tables_says_which_file_has_changed() {
    let folder = Folder::with(&[("1.ndjson", "{\"id\":1}\n"), ("2.ndjson", "{\"id\":2,\"tag\":\"a\"}\n")]);
    for n in ["1", "2"] {
        let (from, to) = (format!("{n}.ndjson"), format!("{n}.parquet"));
        folder.run(&["convert", &from, "--to", "parquet", "-o", &to]).ended(0, &[]);
    }
    folder.write("q.sql", "CREATE SOURCE t FROM FILE (path = '*.parquet') FORMAT PARQUET ON SCHEMA CHANGE EVOLVE;");
    let seen = folder.run(&["drift", "q.sql", "--json"]).ended(0, &[]).stdout;
    let seen: Vec<serde_json::Value> = serde_json::from_str(&seen).unwrap();
    assert_eq!(
        (seen.len(), &seen[0]["change"], &seen[0]["verdict"]),
        (1, &"add tag VARCHAR".into(), &"evolved".into())
    );
    assert!(seen[0]["first"].as_str().unwrap().contains("2.parquet, offset 0"), "{seen:?}");
}

#[test]
fn a_reading_says_what_the_clause_makes_of_a_change() {
    let folder = Folder::with(&[("in.ndjson", "{\"id\":1}\n{\"id\":2,\"tag\":\"a\"}\n{\"id\":\"x\"}\n")]);
    for (policy, verdict, paths) in [
        ("", "ignored", &["tag"][..]),
        ("ON SCHEMA CHANGE IGNORE", "ignored", &["tag"]),
        ("ON SCHEMA CHANGE FAIL", "failed", &["tag"]),
        ("ON SCHEMA CHANGE EVOLVE", "evolved", &["tag"]),
        ("ON SCHEMA CHANGE RESCUE", "rescued", &["tag", "id"]),
    ] {
        folder.write(
            "q.sql",
            format!("CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON {policy};"),
        );
        let ran = folder.run(&["drift", "q.sql", "--json"]).ended(0, &["t: 3 records", "nothing is written"]);
        assert!(!ran.stderr.contains("rows written"), "{}", ran.stderr);
        let seen: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
        let found: Vec<&str> = seen.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
        assert_eq!(found, paths, "{policy}");
        assert!(seen.iter().all(|entry| entry["verdict"] == verdict), "{policy}: {seen:?}");
        assert_eq!(seen[0]["change"], "no place for tag");
        assert!(seen.get(1).is_none_or(|entry| entry["change"] == "id does not fit"), "{seen:?}");
    }
}

#[test]
fn a_run_shows_what_it_saw_itself_and_drift_shows_all() {
    let sql = "CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON ON SCHEMA CHANGE EVOLVE;
               CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON; INSERT INTO o SELECT * FROM t;";
    let first = "{\"id\":1}\n{\"id\":2,\"tag\":null}\n";
    let folder = Folder::with(&[("q.sql", sql), ("in.ndjson", first)]);
    let run = || folder.run(&["run", "q.sql", "--checkpoint", "state"]);
    run().ended(0, &["schema change, evolved: add tag JSON, first at t[partition in.ndjson, offset 9, line 2]"]);
    let idle = run().ended(0, &["t: 0 records"]);
    assert!(!idle.stderr.contains("schema change"), "{}", idle.stderr);
    folder.write("in.ndjson", format!("{first}{{\"id\":3,\"tag\":[1],\"at\":\"x\"}}\n"));
    let later = run().ended(0, &["t: 1 records", "schema change, evolved: add at VARCHAR"]);
    assert!(!later.stderr.contains("add tag"), "{}", later.stderr);
    let all = folder.run(&["drift", "q.sql", "--checkpoint", "state", "--json"]).ended(0, &[]).stdout;
    let all: Vec<serde_json::Value> = serde_json::from_str(&all).unwrap();
    let changes: Vec<&str> = all.iter().map(|entry| entry["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["add tag JSON", "add at VARCHAR"]);

    folder.write("show.sql", format!("{}; SHOW DRIFT FOR SOURCE T;", sql.split(';').next().unwrap()));
    let shown = folder.run(&["run", "show.sql", "--checkpoint", "state"]).ended(0, &[]).stdout;
    assert!(shown.contains("add tag JSON") && shown.contains("add at VARCHAR") && shown.contains("evolved"), "{shown}");
    folder.run(&["run", "show.sql", "--checkpoint", "none"]).ended(3, &["folder of checkpoints none"]);
    folder.run(&["run", "show.sql"]).ended(2, &["SHOW DRIFT FOR SOURCE T", "--checkpoint"]);
}

#[test]
fn sql_queries_a_drift_report() {
    let rows = "{\"id\":1,\"a\":1}\n{\"id\":2,\"a\":2,\"b\":3}\n";
    let folder = Folder::with(&[
        ("in.ndjson", rows),
        ("s.sql", "CREATE SOURCE t (id BIGINT) FROM FILE (path = 'in.ndjson') FORMAT JSON ON SCHEMA CHANGE IGNORE;"),
        (
            "q.sql",
            "CREATE SOURCE drift (source VARCHAR, path VARCHAR, change VARCHAR, verdict VARCHAR, first VARCHAR, example VARCHAR, count BIGINT)
                 FROM FILE (path = 'drift.json') FORMAT JSON;
             CREATE SINK lost INTO FILE (path = 'lost.ndjson') FORMAT JSON;
             INSERT INTO lost SELECT path, count FROM drift WHERE verdict = 'ignored' AND count > 1;",
        ),
    ]);
    let report = folder.run(&["drift", "s.sql", "--json"]).ended(0, &[]).stdout;
    folder.write("drift.json", report);
    folder.run(&["run", "q.sql"]).ended(0, &["drift: 2 records"]);
    assert_eq!(folder.read("lost.ndjson"), "{\"path\":\"a\",\"count\":2}\n");
}

#[test]
fn a_refresh_compares_and_then_adopts() {
    let sql = |rest: &str| {
        format!(
            "CREATE SOURCE t (id BIGINT, *) FROM FILE (path = 'in.ndjson') FORMAT JSON ON SCHEMA CHANGE FAIL;
             CREATE SINK o INTO FILE (path = 'out.ndjson') FORMAT JSON; {rest}"
        )
    };
    let folder = Folder::with(&[
        ("in.ndjson", "{\"id\":1}\n"),
        ("run.sql", &sql("INSERT INTO o SELECT * FROM t;")),
        ("dry.sql", &sql("ALTER SOURCE t REFRESH SCHEMA DRY RUN;")),
        ("beside.sql", &sql("ALTER SOURCE t REFRESH SCHEMA DRY RUN; INSERT INTO o SELECT * FROM t;")),
        ("do.sql", &sql("ALTER SOURCE t REFRESH SCHEMA;")),
    ]);
    let with_state = |file: &str| folder.run(&["run", file, "--checkpoint", "state"]);
    with_state("dry.sql").ended(3, &["history of source `t`", "is kept of sources with ON SCHEMA CHANGE"]);
    with_state("run.sql").ended(0, &["t: 1 records"]);
    let same = with_state("dry.sql").ended(0, &[]).stdout;
    assert_eq!(same, "t: schema version 0 is still the one in force\n");

    folder.write("in.ndjson", "{\"id\":1}\n{\"id\":2,\"tag\":\"x\"}\n");
    with_state("run.sql").ended(1, &["field tag", "the source's schema has changed: add tag VARCHAR"]);
    let dry = with_state("dry.sql").ended(0, &[]).stdout;
    assert_eq!(dry, "t: since schema version 0\n  add tag VARCHAR\ncompatible; nothing is changed by a dry run\n");
    let before = folder.read("out.ndjson");
    let beside = with_state("beside.sql").ended(0, &["1 INSERT of the file not carried out"]);
    assert_eq!(beside.stdout, dry);
    assert_eq!(folder.read("out.ndjson"), before, "a dry run writes nothing");
    with_state("run.sql").ended(1, &["the source's schema has changed"]);
    let done = with_state("do.sql").ended(0, &[]).stdout;
    assert_eq!(done, "t: since schema version 0\n  add tag VARCHAR\nthe next run goes on with version 1\n");
    with_state("run.sql").ended(0, &["t: 1 records"]);
    assert_eq!(folder.read("out.ndjson"), "{\"id\":1}\n{\"id\":2,\"tag\":\"x\"}\n");
}
