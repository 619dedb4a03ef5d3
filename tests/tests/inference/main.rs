//! Inference from outside: what is found, why, and what other tools find in the same files.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to unwrap says where; what is skipped and what was counted is shown"
)]

mod config;
mod corpora;
mod csv;
mod detection;
mod interval;
mod json;
mod msgpack;
mod proof;
mod property;
mod raw;
mod regressions;
