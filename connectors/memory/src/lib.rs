//! An in-memory source and sink for tests and embedding.
//!
//! ```text
//! MemoryFeed::push ─▶ log of records or columns ─▶ MemorySource      (any number of times, from any position)
//! MemorySink ─▶ written ─▶ prepared ─▶ committed ─▶ MemoryStore::records
//! ```
//!
//! A [`MemoryFeed`] is what a test or an application fills; its sources read it from any position. A [`MemoryStore`] is
//! what it looks at afterwards; its sinks keep transactions apart, as a database would, so that "exactly once" can be
//! asserted. Both can be told to fail. SQL reaches them by a name that the program registers.
//!
//! ```
//! use laminar_connector_memory::{MemoryFeed, MemorySource};
//! use laminar_schema::{RecordStream, Source, SourceBatch};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let source: MemorySource = MemoryFeed::of_values([r#"{"a": 1}"#, r#"{"a": 2}"#]).source();
//! let mut batch = SourceBatch::new();
//! assert_eq!(source.start(None).await?.next(&mut batch, 1024).await?, 2);
//! # Ok::<(), laminar_schema::SchemaError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options and guarantees: `docs/connectors/memory.md`.

#![forbid(unsafe_code)]

mod config;
mod fault;
mod feed;
mod names;
mod schema;
mod sink;
mod source;
mod store;

#[cfg(test)]
mod tests;

pub use config::{MemorySinkConfig, MemorySourceConfig};
pub use fault::SinkStep;
pub use feed::{DEFAULT_PARTITION, MemoryFeed};
pub use sink::{MemorySink, MemoryWriter};
pub use source::{MemorySource, MemoryStream};
pub use store::MemoryStore;
