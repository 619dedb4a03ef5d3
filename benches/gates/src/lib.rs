//! What the instruction gates and the peers' benchmarks share: records in memory, and our decoders for them.

pub mod decoders;
pub mod input;
