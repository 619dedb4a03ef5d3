//! Protobuf decoders against each other, in one process and in turns, so that a noisy machine hits all of them alike.
//!
//! Usage: `cargo bench --bench protobuf_peers -- [MESSAGE …] [--rows N] [--rounds N] [--check]`;
//! `--no-default-features --features protobuf-peers` builds no other peer's crates. `--check` exits with 1 below the floor
//! of the mean.
//!
//! Every decoder turns the same bytes into the same columns; before anything is timed, the batches are compared. What is
//! printed is the median of the rounds, of the thread's time on a processor; a ratio is taken within each round, and then
//! its median.

use std::{hint::black_box, process::ExitCode};

use laminar_benches::{input::BYTES_PER_ROUND, protobuf::Peer};
use laminar_gates::{
    floors::{self, Floor},
    protobuf::{NAMES, messages},
    turns::{Turns, geometric_mean},
};
use laminar_schema::RawBatch;

/// How many times as fast as the fastest peer our decoder must be: the geometric mean of all messages.
const NEEDED: f64 = 5.0;

struct Arguments {
    names: Vec<String>,
    rows_per_batch: usize,
    rounds: usize,
    check: bool,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let Arguments { names, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (times the peer, within a round)");
    let mut ratios: Vec<Vec<f64>> = Vec::new();
    for name in &names {
        let sample: usize = messages(name, 100).records.iter().map(Vec::len).sum();
        let num_rows = (BYTES_PER_ROUND * 100 / sample).next_multiple_of(rows_per_batch);
        let messages = messages(name, num_rows);
        let records = &messages.records;
        let batches: Vec<RawBatch> = records.chunks(rows_per_batch).map(RawBatch::from_values).collect();
        let mut peers = Peer::both(&messages);
        for batch in &batches {
            assert_same_columns(&mut peers, batch);
        }
        let num_bytes: usize = records.iter().map(Vec::len).sum();
        let turns = Turns::take(&mut peers, &batches, rounds, bring_into_cache, |peer, batch| peer.run(batch));
        let ours = peers.len() - 1;
        print!("{name:<10} {:>5} bytes per row", num_bytes / num_rows);
        ratios.resize(ours, Vec::new());
        for (index, peer) in peers.iter().enumerate() {
            print!("  {} {:.0}", peer.name(), num_bytes as f64 / 1e6 / turns.seconds(index));
            if index < ours {
                ratios[index].push(turns.ratio(ours, index));
                print!(" ({:.2}x)", turns.ratio(ours, index));
            }
        }
        println!();
    }
    let means: Vec<f64> = ratios.iter().map(|ratios| geometric_mean(ratios)).collect();
    let shown: Vec<String> = means.iter().map(|mean| format!("{mean:.2}x")).collect();
    println!("geometric means {}", shown.join(", "));
    let least = means.iter().copied().fold(f64::INFINITY, f64::min);
    if check && !floors::print_all(&[Floor::new("geometric mean to the fastest peer", least, NEEDED)]) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Reads every byte of the batch: a source has just written the records that an engine decodes.
fn bring_into_cache(batch: &RawBatch) {
    let records = (0..batch.len()).map(|record| batch.value(record));
    black_box(records.flatten().fold(0_u8, |sum, byte| sum ^ byte));
}

fn assert_same_columns(peers: &mut [Peer], batch: &RawBatch) {
    let batches: Vec<_> = peers.iter_mut().map(|peer| peer.decode(batch)).collect();
    for (peer, found) in peers.iter().zip(&batches) {
        // Not `assert_eq!`, which would print megabytes.
        assert!(found.columns() == batches[0].columns(), "{} disagrees with {}", peer.name(), peers[0].name());
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { names: Vec::new(), rows_per_batch: 1024, rounds: 15, check: false };
    while let Some(word) = words.next() {
        let mut number = || {
            let number = words.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
            number.ok_or(format!("{word} needs a number above 0"))
        };
        match word.as_str() {
            // Cargo passes it to every benchmark.
            "--bench" => {}
            "--rows" => arguments.rows_per_batch = number()?,
            "--rounds" => arguments.rounds = number()?,
            "--check" => arguments.check = true,
            name if NAMES.contains(&name) => arguments.names.push(word),
            name => return Err(format!("no message `{name}`; there are: {}", NAMES.join(" "))),
        }
    }
    if arguments.names.is_empty() {
        arguments.names = NAMES.map(str::to_owned).to_vec();
    } else if arguments.check {
        return Err("a check is of all messages: name none".to_owned());
    }
    Ok(arguments)
}
