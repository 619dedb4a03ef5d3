//! Protobuf by prost-reflect: the oracle of our decoder, and its peer in benchmarks.

mod builder;
pub mod messages;
pub mod reflect;
