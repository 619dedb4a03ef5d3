//! Our JSON decoder beside arrow-json, in a crate that knows nothing of either's build flags.
//!
//! Usage: `downstream-json [--check] [--rounds N]`. With `--check` it exits with 1 if the default engine misses a floor.

use std::{hint::black_box, process::ExitCode};

use arrow_array::RecordBatch;
use arrow_json::{ReaderBuilder, reader::Decoder};
use laminar_formats::json::{JsonDecoder, JsonEngine};
use laminar_gates::{
    decoders,
    floors::{self, Floor},
    input::{self, BYTES_PER_ROUND, Batch, Case},
    turns::Turns,
};
use laminar_schema::FormatDecoder;

const ROWS: usize = 1024;

enum Peer {
    ArrowJson(Box<Decoder>),
    Laminar(Box<JsonDecoder>),
}

impl Peer {
    fn decode(&mut self, batch: &Batch<'_>) -> RecordBatch {
        match self {
            Self::ArrowJson(decoder) => {
                let consumed = decoder.decode(batch.lines).expect("the records are valid");
                assert_eq!(consumed, batch.lines.len());
                decoder.flush().expect("the records fit the schema").expect("a batch has records")
            }
            Self::Laminar(decoder) => {
                let decoded = decoder.decode(&batch.raw).expect("the batch fits into its columns");
                assert!(decoded.rejected.is_empty(), "the records are valid");
                decoded.batch
            }
        }
    }
}

/// How many times as fast as arrow-json each engine is, in the order of [`JsonEngine::available`].
fn measure(case: &Case, rounds: usize) -> Vec<f64> {
    let records = case.records_of(BYTES_PER_ROUND, ROWS);
    let batches = records.batches(ROWS);
    let builder = ReaderBuilder::new(case.schema()).with_batch_size(1 << 16);
    let arrow_json = builder.build_decoder().expect("arrow-json supports every type of the workloads");
    let ours = JsonEngine::available().map(|engine| Box::new(decoders::json_decoder(case.schema(), engine)));
    let mut peers = vec![Peer::ArrowJson(Box::new(arrow_json))];
    peers.extend(ours.map(Peer::Laminar));

    for batch in &batches {
        let reference = peers[0].decode(batch);
        for peer in &mut peers[1..] {
            assert!(peer.decode(batch) == reference, "{}: the values differ from arrow-json's", case.name);
        }
    }
    let slices = input::turns(&batches);
    let turns = Turns::take(
        &mut peers,
        &slices,
        rounds,
        |slice| input::bring_into_cache(slice),
        |peer, slice| slice.iter().for_each(|batch| drop(black_box(peer.decode(batch)))),
    );
    (1..peers.len()).map(|peer| turns.ratio(peer, 0)).collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.iter().position(|word| word == "--rounds");
    let rounds = rounds.and_then(|at| arguments.get(at + 1)).map_or(Ok(15), |number| number.parse());
    let Ok(rounds @ 1..) = rounds else {
        eprintln!("error: --rounds needs a number above 0");
        return ExitCode::from(2);
    };
    let engines: Vec<JsonEngine> = JsonEngine::available().collect();
    let default = engines.iter().position(|&engine| engine == JsonEngine::best()).expect("the best is available");
    let built_for = if cfg!(target_feature = "avx2") { "AVX2 by flags" } else { "any x86-64: no flags" };
    println!(
        "ratio to arrow-json, median of {rounds} rounds; built for {built_for}; default engine {:?}",
        engines[default]
    );

    let mut measured = Vec::new();
    for case in Case::ALL {
        measured.push((case, measure(&case, rounds)));
    }
    let of_engine = |index: usize| measured.iter().map(|(case, ratios)| (*case, ratios[index])).collect::<Vec<_>>();
    for (index, engine) in engines.iter().enumerate() {
        print!("{:<9}", format!("{engine:?}"));
        for (case, ratio) in of_engine(index) {
            print!("  {} {ratio:.2}x", case.name);
        }
        println!("  mean {:.2}x", floors::mean(&of_engine(index)));
    }
    if !arguments.iter().any(|word| word == "--check") {
        return ExitCode::SUCCESS;
    }
    let mut kept = floors::against_arrow_json(&of_engine(default));
    // In a build of no flags, the portable engine is what a machine without AVX2 runs.
    let portable = engines.iter().position(|&engine| engine == JsonEngine::Portable).expect("every machine can run it");
    kept.push(Floor::new("geometric mean to arrow-json, portable engine", floors::mean(&of_engine(portable)), 1.3));
    if floors::print_all(&kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
