//! A deterministic source of synthetic records for quickstarts, tests and benchmarks.
//!
//! ```text
//! workload, seed, record number ─▶ WorkloadGenerator ─▶ JSON bytes ─▶ GeneratorSource (how many, how fast, from where)
//! ```
//!
//! ```
//! use laminar_connector_generator::{GeneratorConfig, GeneratorSource, workload::Workload};
//! use laminar_schema::{RecordStream, Source, SourceBatch};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let config = GeneratorConfig { rows: Some(100), ..GeneratorConfig::new(Workload::Orders) };
//! let source: GeneratorSource = GeneratorSource::new(config);
//! let mut batch = SourceBatch::new();
//! assert_eq!(source.start(None).await?.next(&mut batch, 1024).await?, 100);
//! # Ok::<(), laminar_schema::SchemaError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
