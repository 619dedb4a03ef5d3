//! What the fuzz targets do with their bytes, as plain functions: `tests/fuzz_corpus.rs` runs them over the saved
//! inputs in `fuzz/corpus_seed/`, so that a finding stays found without a fuzzer.

mod avro;
mod avro_ocf;
mod csv_engines;
mod inference;
mod parquet;
pub(crate) mod protobuf;
mod records;
mod sql;

pub use avro::avro;
pub use avro_ocf::avro_ocf;
pub use csv_engines::csv_mutations;
pub use inference::json_infer;
pub use parquet::{ParquetMutations, parquet, parquet_mutations, parquet_seeds};
pub use protobuf::{protobuf, protobuf_mutations};
pub use records::{csv, csv_sniff, json, msgpack};
pub use sql::ddl;

/// What a target does with one input. It panics when that is a finding.
pub type Body = fn(&[u8]);

/// Every body with the name of its fuzz target and of its corpus folder.
pub const BODIES: &[(&str, Body)] = &[
    ("avro", avro),
    ("avro_ocf", avro_ocf),
    ("csv", csv),
    ("csv_sniff", csv_sniff),
    ("ddl", ddl),
    ("json", json),
    ("json_infer", json_infer),
    ("msgpack", msgpack),
    ("parquet", parquet),
    ("protobuf", protobuf),
];
