//! Avro decoders against each other, in one process and in turns, so that a noisy machine hits all of them alike.
//!
//! Usage: `cargo bench --bench avro_peers -- [CASE …] [--rows N] [--rounds N] [--check]`;
//! `--no-default-features --features avro-peers` builds no other peer's crates. `--check` exits with 1 below the floor
//! of the mean.
//!
//! Every decoder turns the same bytes into the same columns; before anything is timed, the batches are compared. What is
//! printed is the median of the rounds, of the thread's time on a processor; a ratio is taken within each round, and then
//! its median.

use std::{hint::black_box, process::ExitCode};

use laminar_benches::{
    avro::{self, Messages, Peer, plain},
    input::BYTES_PER_ROUND,
};
use laminar_gates::{
    avro::AvroCase,
    floors::{self, Floor},
    turns::{Turns, geometric_mean},
};

/// How many times as fast as each peer our decoder must be: the geometric mean of all cases.
const NEEDED: [(&str, f64); 2] = [("arrow-avro", 2.0), ("apache-avro", 10.0)];

struct Arguments {
    cases: Vec<AvroCase>,
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
    let Arguments { cases, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (times the peer, within a round)");
    let mut ratios: Vec<Vec<f64>> = Vec::new();
    for case in &cases {
        let bytes_per_row = case.messages(100).concat().len() / 100;
        let num_rows = (BYTES_PER_ROUND / bytes_per_row).next_multiple_of(rows_per_batch);
        let messages = case.messages(num_rows);
        let batches: Vec<Messages> = messages.chunks(rows_per_batch).map(Messages::new).collect();
        let mut peers = avro::peers(case, rows_per_batch);
        for batch in &batches {
            assert_same_columns(&mut peers, batch);
        }
        let num_bytes: usize = messages.iter().map(Vec::len).sum();
        let turns = Turns::take(&mut peers, &batches, rounds, bring_into_cache, |peer, batch| peer.run(batch));
        let ours = peers.len() - 1;
        print!("{:<10} {:>5} bytes per row", case.name, num_bytes / num_rows);
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
    let floors: Vec<Floor> =
        NEEDED.iter().zip(&means).map(|((peer, needed), mean)| Floor::new(*peer, *mean, *needed)).collect();
    if check && !floors::print_all(&floors) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Reads every byte of the batch: a source has just written the records that an engine decodes.
fn bring_into_cache(batch: &Messages) {
    let records = (0..batch.raw.len()).map(|record| batch.raw.value(record));
    black_box(records.flatten().chain(&batch.stream).fold(0_u8, |sum, byte| sum ^ byte));
}

fn assert_same_columns(peers: &mut [Box<dyn Peer>], batch: &Messages) {
    let batches: Vec<_> = peers.iter_mut().map(|peer| plain(&peer.decode(batch))).collect();
    for (peer, found) in peers.iter().zip(&batches) {
        // Not `assert_eq!`, which would print megabytes.
        assert!(*found == batches[0], "{} disagrees with {}", peer.name(), peers[0].name());
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let all = AvroCase::ALL.into_iter();
    let mut arguments = Arguments { cases: Vec::new(), rows_per_batch: 1024, rounds: 15, check: false };
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
            name => {
                let case = all.clone().find(|case| case.name == name);
                let names: Vec<_> = all.clone().map(|case| case.name).collect();
                arguments.cases.push(case.ok_or(format!("no case `{name}`; there are: {}", names.join(" ")))?);
            }
        }
    }
    if arguments.cases.is_empty() {
        arguments.cases = all.collect();
    } else if arguments.check {
        return Err("a check is of all cases: name none".to_owned());
    }
    Ok(arguments)
}
