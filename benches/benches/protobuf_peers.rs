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

use laminar_benches::{
    contest::{Arguments, Standings},
    input::BYTES_PER_ROUND,
    protobuf::Peer,
};
use laminar_gates::{
    floors::{self, Floor},
    protobuf::{NAMES, messages},
    turns::Turns,
};
use laminar_schema::RawBatch;

/// How many times as fast as the fastest peer our decoder must be: the geometric mean of all messages.
const NEEDED: f64 = 5.0;

fn main() -> ExitCode {
    let arguments = match Arguments::read(&NAMES, |name| *name, |_| true) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let Arguments { cases: names, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (times the peer, within a round)");
    let mut standings = Standings::default();
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
        let names: Vec<&str> = peers.iter().map(|peer| peer.name()).collect();
        standings.line(name, (num_bytes, num_rows), &names, &turns);
    }
    let means = standings.means();
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
