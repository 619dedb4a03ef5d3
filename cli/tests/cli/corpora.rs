//! Documents of the real world, through `infer` and through SQL.

use std::path::{Path, PathBuf};

use crate::laminar::Folder;

/// Files whose lines are arrays, which must be said: the first of them looks like one array that fills the file.
const LINES_OF_ARRAYS: [&str; 1] = ["amazon_cellphones.ndjson"];

/// Every so many of the files are enough: those of one folder are much alike.
const EVERY: usize = 20;

fn corpora() -> Option<PathBuf> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    // A relative path is meant from the workspace's root.
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora))
}

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "ndjson" || e == "csv") {
            found.push(path);
        }
    }
}

#[test]
fn real_documents_are_inferred_and_rewritten() {
    let Some(root) = corpora() else { return };
    let mut files = Vec::new();
    files_below(&root.join("json/simdjson-jsonexamples"), &mut files);
    assert!(!files.is_empty());
    for file in files {
        let path = file.canonicalize().unwrap().display().to_string();
        let folder = Folder::new();
        let framing = if LINES_OF_ARRAYS.iter().any(|name| path.ends_with(name)) { "lines" } else { "documents" };
        let setting = format!("framing={framing}");
        let report = folder.run(&["infer", "--json", &path, "--set", &setting]).ended(0, &[]).stdout;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert!(!report["fields"].as_array().unwrap().is_empty(), "{path}");
        let sql = format!(
            "CREATE SOURCE s FROM FILE (path = '{path}') FORMAT JSON (framing = '{framing}');
             CREATE SINK o INTO FILE (path = 'o.ndjson') FORMAT JSON;
             INSERT INTO o SELECT * FROM s;"
        );
        let ran = folder.run_with(&["run", "-"], sql).ended(0, &[" 0 rejected"]);
        assert!(!folder.read("o.ndjson").is_empty(), "{path}: {}", ran.stderr);
        // What was written is what was read: it gives the same columns again.
        let again = folder.run(&["infer", "--json", "o.ndjson"]).ended(0, &[]).stdout;
        let again: serde_json::Value = serde_json::from_str(&again).unwrap();
        assert_eq!(again["fingerprint"], report["fingerprint"], "{path}");
    }
}

#[test]
fn statements_and_locks_of_real_files_hold() {
    let Some(root) = corpora() else { return };
    let mut files = Vec::new();
    for dir in ["csv", "json", "json-inference"] {
        files_below(&root.join(dir), &mut files);
    }
    files.retain(|file| file.metadata().is_ok_and(|m| m.len() < 3_000_000));
    files.sort();
    let (mut compared, mut locked) = (0, 0);
    for file in files.iter().step_by(EVERY) {
        let path = file.canonicalize().unwrap().display().to_string();
        let folder = Folder::new();
        let inferred = folder.run(&["infer", "-o", "ddl", &path]);
        let converted = folder.run(&["convert", &path, "--to", "json"]);
        // Some are there because they are no good: what cannot be read is refused, and not more than that.
        assert!([Some(0), Some(1)].contains(&inferred.code), "{path}: {inferred:?}");
        if inferred.code != Some(0) {
            continue;
        }
        let name = inferred.stdout.strip_prefix("CREATE SOURCE ").unwrap();
        let name = name.split("\nFROM").next().unwrap().split(" (").next().unwrap();
        let rest = "CREATE SINK o INTO FILE (path = 'o.ndjson') FORMAT JSON; INSERT INTO o SELECT * FROM ";
        folder.write("q.sql", format!("{}{rest}{name};", inferred.stdout));
        if converted.code == Some(0) {
            folder.run(&["run", "q.sql"]).ended(0, &[]);
            assert!(folder.read("o.ndjson") == converted.stdout, "{path}: {}", inferred.stdout);
            compared += 1;
        }
        let format = if path.ends_with("csv") { "CSV" } else { "JSON" };
        folder.write("l.sql", format!("CREATE SOURCE s FROM FILE (path = '{path}') FORMAT {format}"));
        folder.run(&["lock", "write", "l.sql"]).ended(0, &[]);
        for offline in [&[][..], &["--offline"]] {
            let verdict = folder.run(&[&["lock", "verify", "l.sql"], offline].concat()).ended(0, &[]).stdout;
            assert!(verdict.starts_with("source s: unchanged, "), "{path}: {verdict}");
        }
        locked += 1;
    }
    assert!(compared > 10 && locked >= compared, "{compared} compared, {locked} locked");
}
