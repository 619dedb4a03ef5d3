//! Documents of the real world, through `infer` and through SQL.

use std::path::{Path, PathBuf};

use crate::laminar::Folder;

/// Files whose lines are arrays, which must be said: the first of them looks like one array that fills the file.
const LINES_OF_ARRAYS: [&str; 1] = ["amazon_cellphones.ndjson"];

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "ndjson") {
            found.push(path);
        }
    }
}

#[test]
fn real_documents_are_inferred_and_rewritten() {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return;
    };
    // A relative path is meant from the workspace's root.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora);
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
