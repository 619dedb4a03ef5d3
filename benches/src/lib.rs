//! What the benchmarks share: the input, the peers, and the check that all of them give the same answer.

pub mod answer;
pub mod input;
pub mod peers;
