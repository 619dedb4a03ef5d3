//! Hard numbers through every JSON engine into DOUBLE and FLOAT, bit by bit against the standard library's parser.
//! `scripts/fuzz_floats` builds and runs it.
//!
//! usage: json_floats NUMBERS [SEED]; exit code: 0 clean, 1 a wrong number, 2 wrong usage.

use std::{env, process::ExitCode, time::Instant};

use laminar_fuzz::differ::floats::Floats;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let numbers = arguments.next().and_then(|text| text.parse::<u64>().ok());
    let seed = arguments.next().map_or(Some(1), |text| text.parse().ok());
    let (Some(numbers), Some(seed)) = (numbers, seed) else {
        eprintln!("usage: json_floats NUMBERS [SEED]");
        return ExitCode::from(2);
    };
    let engines: Vec<_> = laminar_formats::json::JsonEngine::available().collect();
    println!("json_floats: {engines:?} and std, seed {seed}");
    let (started, mut floats, mut done) = (Instant::now(), Floats::new(seed), 0);
    while done < numbers {
        match floats.run() {
            Ok(count) => done += count as u64,
            Err(what) => {
                eprintln!("FINDING (seed {seed}, after {done} numbers): {what}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "json_floats: {done} numbers into DOUBLE and FLOAT in {:.1} s, all as std",
        started.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
