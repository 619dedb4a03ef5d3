//! JSON engines against each other and against serde_json: what `tests/json_engines.rs` checks case by case,
//! `tests/fuzz_corpus.rs` over saved inputs, and `fuzz/src/bin/json_engines.rs` over millions of mutated records.
//!
//! Lives here: the comparison, the oracle, the mutations, the schemas they run against. It is compiled into the
//! workspace of the fuzzer as well, so it uses little.

pub mod corpus;
pub mod engines;
pub mod floats;
pub mod mutate;
pub mod oracle;
pub mod seeds;
pub mod target;

pub use corpus::{Examiner, Finding};
pub use engines::Engines;
pub use target::{TARGETS, Target};
