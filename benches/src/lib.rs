//! What the benchmarks share: the peers, and the check that all of them give the same answer. Their input is that of the
//! instruction gates.

pub mod answer;
pub mod peers;

pub use laminar_gates::input;
