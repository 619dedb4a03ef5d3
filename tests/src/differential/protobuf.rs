//! Protobuf, judged by prost-reflect: [`fuzz_bodies::protobuf`](crate::fuzz_bodies) compares record by record.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Class, Comparison, Finding, Tally};
use crate::{
    fuzz_bodies::protobuf::{DEFINITIONS, Outcome, Pair},
    random::Random,
};

const WIRE_TYPE: Class = Class {
    name: "a known field of another wire type",
    clause: "prost is wrong: it refuses the record; Protobuf, \"Updating A Message Type\": unknown fields are what a parser \
             does not recognize, by number and wire type",
};

/// Both decoders of one definition.
pub struct Protobuf {
    target: usize,
    pair: Pair,
}

impl Comparison for Protobuf {
    const FORMAT: &'static str = "protobuf";
    const TARGETS: usize = DEFINITIONS.len();

    fn new(target: usize, _: u64) -> Self {
        Self { target, pair: Pair::new(DEFINITIONS[target]) }
    }

    fn records(&mut self, random: &mut Random, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.pair.mutated(random)).collect()
    }

    fn examine(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), Finding> {
        for record in records {
            tally.records += 1;
            let outcome = catch_unwind(AssertUnwindSafe(|| self.pair.check(record)));
            match outcome.unwrap_or_else(|_| Err("panics".to_owned())) {
                Ok(Outcome::Same) => tally.both_accept += 1,
                // Or we alone, for a value that no column holds and prost does not look at.
                Ok(Outcome::Rejected) => tally.both_reject += 1,
                Ok(Outcome::WireType) => *tally.classes.entry(WIRE_TYPE).or_default() += 1,
                Err(what) => {
                    self.pair = Pair::new(DEFINITIONS[self.target]);
                    let records = vec![record.clone()];
                    return Err(Finding { format: Self::FORMAT, target: self.target, what, records });
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Protobuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protobuf").field("target", &self.target).finish_non_exhaustive()
    }
}
