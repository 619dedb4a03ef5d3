//! A deterministic source of synthetic records for quickstarts, tests and benchmarks.
//!
//! ```text
//! workload, seed, record number ─▶ WorkloadGenerator ─▶ JSON bytes ─▶ GeneratorSource (how many, how fast, from where)
//! ```
//!
//! Options and guarantees: `docs/connectors/generator.md`.

#![forbid(unsafe_code)]

mod config;
mod schema;
mod source;
pub mod workload;

#[cfg(test)]
mod tests;

pub use config::GeneratorConfig;
pub use source::{GeneratorSource, GeneratorStream};
