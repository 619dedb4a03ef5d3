//! A deterministic source of synthetic records for quickstarts, tests and benchmarks
#![forbid(unsafe_code)]

pub mod workload;
