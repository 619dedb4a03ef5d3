//! What the benchmarks beside peers have in common: their arguments, and the table that they print.

use std::process::ExitCode;

use laminar_gates::turns::{Turns, geometric_mean};

/// What a benchmark is told: `[CASE …] [--rows N] [--rounds N] [--check]`.
pub struct Arguments<C> {
    pub cases: Vec<C>,
    pub rows_per_batch: usize,
    pub rounds: usize,
    pub check: bool,
}

impl<C: Clone> Arguments<C> {
    /// Reads the process's words. `all` are the cases by their names; where none is named, those are taken that `counts`.
    ///
    /// # Errors
    /// The exit code for wrong words, once it has been said what is wrong with them.
    pub fn read(all: &[C], name: impl Fn(&C) -> &str, counts: impl Fn(&C) -> bool) -> Result<Self, ExitCode> {
        Self::parse(std::env::args().skip(1), all, name, counts).map_err(|message| {
            eprintln!("error: {message}");
            ExitCode::from(2)
        })
    }

    fn parse(
        mut words: impl Iterator<Item = String>,
        all: &[C],
        name: impl Fn(&C) -> &str,
        counts: impl Fn(&C) -> bool,
    ) -> Result<Self, String> {
        let mut arguments = Self { cases: Vec::new(), rows_per_batch: 1024, rounds: 15, check: false };
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
                named => {
                    let case = all.iter().find(|case| name(case) == named);
                    let names: Vec<_> = all.iter().map(&name).collect();
                    let unknown = || format!("no case `{named}`; there are: {}", names.join(" "));
                    arguments.cases.push(case.ok_or_else(unknown)?.clone());
                }
            }
        }
        if arguments.cases.is_empty() {
            arguments.cases = all.iter().filter(|case| counts(case)).cloned().collect();
        } else if arguments.check {
            return Err("a check is of all cases: name none".to_owned());
        }
        Ok(arguments)
    }
}

/// How many times as fast as each peer we are, case by case. We come last among the competitors.
#[derive(Default)]
pub struct Standings(Vec<Vec<f64>>);

impl Standings {
    /// Prints a case's line: every competitor's speed, and ours as a multiple of each peer's.
    pub fn line(&mut self, case: &str, (num_bytes, num_rows): (usize, usize), names: &[&str], turns: &Turns) {
        let ours = names.len() - 1;
        self.0.resize(ours, Vec::new());
        print!("{case:<10} {:>5} bytes per row", num_bytes / num_rows);
        for (index, name) in names.iter().enumerate() {
            print!("  {name} {:.0}", num_bytes as f64 / 1e6 / turns.seconds(index));
            if index < ours {
                self.0[index].push(turns.ratio(ours, index));
                print!(" ({:.2}x)", turns.ratio(ours, index));
            }
        }
        println!();
    }

    /// Prints and yields the geometric mean of each peer.
    pub fn means(&self) -> Vec<f64> {
        let means: Vec<f64> = self.0.iter().map(|ratios| geometric_mean(ratios)).collect();
        let shown: Vec<String> = means.iter().map(|mean| format!("{mean:.2}x")).collect();
        println!("geometric means {}", shown.join(", "));
        means
    }
}
