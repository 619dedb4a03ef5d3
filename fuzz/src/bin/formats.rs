//! Mutates records of every format that has an oracle, and compares what our decoder and the oracle make of them, at full
//! speed. `scripts/fuzz_formats` builds and runs it.
//!
//! usage: formats RECORDS [SEED] [THREADS] [FORMAT…]     so many records of each format, of all formats by default
//!
//! Prints how often both sides did what, and each class of records about which they differ with the clause that says who is
//! wrong. What no class explains is a finding: it goes to fuzz/artifacts/formats/; fix it and move it to
//! fuzz/corpus_seed/formats/, where `cargo test` keeps it fixed. Exit code: 0 clean, 1 findings, 2 wrong usage.

use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    process::ExitCode,
    thread,
    time::Instant,
};

use laminar_fuzz::{
    differential::{BATCHES, Comparison, Finding, Tally},
    each_format,
    random::Random,
};

/// Findings after which a thread gives up.
const MAX_FINDINGS: u64 = 10;

/// What the arguments ask for.
#[derive(Debug)]
struct Run {
    records: u64,
    seed: u64,
    threads: u64,
    formats: Vec<String>,
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let mut number = |default: Option<u64>| arguments.next().map_or(default, |text| text.parse().ok());
    let (Some(records), Some(seed), Some(threads)) =
        (number(None), number(Some(1)), number(Some(1)).filter(|n| *n > 0))
    else {
        eprintln!("usage: formats RECORDS [SEED] [THREADS] [FORMAT…]");
        return ExitCode::from(2);
    };
    let run = Run { records, seed, threads, formats: arguments.collect() };
    let (mut known, mut findings) = (Vec::new(), 0);
    each_format!(fuzz, &run, &mut known, &mut findings);
    if let Some(unknown) = run.formats.iter().find(|name| !known.contains(&name.as_str())) {
        eprintln!("no oracle for `{unknown}`; there are: {}", known.join(" "));
        return ExitCode::from(2);
    }
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Compares so many records of one format, if it was asked for.
fn fuzz<C: Comparison>(run: &Run, known: &mut Vec<&str>, findings: &mut u64) {
    known.push(C::FORMAT);
    if !run.formats.is_empty() && !run.formats.iter().any(|name| name == C::FORMAT) {
        return;
    }
    let started = Instant::now();
    let (share, seed) = (run.records.div_ceil(run.threads), run.seed);
    let workers: Vec<_> =
        (0..run.threads).map(|thread| thread::spawn(move || compare::<C>(share, seed + (thread << 32)))).collect();
    let mut all = Tally::default();
    for worker in workers {
        match worker.join() {
            Ok(tally) => all.add(&tally),
            Err(_) => all.findings += 1,
        }
    }
    *findings += all.findings;
    let seconds = started.elapsed().as_secs_f64();
    println!("{}: seed {seed}, {seconds:.0} s, {:.0} records/s, {all}", C::FORMAT, all.records as f64 / seconds);
}

/// Compares batch after batch, of each target in turn.
fn compare<C: Comparison>(records: u64, seed: u64) -> Tally {
    let mut random = Random(seed);
    let mut examiners: Vec<C> = (0..C::TARGETS).map(|target| C::new(target, seed)).collect();
    let mut tally = Tally::default();
    let mut turn = 0;
    while tally.records < records && tally.findings < MAX_FINDINGS {
        let examiner = &mut examiners[turn % C::TARGETS];
        let batch = examiner.records(&mut random, BATCHES[turn / C::TARGETS % BATCHES.len()]);
        if let Err(finding) = examiner.examine(&batch, &mut tally) {
            tally.findings += 1;
            report(&finding, seed, turn);
        }
        turn += 1;
    }
    tally
}

/// Says what was found and saves it.
fn report(finding: &Finding, seed: u64, turn: usize) {
    let mut hasher = DefaultHasher::new();
    finding.records.hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    let Finding { format, target, what, records } = finding;
    eprintln!("FINDING {format}-{target}.{name} (seed {seed}, batch {turn}, {} records): {what}", records.len());
    for record in records.iter().take(3) {
        eprintln!("  {}", record[..record.len().min(2_000)].escape_ascii());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts/formats");
    if let Err(e) = finding.save(&folder, &name) {
        eprintln!("  not saved: {e}");
    }
}
