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
    contest::{Arguments, Standings},
    input::BYTES_PER_ROUND,
};
use laminar_gates::{
    avro::AvroCase,
    floors::{self, Floor},
    turns::Turns,
};

/// How many times as fast as each peer our decoder must be: the geometric mean of all cases.
const NEEDED: [(&str, f64); 2] = [("arrow-avro", 2.0), ("apache-avro", 10.0)];

fn main() -> ExitCode {
    let arguments = match Arguments::read(&AvroCase::ALL, |case| case.name, |_| true) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let Arguments { cases, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (times the peer, within a round)");
    let mut standings = Standings::default();
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
        let names: Vec<&str> = peers.iter().map(|peer| peer.name()).collect();
        standings.line(case.name, (num_bytes, num_rows), &names, &turns);
    }
    let means = standings.means();
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
