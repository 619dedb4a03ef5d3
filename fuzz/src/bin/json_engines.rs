//! Mutates records and decodes them with every JSON engine, at full speed: they must agree, with each other and with
//! serde_json. `scripts/fuzz_json` builds and runs it.
//!
//! usage: json_engines RECORDS|SECONDSs [SEED] [THREADS]
//!
//! Findings go to fuzz/artifacts/json_engines/, reduced; fix them and move them to fuzz/corpus_seed/json_engines/, where
//! `cargo test` keeps them fixed. Exit code: 0 clean, 1 findings, 2 wrong usage.

use std::{
    borrow::Cow,
    env,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use laminar_fuzz::differ::{Examiner, Finding, TARGETS, Target, mutate::Mutator, seeds::seeds};
use laminar_schema::{NewRecord, RawBatch};

/// Records of a batch: enough that neighbours interact and key orders are learnt.
const BATCH: usize = 1_000;
/// Findings after which a thread gives up.
const MAX_FINDINGS: usize = 10;

/// What one thread has done.
#[derive(Debug, Default)]
struct Tally {
    records: u64,
    accepted: u64,
    bytes: u64,
    findings: usize,
}

#[derive(Debug, Clone, Copy)]
struct Until {
    records: u64,
    time: Duration,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |i: usize, default: u64| arguments.get(i).map_or(Some(default), |text| text.parse().ok());
    let until = match arguments.first().map(|text| (text, text.strip_suffix('s'))) {
        Some((_, Some(seconds))) => {
            seconds.parse().ok().map(|s| Until { records: u64::MAX, time: Duration::from_secs(s) })
        }
        Some((records, None)) => records.parse().ok().map(|records| Until { records, time: Duration::MAX }),
        None => None,
    };
    let (Some(until), Some(seed), Some(threads)) = (until, number(1, 1), number(2, 1).filter(|n| *n > 0)) else {
        eprintln!("usage: json_engines RECORDS|SECONDSs [SEED] [THREADS]");
        return ExitCode::from(2);
    };
    let engines: Vec<_> = laminar_formats::json::JsonEngine::available().collect();
    println!("json_engines: {engines:?} and serde_json, seed {seed}, {threads} threads");
    let started = Instant::now();
    let share = Until { records: until.records.div_ceil(threads), ..until };
    let workers: Vec<_> = (0..threads).map(|i| thread::spawn(move || run(seed + (i << 32), share, started))).collect();
    let mut all = Tally::default();
    for worker in workers {
        let Ok(tally) = worker.join() else {
            eprintln!("a thread has panicked: that is a finding too; its seed and batch stand above");
            return ExitCode::FAILURE;
        };
        all.records += tally.records;
        all.accepted += tally.accepted;
        all.bytes += tally.bytes;
        all.findings += tally.findings;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "json_engines: {} records ({} accepted, {} MB) in {seconds:.1} s, {:.0} records/s, {} findings",
        all.records,
        all.accepted,
        all.bytes / 1_000_000,
        all.records as f64 / seconds,
        all.findings
    );
    if all.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Examines batch after batch, of each target in turn.
fn run(seed: u64, until: Until, started: Instant) -> Tally {
    let mut mutator = Mutator::new(seed);
    let seeds: Vec<Vec<Vec<u8>>> = TARGETS.iter().map(|target| seeds(target, seed)).collect();
    let mut examiners: Vec<Examiner> = TARGETS.iter().map(Examiner::new).collect();
    let (mut tally, mut turn) = (Tally::default(), 0_u64);
    let (mut records, mut batch) = (vec![Vec::new(); BATCH], RawBatch::new());
    while tally.records < until.records && started.elapsed() < until.time && tally.findings < MAX_FINDINGS {
        let index = (turn % TARGETS.len() as u64) as usize;
        let seeds = &seeds[index];
        batch.clear();
        for record in &mut records {
            record.clear();
            record.extend_from_slice(&seeds[mutator.random.below(seeds.len())]);
            let other = &seeds[mutator.random.below(seeds.len())];
            mutator.mutate(record, other);
            // Records are checked for UTF-8 many at once, and go to the tape together where one is not: in most batches
            // none is, or next to none.
            let may_be_bytes = match turn / TARGETS.len() as u64 % 4 {
                0 => true,
                1 => mutator.random.below(100) == 0,
                _ => false,
            };
            if !may_be_bytes && let Cow::Owned(text) = String::from_utf8_lossy(record) {
                *record = text.into_bytes();
            }
            batch.push(NewRecord::new(record));
            tally.bytes += record.len() as u64;
        }
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| examiners[index].examine(&records, &batch)));
        let outcome = outcome.unwrap_or_else(|_| Err("panicked".to_owned()));
        match outcome {
            Ok(accepted) => tally.accepted += accepted as u64,
            Err(what) => {
                tally.findings += 1;
                report(&TARGETS[index], &records, &what, seed, turn);
                examiners[index] = Examiner::new(&TARGETS[index]);
            }
        }
        tally.records += BATCH as u64;
        turn += 1;
    }
    tally
}

/// Says what was found and saves it, with as few records as show it.
fn report(target: &Target, records: &[Vec<u8>], what: &str, seed: u64, turn: u64) {
    let finding = Finding { target: target.name.to_owned(), records: records.to_vec() }.reduced();
    let what = finding.fault().unwrap_or_else(|| format!("{what}; only after what came before"));
    let mut hasher = DefaultHasher::new();
    finding.records.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts/json_engines");
    let name = format!("{:016x}", hasher.finish());
    eprintln!("FINDING {}.{name} (seed {seed}, batch {turn}, {} records): {what}", target.name, finding.records.len());
    for record in finding.records.iter().take(3) {
        eprintln!("  {}", record[..record.len().min(2_000)].escape_ascii());
    }
    if let Err(e) = finding.save(&folder, &name) {
        eprintln!("  not saved: {e}");
    }
}
