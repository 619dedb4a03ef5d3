//! Instruction counts under callgrind, gated by the limits in this file.
//!
//! A count is the same on every machine that runs the same binary, so a limit is absolute and lives here: a missing
//! baseline would only be created, not failed. Limits are instructions per byte of input, about 3 % above what was
//! measured; lower them with every improvement. What is counted is one batch of 1,024 records, warm.
//!
//! Run it with `cargo bench --bench instructions`; see README.md for the runner that it needs.

use arrow_array::RecordBatch;
use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind, main};
use laminar_benches::input::{Batch, Case};
use laminar_benches::peers::ArrowJson;
use laminar_connector_generator::workload::{Workload, WorkloadGenerator};

const ROWS: usize = 1024;

fn case(name: &str) -> Case {
    Case::ALL
        .into_iter()
        .find(|case| case.name == name)
        .expect("a name out of `Case::ALL`")
}

/// Fails the benchmark above this many instructions per byte of the case's batch.
fn at_most(instructions_per_byte: f64, name: &str) -> LibraryBenchmarkConfig {
    let bytes = case(name).records(ROWS).num_bytes();
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, (instructions_per_byte * bytes as f64) as u64)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// A generator, and a buffer that is large enough for the batch.
fn warm_generator(name: &str) -> (WorkloadGenerator, Vec<u8>) {
    let mut generator = Workload::parse(name).expect("a workload").generator(42);
    let mut out = Vec::new();
    generate_batch(&mut generator, &mut out);
    generator.seek(0);
    (generator, out)
}

fn generate_batch(generator: &mut WorkloadGenerator, out: &mut Vec<u8>) {
    out.clear();
    for _ in 0..ROWS {
        generator.write_record(out);
        out.push(b'\n');
    }
}

#[library_benchmark(setup = warm_generator)]
#[bench::trades(args = ("trades"), config = at_most(22.8, "trades"))]
#[bench::wide(args = ("wide"), config = at_most(15.9, "wide"))]
#[bench::nested(args = ("nested"), config = at_most(15.0, "nested"))]
#[bench::escapes(args = ("escapes"), config = at_most(13.7, "escapes"))]
#[bench::floats(args = ("floats"), config = at_most(48.0, "floats"))]
fn generate(
    (mut generator, mut out): (WorkloadGenerator, Vec<u8>),
) -> (WorkloadGenerator, Vec<u8>) {
    generate_batch(&mut generator, &mut out);
    (generator, out)
}

/// A decoder that has seen the batch once. The batch lives as long as the process that counts it.
fn warm_arrow_json(name: &str) -> (ArrowJson, Batch<'static>) {
    let case = case(name);
    let records = Box::leak(Box::new(case.records(ROWS)));
    let batch = records.batches(ROWS).remove(0);
    let mut decoder = ArrowJson::new(&case);
    decoder.decode_batch(&batch);
    (decoder, batch)
}

// For comparison only: a peer has no limit.
#[library_benchmark(setup = warm_arrow_json)]
#[bench::trades("trades")]
#[bench::wide("wide")]
#[bench::nested("nested")]
#[bench::projected("projected")]
#[bench::escapes("escapes")]
#[bench::floats("floats")]
fn arrow_json((mut decoder, batch): (ArrowJson, Batch<'static>)) -> (ArrowJson, Batch<'static>, RecordBatch) {
    let decoded = decoder.decode_batch(&batch);
    (decoder, batch, decoded)
}

library_benchmark_group!(name = instructions, benchmarks = [generate, arrow_json]);
main!(library_benchmark_groups = instructions);
