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
