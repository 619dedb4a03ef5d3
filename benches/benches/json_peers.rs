//! JSON decoders against each other, in one process and in turns, so that a noisy machine hits all of them alike.
//!
//! Usage: `cargo bench --bench json_peers -- [CASE …] [--rows N[,N…]] [--rounds N] [--check | --check-portable]`
//!
//! Every peer decodes the same batches of records, and must find the same rows and values before anything is timed. What is
//! printed is the median of the rounds; a ratio is taken within each round, against arrow-json, and then its median.
//!
//! Several batch sizes leave out the peers that are not ours, arrow-json aside. `--check` prints the floors of the default
//! engine and exits with 1 below one of them; `--check-portable` those of a build without AVX2.

use std::process::ExitCode;

use laminar_benches::{
    answer::Answer,
    input::{self, BYTES_PER_ROUND, Batch, Case},
    peers::{self, ARROW_JSON, LAMINAR, Peer},
};
use laminar_formats::json::JsonEngine;
use laminar_gates::{
    floors::{self, Floor},
    turns::Turns,
};

/// The batch size of the headline, and of every floor but the one against cliffs.
const ROWS: usize = 1024;

struct Arguments {
    cases: Vec<Case>,
    rows_per_batch: Vec<usize>,
    rounds: usize,
    check: Check,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Nothing,
    Default,
    Portable,
}

/// One case at one batch size, measured.
struct Measured {
    case: Case,
    rows_per_batch: usize,
    num_bytes: usize,
    peers: Vec<String>,
    turns: Turns,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let engines: Vec<String> = JsonEngine::available().map(|engine| format!("{engine:?}")).collect();
    println!("our engines: {}; `{LAMINAR}` is the default one, {:?}", engines.join(", "), JsonEngine::best());
    println!(
        "median of {} rounds: MB/s (ratio to {ARROW_JSON}, within a round), of one thread's time",
        arguments.rounds
    );

    let mut all = Vec::new();
    for &rows_per_batch in &arguments.rows_per_batch {
        let with_every_peer = arguments.rows_per_batch.len() == 1;
        let mut measured = Vec::new();
        for case in &arguments.cases {
            let one = measure(*case, rows_per_batch, arguments.rounds, with_every_peer);
            if measured.is_empty() {
                print_head(&one);
            }
            print_case(&one);
            measured.push(one);
        }
        print_mean(&measured);
        all.extend(measured);
    }
    let floors = match arguments.check {
        Check::Nothing => return ExitCode::SUCCESS,
        Check::Default => default_floors(&all),
        Check::Portable => portable_floors(&all),
    };
    println!();
    if floors::print_all(&floors) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { cases: Vec::new(), rows_per_batch: vec![ROWS], rounds: 15, check: Check::Nothing };
    while let Some(word) = words.next() {
        let mut numbers = || -> Result<Vec<usize>, String> {
            let list = words.next().unwrap_or_default();
            let numbers: Option<Vec<usize>> = list.split(',').map(|n| n.parse().ok().filter(|&n| n > 0)).collect();
            numbers.ok_or(format!("{word} needs numbers above 0, found `{list}`"))
        };
        match word.as_str() {
            // Cargo passes it to every benchmark.
            "--bench" => {}
            "--rows" => arguments.rows_per_batch = numbers()?,
            "--rounds" => arguments.rounds = numbers()?[0],
            "--check" => arguments.check = Check::Default,
            "--check-portable" => arguments.check = Check::Portable,
            name => {
                let case = Case::ALL.into_iter().find(|case| case.name == name);
                let names = Case::ALL.map(|case| case.name).join(" ");
                arguments.cases.push(case.ok_or(format!("no case `{name}`; there are: {names}"))?);
            }
        }
    }
    if arguments.cases.is_empty() {
        arguments.cases = Case::ALL.to_vec();
    } else if arguments.check != Check::Nothing {
        return Err("a check is of all cases: name none".to_owned());
    }
    Ok(arguments)
}

fn measure(case: Case, rows_per_batch: usize, rounds: usize, with_every_peer: bool) -> Measured {
    let records = case.records_of(BYTES_PER_ROUND, rows_per_batch);
    let batches = records.batches(rows_per_batch);
    let mut peers = if with_every_peer { peers::peers(&case) } else { peers::arrow_json_and_ours(&case) };
    assert_same_answers(&mut peers, &batches);

    let slices = input::turns(&batches);
    let turns = Turns::take(
        &mut peers,
        &slices,
        rounds,
        |slice| input::bring_into_cache(slice),
        |peer, slice| {
            let rows: usize = slice.iter().map(|batch| peer.decode(batch)).sum();
            assert_eq!(rows, slice.iter().map(|batch| batch.records.len()).sum::<usize>(), "{}", peer.name());
        },
    );
    let peers = peers.iter().map(|peer| peer.name().to_owned()).collect();
    Measured { case, rows_per_batch, num_bytes: records.num_bytes(), peers, turns }
}

fn assert_same_answers(peers: &mut [Box<dyn Peer>], batches: &[Batch<'_>]) {
    let mut answers = peers.iter_mut().map(|peer| {
        let mut answer = Answer::default();
        for batch in batches {
            peer.answer(batch, &mut answer);
        }
        (peer.name(), answer)
    });
    let (_, reference) = answers.next().expect("there is a first peer");
    for (name, answer) in answers {
        reference.assert_agrees(&answer, name);
    }
}

impl Measured {
    /// How many times as fast as another peer the default engine is; NaN if that peer was left out.
    fn default_engine_to(&self, peer: &str) -> f64 {
        let index = |name| self.peers.iter().position(|known| known == name);
        match (index(LAMINAR), index(peer)) {
            (Some(own), Some(peer)) => self.turns.ratio(own, peer),
            _ => f64::NAN,
        }
    }
}

fn print_head(measured: &Measured) {
    print!("\n{:<10} {:>5}", "case", "rows");
    for peer in &measured.peers {
        print!("{peer:>17}");
    }
    println!();
}

fn print_case(measured: &Measured) {
    print!("{:<10} {:>5}", measured.case.name, measured.rows_per_batch);
    for peer in 0..measured.peers.len() {
        let speed = measured.num_bytes as f64 / 1e6 / measured.turns.seconds(peer);
        print!("{:>17}", format!("{speed:.0} ({:.2}x)", measured.turns.ratio(peer, 0)));
    }
    println!();
}

fn print_mean(measured: &[Measured]) {
    print!("{:<16}", "geometric mean");
    for peer in 0..measured[0].peers.len() {
        let ratios: Vec<_> = measured.iter().map(|one| (one.case, one.turns.ratio(peer, 0))).collect();
        print!("{:>17}", format!("({:.2}x)", floors::mean(&ratios)));
    }
    println!();
    if measured.iter().any(|one| !one.case.counts_in_mean()) {
        println!("  shuffled is wide with keys in random order and 5 % of them missing; the mean is of the others");
    }
}

fn ratios(measured: &[Measured], peer: &str, rows_per_batch: usize) -> Vec<(Case, f64)> {
    let of_size = measured.iter().filter(|one| one.rows_per_batch == rows_per_batch);
    of_size.map(|one| (one.case, one.default_engine_to(peer))).collect()
}

/// What the default engine must reach on a machine with AVX2.
fn default_floors(measured: &[Measured]) -> Vec<Floor> {
    let mut floors = Vec::new();
    let mut sizes: Vec<usize> = measured.iter().map(|one| one.rows_per_batch).collect();
    sizes.dedup();
    for &rows in &sizes {
        let ratios = ratios(measured, ARROW_JSON, rows);
        let slowest = ratios.iter().min_by(|(_, left), (_, right)| left.total_cmp(right));
        if let (Some((case, ratio)), true) = (slowest, sizes.len() > 1) {
            floors.push(Floor::new(format!("{rows} rows per batch, at worst ({})", case.name), *ratio, 1.0));
        }
        if rows == ROWS {
            floors.extend(floors::against_arrow_json(&ratios));
        }
    }
    #[cfg(feature = "every-peer")]
    if sizes == [ROWS] {
        let to_laminardb = ratios(measured, peers::LAMINARDB, ROWS);
        floors.push(Floor::new("geometric mean to LaminarDB", floors::mean(&to_laminardb), 9.0));
        for peer in [peers::SIMD_JSON_TAPE, peers::SONIC_STRUCT] {
            let workloads = ratios(measured, peer, ROWS).into_iter().filter(|(case, _)| case.counts_in_mean());
            floors.extend(workloads.map(|(case, ratio)| Floor::new(format!("{} to {peer}", case.name), ratio, 1.0)));
        }
    }
    floors
}

/// What the default engine must reach on every other machine.
fn portable_floors(measured: &[Measured]) -> Vec<Floor> {
    if JsonEngine::available().any(|engine| format!("{engine:?}") == "Avx2") {
        eprintln!("error: this build has the AVX2 engine: build it with RUSTFLAGS=\"--cfg laminar_no_avx2\"");
        return Vec::new();
    }
    let mean = floors::mean(&ratios(measured, ARROW_JSON, ROWS));
    vec![Floor::new("geometric mean to arrow-json, without AVX2", mean, 1.3)]
}
