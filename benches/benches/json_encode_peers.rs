//! JSON encoders against each other, in one process and in turns, so that a noisy machine hits all of them alike.
//!
//! Usage: `cargo bench --bench json_encode_peers -- [CASE …] [--rows N] [--rounds N] [--check]`;
//! `--no-default-features` builds no other peer's crates. `--check` exits with 1 below the floor of the mean.
//!
//! Every encoder writes the same rows of the workloads, nulls included, into memory that it keeps. Before anything is
//! timed, each record of ours and of arrow-json's line-delimited writer is parsed, and both must be the same value. What
//! is printed is the median of the rounds, of the thread's time on a processor; a ratio is taken within each round, and
//! then its median.

use std::{hint::black_box, process::ExitCode};

use arrow_array::{Array, RecordBatch};
use arrow_data::ArrayData;
use arrow_json::writer::{LineDelimited, WriterBuilder};
use laminar_benches::{
    contest::Arguments,
    input::{BYTES_PER_ROUND, Case},
};
use laminar_formats::json::JsonEncoder;
use laminar_gates::{
    decoders, encoders,
    floors::{self, Floor},
    turns::{Turns, geometric_mean},
};
use laminar_schema::{EncodedBatch, FormatEncoder};

/// How many times as fast as arrow-json's writer our encoder must be: the geometric mean of all cases.
const NEEDED: f64 = 3.0;

/// An encoder, and the memory that it writes into.
enum Peer {
    ArrowJson(Vec<u8>),
    Laminar(Box<JsonEncoder>, EncodedBatch),
}

impl Peer {
    fn encode(&mut self, batch: &RecordBatch) -> usize {
        match self {
            Self::ArrowJson(lines) => {
                lines.clear();
                let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut *lines);
                writer.write(batch).expect("arrow-json writes every type of the workloads");
                writer.finish().expect("memory takes everything");
                drop(writer);
                black_box(lines).len()
            }
            Self::Laminar(encoder, out) => {
                out.clear();
                encoder.encode(batch, out).expect("we write every type of the workloads");
                black_box(out).num_bytes()
            }
        }
    }
}

fn main() -> ExitCode {
    // The same rows as wide's, whatever the order of the keys that they were read from.
    let cases: Vec<Case> = Case::ALL.into_iter().filter(|case| !case.shuffled).collect();
    let arguments = match Arguments::read(&cases, |case| case.name, |_| true) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let Arguments { cases, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (ratio to arrow-json, within a round)");
    println!("{:<10} {:>14} {:>14} {:>18}", "case", "bytes per row", "arrow-json", "laminar");
    let mut ratios = Vec::new();
    for case in &cases {
        let num_rows = (BYTES_PER_ROUND / case.workload.mean_record_bytes()).next_multiple_of(rows_per_batch);
        let rows = decoders::json(case, num_rows).decode().batch;
        let batches: Vec<_> = (0..num_rows).step_by(rows_per_batch).map(|at| rows.slice(at, rows_per_batch)).collect();
        let mut peers =
            [Peer::ArrowJson(Vec::new()), Peer::Laminar(Box::new(encoders::encoder(case)), EncodedBatch::new())];
        let num_bytes: usize = batches.iter().map(|batch| assert_same_values(&mut peers, batch)).sum();
        let turns = Turns::take(&mut peers, &batches, rounds, bring_into_cache, |peer, batch| {
            black_box(peer.encode(batch));
        });
        let speed = |peer| num_bytes as f64 / 1e6 / turns.seconds(peer);
        let ours = format!("{:.0} ({:.2}x)", speed(1), turns.ratio(1, 0));
        println!("{:<10} {:>14} {:>14.0} {ours:>18}", case.name, num_bytes / num_rows, speed(0));
        ratios.push(turns.ratio(1, 0));
    }
    let mean = geometric_mean(&ratios);
    println!("geometric mean {mean:.2}x");
    if check && !floors::print_all(&[Floor::new("geometric mean to arrow-json's writer", mean, NEEDED)]) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Reads the columns, so that nobody's turn pays for bringing them in.
fn bring_into_cache(batch: &RecordBatch) {
    fn read(data: &ArrayData) {
        for buffer in data.buffers() {
            black_box(buffer.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        }
        data.child_data().iter().for_each(read);
    }
    batch.columns().iter().for_each(|column| read(&column.to_data()));
}

/// Compares what the peers write of a batch, and returns how much of it there is.
fn assert_same_values(peers: &mut [Peer; 2], batch: &RecordBatch) -> usize {
    for peer in &mut *peers {
        peer.encode(batch);
    }
    let [Peer::ArrowJson(lines), Peer::Laminar(_, records)] = peers else { unreachable!("in this order") };
    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!((lines.len(), records.len()), (batch.num_rows(), batch.num_rows()));
    for (theirs, ours) in lines.into_iter().zip(records.iter()) {
        let value = |text| serde_json::from_slice::<serde_json::Value>(text).expect("both write JSON");
        assert_eq!(value(theirs), value(ours));
    }
    records.num_bytes()
}
