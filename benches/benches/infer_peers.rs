//! Inference from JSON samples, ours and arrow-json's, in one process and in turns.
//!
//! Usage: `cargo bench --bench infer_peers -- [CASE …] [--rounds N] [--alone | --check]`
//!
//! Both infer from the same bytes, 1,024 records at a time: arrow-json from lines, ours from records with a place each, as
//! the file source samples them. Before anything is timed they must find the same columns in as many records; their types
//! differ, since arrow-json knows neither dates nor exact integers. The plain reader is ours too, record by record through
//! a tree of values: what the scanner is a fast form of; `--alone` leaves out both others, for a profiler. `--check` exits with 1 below a mean of 5.

use std::{collections::BTreeSet, io::Cursor, process::ExitCode, sync::Arc};

use arrow_schema::Schema;
use laminar_benches::input::{self, BYTES_PER_ROUND, Case};
use laminar_formats::json::JsonSample;
use laminar_gates::{floors, turns::Turns};
use laminar_schema::{InferenceConfig, RawRecord, SourceMetadata};

const RECORDS: usize = 1024;

const PEERS: [Peer; 3] = [Peer::ArrowJson, Peer::Laminar, Peer::Plain];

/// Who infers.
#[derive(Debug, Clone, Copy)]
enum Peer {
    ArrowJson,
    Laminar,
    Plain,
}

/// A sample in the form of each.
struct Sample<'a> {
    lines: &'a [u8],
    records: Vec<RawRecord>,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::ArrowJson => "arrow-json",
            Self::Laminar => "laminar",
            Self::Plain => "laminar, plain",
        }
    }

    /// The schema, and how many records it is from.
    fn infer(self, sample: &Sample<'_>) -> (Arc<Schema>, usize) {
        if let Self::ArrowJson = self {
            let inferred = arrow_json::reader::infer_json_schema(Cursor::new(sample.lines), None);
            let (schema, records) = inferred.expect("records of a workload");
            return (schema.into(), records);
        }
        let config = InferenceConfig { max_depth: 64, map_threshold: 1000, ..InferenceConfig::default() };
        let mut evidence = JsonSample::new(&config).expect("no options");
        match self {
            Self::Plain => evidence.observe_plainly(&sample.records),
            _ => evidence.observe_all(&sample.records),
        }
        let inferred = evidence.finish(&config).expect("records of a workload");
        (inferred.schema, inferred.sample_count)
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let after = |word: &str| words.iter().position(|w| w == word).and_then(|at| words.get(at + 1)?.parse().ok());
    let rounds = after("--rounds").unwrap_or(15);
    println!("median of {rounds} rounds: MB/s (ratio to arrow-json, within a round), of one thread's time");
    let peers = if words.iter().any(|w| w == "--alone") { &PEERS[1..2] } else { &PEERS[..] };
    print!("{:<10}", "case");
    peers.iter().for_each(|peer| print!("{:>18}", peer.name()));
    println!();
    let mut ratios = Vec::new();
    let named: Vec<Case> = Case::ALL.into_iter().filter(|case| words.iter().any(|w| w == case.name)).collect();
    for case in if named.is_empty() { Case::ALL.to_vec() } else { named } {
        ratios.push((case, measure(case, peers, rounds)));
    }
    let mean = floors::mean(&ratios);
    println!("geometric mean of laminar, shuffled left out: {mean:.2}x");
    if words.iter().any(|w| w == "--check") && mean < 5.0 {
        eprintln!("FAIL: needed 5");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Prints a line of the table; yields our ratio to arrow-json.
fn measure(case: Case, peers: &[Peer], rounds: usize) -> f64 {
    let records = case.records_of(BYTES_PER_ROUND, RECORDS);
    let batches = records.batches(RECORDS);
    let partition: Arc<str> = case.name.into();
    let samples: Vec<Sample<'_>> = batches
        .iter()
        .map(|batch| {
            let mut offset = 0;
            let place = |(line, value): (usize, &&[u8])| {
                let metadata = SourceMetadata::at(Some(Arc::clone(&partition)), Some(offset), Some(line as u64 + 1));
                offset += value.len() as u64 + 1;
                RawRecord { metadata, ..RawRecord::new(*value) }
            };
            Sample { lines: batch.lines, records: batch.records.iter().enumerate().map(place).collect() }
        })
        .collect();
    for sample in &samples {
        let [reference, others @ ..] = PEERS.map(|peer| peer.infer(sample));
        let names = |schema: &Schema| schema.fields().iter().map(|f| f.name().clone()).collect::<BTreeSet<_>>();
        for (schema, count) in others {
            assert_eq!((names(&schema), count), (names(&reference.0), reference.1), "{}", case.name);
        }
    }
    let slices: Vec<(&[input::Batch<'_>], &[Sample<'_>])> = batches.chunks(1).zip(samples.chunks(1)).collect();
    let turns = Turns::take(
        &mut peers.to_vec(),
        &slices,
        rounds,
        |(batches, _)| input::bring_into_cache(batches),
        |peer, (_, samples)| samples.iter().for_each(|sample| drop(std::hint::black_box(peer.infer(sample)))),
    );
    print!("{:<10}", case.name);
    for peer in 0..peers.len() {
        let speed = records.num_bytes() as f64 / 1e6 / turns.seconds(peer);
        print!("{:>18}", format!("{speed:.0} ({:.2}x)", turns.ratio(peer, 0)));
    }
    println!();
    turns.ratio(peers.len().min(2) - 1, 0)
}
