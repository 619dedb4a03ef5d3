//! The same decoders under criterion: for confidence intervals, and for comparing one decoder with its own past.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use laminar_benches::input::Case;
use laminar_benches::peers::peers;

const ROWS: usize = 1024;

fn json_decode(criterion: &mut Criterion) {
    for case in Case::ALL {
        let mut group = criterion.benchmark_group(case.name);
        let records = case.records(ROWS);
        let batches = records.batches(ROWS);
        group.throughput(Throughput::Bytes(records.num_bytes() as u64));
        for mut peer in peers(&case) {
            group.bench_function(BenchmarkId::from_parameter(peer.name()), |bencher| {
                bencher.iter(|| peer.decode(&batches[0]));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, json_decode);
criterion_main!(benches);
