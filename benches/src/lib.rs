//! What the benchmarks share: the peers, and the check that all of them give the same answer. Their input is that of the
//! instruction gates.

pub mod answer;
#[cfg(feature = "avro-peers")]
pub mod avro;
pub mod contest;
#[cfg(feature = "msgpack-peers")]
pub mod msgpack;
pub mod peers;
#[cfg(feature = "protobuf-peers")]
pub mod protobuf;
#[cfg(feature = "msgpack-peers")]
mod rows;

pub use laminar_gates::input;
