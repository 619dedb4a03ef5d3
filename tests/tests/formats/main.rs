//! Formats from outside: suites, oracles, corpora, golden files and pipelines over each.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to unwrap says where; what is skipped and what was counted is shown"
)]

mod avro_container;
mod avro_suite;
mod csv_engines;
mod csv_golden;
mod csv_oracle;
mod encodings;
mod envelopes;
mod json_golden;
mod json_oracle;
mod json_round_trip;
mod json_suites;
mod metadata_columns;
mod msgpack_pipeline;
mod msgpack_suite;
mod parquet_files;
mod parquet_pipeline;
mod protobuf_oracle;
mod protobuf_pipeline;
