//! Runs every fuzz target's body over its saved inputs.
//! A binary of its own: what apache-avro may allocate can be said once per process.

use std::{fs, path::Path};

use laminar_tests::{
    differ::Finding,
    differential::{self, BATCHES, Comparison, Tally},
    each_format,
    fuzz_bodies::BODIES,
    random::Random,
};

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

/// Batches about which our decoder of a format and its oracle have disagreed, and mutated records: what
/// `scripts/fuzz_formats` does with millions.
#[test]
fn decoders_agree_with_their_oracles() {
    each_format!(agrees_with_oracle);
}

fn agrees_with_oracle<C: Comparison>() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus_seed/formats");
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder entry").path();
        let saved = Finding::load(&path).expect("a saved batch");
        let (format, target) = saved.target.rsplit_once('-').expect("FORMAT-TARGET");
        if format == C::FORMAT {
            let target = target.parse().expect("a number");
            if let Err(finding) = differential::Finding::replay::<C>(target, &saved.records) {
                panic!("{}: {}", path.display(), finding.what);
            }
        }
    }
    let (mut random, mut tally) = (Random(1), Tally::default());
    for target in 0..C::TARGETS {
        let mut examiner = C::new(target, 1);
        for size in BATCHES {
            let records = examiner.records(&mut random, size);
            if let Err(finding) = examiner.examine(&records, &mut tally) {
                let records: Vec<_> = finding.records.iter().map(|r| r.escape_ascii().to_string()).collect();
                panic!("{} target {target}: {}\n{}", C::FORMAT, finding.what, records.join("\n"));
            }
        }
    }
    // Each side says both yes and no, so that there is something to agree about.
    let enough = tally.records / 8;
    assert!(tally.both_accept > enough && tally.both_reject > enough, "{}: {tally}", C::FORMAT);
}
