//! Runs every fuzz target's body over its saved inputs.

use std::{fs, path::Path};

use laminar_testkit::{differ::Finding, fuzz_bodies::BODIES};

#[test]
fn saved_inputs_find_nothing() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus_seed");
    for (target, body) in BODIES {
        let folder = seeds.join(target);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a folder entry").path();
            let bytes = fs::read(&path).expect("a saved input");
            // The harness names the test only; this names the input.
            let outcome = std::panic::catch_unwind(|| body(&bytes));
            assert!(outcome.is_ok(), "{} is a finding of target {target}", path.display());
            inputs += 1;
        }
        assert!(inputs > 0, "{} is empty", folder.display());
    }
}

/// Batches that JSON engines, or an engine and serde_json, have disagreed about.
#[test]
fn engines_agree_on_saved_batches() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus_seed/json_engines");
    let mut batches = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder entry").path();
        let outcome = Finding::load(&path).expect("a saved batch").replay();
        assert_eq!(outcome, Ok(()), "{}", path.display());
        batches += 1;
    }
    assert!(batches > 0, "{} is empty", folder.display());
}
