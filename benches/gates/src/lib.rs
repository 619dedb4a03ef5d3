//! What the instruction gates, the peers' benchmarks and the downstream proof share: records in memory, our decoders for
//! them and our JSON encoder, timing in turns, and the floors that must be kept.

pub mod avro;
pub mod csv_files;
pub mod decoders;
pub mod encoders;
pub mod floors;
pub mod input;
pub mod protobuf;
pub mod samples;
pub mod turns;
