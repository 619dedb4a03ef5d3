//! JSON decoders against each other, in one process and in turns, so that a noisy machine hits all of them alike.
//!
//! Usage: `cargo bench --bench json_peers -- [CASE …] [--rows N] [--rounds N]`
//!
//! Every peer decodes the same batches of records, and must find the same rows and values before anything is timed. What is
//! printed is the median of the rounds; a ratio is taken within each round, against arrow-json, and then its median.

use std::process::ExitCode;
use std::time::Instant;

use laminar_benches::answer::Answer;
use laminar_benches::input::{Batch, Case};
use laminar_benches::peers::{Peer, peers};

/// Enough for the records to come from beyond the second-level cache, as they do in a running engine.
const BYTES_PER_ROUND: usize = 8 << 20;

struct Arguments {
    cases: Vec<Case>,
    rows_per_batch: usize,
    rounds: usize,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    println!(
        "{} records per batch, {} rounds; MB/s (ratio to arrow-json)",
        arguments.rows_per_batch, arguments.rounds
    );
    let mut ratios: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for case in &arguments.cases {
        let rows = (BYTES_PER_ROUND / case.workload.mean_record_bytes())
            .next_multiple_of(arguments.rows_per_batch);
        let records = case.records(rows);
        let batches = records.batches(arguments.rows_per_batch);
        let mut peers = peers(case);
        assert_same_answers(&mut peers, &batches);

        let seconds = time_in_turns(&mut peers, &batches, arguments.rounds);
        print!("{:<10}", case.name);
        for (i, peer) in peers.iter().enumerate() {
            let speed = records.num_bytes() as f64 / 1e6 / median(seconds[i].clone());
            let ratio = median(
                seconds[0]
                    .iter()
                    .zip(&seconds[i])
                    .map(|(first, own)| first / own)
                    .collect(),
            );
            print!("  {} {speed:.0} ({ratio:.2}×)", peer.name());
            match ratios.iter_mut().find(|(name, _)| *name == peer.name()) {
                Some((_, list)) => list.push(ratio),
                None => ratios.push((peer.name(), vec![ratio])),
            }
        }
        println!();
    }
    print!("{:<10}", "geo. mean");
    for (name, list) in &ratios {
        let mean = (list.iter().map(|ratio| ratio.ln()).sum::<f64>() / list.len() as f64).exp();
        print!("  {name} {mean:.2}×");
    }
    println!();
    ExitCode::SUCCESS
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        cases: Vec::new(),
        rows_per_batch: 1024,
        rounds: 15,
    };
    while let Some(word) = words.next() {
        let mut number = || {
            words
                .next()
                .and_then(|n| n.parse().ok())
                .filter(|&n| n > 0)
                .ok_or(format!("{word} needs a number"))
        };
        match word.as_str() {
            // Cargo passes it to every benchmark.
            "--bench" => {}
            "--rows" => arguments.rows_per_batch = number()?,
            "--rounds" => arguments.rounds = number()?,
            name => {
                let case = Case::ALL.into_iter().find(|case| case.name == name);
                let names = Case::ALL.map(|case| case.name).join(" ");
                arguments
                    .cases
                    .push(case.ok_or(format!("no case `{name}`; there are: {names}"))?);
            }
        }
    }
    if arguments.cases.is_empty() {
        arguments.cases = Case::ALL.to_vec();
    }
    Ok(arguments)
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

/// Seconds per peer and round. The first round only warms up.
fn time_in_turns(
    peers: &mut [Box<dyn Peer>],
    batches: &[Batch<'_>],
    rounds: usize,
) -> Vec<Vec<f64>> {
    let expected: usize = batches.iter().map(|batch| batch.records.len()).sum();
    let mut seconds = vec![Vec::with_capacity(rounds); peers.len()];
    for round in 0..=rounds {
        for (peer, seconds) in peers.iter_mut().zip(&mut seconds) {
            let start = Instant::now();
            let rows: usize = batches.iter().map(|batch| peer.decode(batch)).sum();
            let elapsed = start.elapsed().as_secs_f64();
            assert_eq!(rows, expected, "{}", peer.name());
            if round > 0 {
                seconds.push(elapsed);
            }
        }
    }
    seconds
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
