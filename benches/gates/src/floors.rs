//! How fast the default JSON engine must be, as ratios to its peers.

use std::fmt;

use crate::{input::Case, turns::geometric_mean};

/// The slowest that a workload may be, as a ratio to arrow-json.
const SLOWEST: f64 = 2.2;
/// What some cases must reach beyond that.
const BY_CASE: [(&str, f64); 2] = [("projected", 4.0), ("shuffled", 2.5)];

/// A ratio that was measured, and what it must be.
#[derive(Debug)]
pub struct Floor {
    what: String,
    measured: f64,
    needed: f64,
}

impl Floor {
    /// A ratio named by `what` is measured, and must not be below `needed`.
    pub fn new(what: impl Into<String>, measured: f64, needed: f64) -> Self {
        Self { what: what.into(), measured, needed }
    }

    /// A missing number keeps no floor.
    pub fn is_kept(&self) -> bool {
        self.measured >= self.needed
    }

    /// Whether it is kept, or missed by no more than what a shared machine's ratios differ by.
    fn is_near(&self) -> bool {
        self.measured >= self.needed * tolerance()
    }
}

/// The part of a floor that is enough: all of it, unless `LAMINAR_FLOOR_TOLERANCE` says less, as CI does, where ratios of
/// one binary differ from run to run and instruction counts are what decides.
fn tolerance() -> f64 {
    let said = std::env::var("LAMINAR_FLOOR_TOLERANCE").ok().and_then(|text| text.parse().ok());
    said.unwrap_or(1.0)
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.is_kept(), self.is_near()) {
            (true, _) => "pass",
            (false, true) => "near",
            (false, false) => "FAIL",
        };
        write!(f, "{verdict}  {:<44} {:>6.2}x  needed {:.2}x", self.what, self.measured, self.needed)
    }
}

/// Prints floors, one a line, and tells whether all of them are kept or near. None at all is not kept either.
pub fn print_all(floors: &[Floor]) -> bool {
    for floor in floors {
        println!("{floor}");
    }
    let missed = floors.iter().filter(|floor| !floor.is_kept()).count();
    println!("{} floors, {missed} missed", floors.len());
    !floors.is_empty() && floors.iter().all(Floor::is_near)
}

/// The geometric mean of the cases that count in it.
pub fn mean(ratios: &[(Case, f64)]) -> f64 {
    let counted = ratios.iter().filter(|(case, _)| case.counts_in_mean());
    geometric_mean(&counted.map(|&(_, ratio)| ratio).collect::<Vec<_>>())
}

/// What the default engine must reach against arrow-json, from its ratio in each case of [`Case::ALL`].
pub fn against_arrow_json(ratios: &[(Case, f64)]) -> Vec<Floor> {
    let mut floors = vec![Floor::new("geometric mean to arrow-json", mean(ratios), 4.5)];
    for (case, ratio) in ratios {
        let by_case = BY_CASE.iter().find(|(name, _)| *name == case.name);
        let needed = by_case.map_or(SLOWEST, |&(_, needed)| needed);
        floors.push(Floor::new(format!("{} to arrow-json", case.name), *ratio, needed));
    }
    floors
}
