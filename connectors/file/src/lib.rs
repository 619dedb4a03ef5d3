//! Files, globs and standard streams as laminar-schema source and sink.
//!
//! ```text
//! path ─ discover ─▶ files ─┐        reader thread               RecordStream::next
//!                           ├─▶ open ─▶ decompress ─▶ chunks ═══▶ UTF-8 ─▶ frame ─▶ records, positions
//! stdin ────────────────────┘  (resume, header)      (channel)
//!
//! RecordSink::write ─▶ buffer ─▶ compress ─▶ file, cut back to the last commit on abort and recovery
//! ```
//!
//! ```
//! use laminar_connector_file::{FileSource, FileSourceConfig};
//! use laminar_schema::{FormatSpec, RecordStream, Source, SourceBatch};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let input = &b"{\"a\": 1}\n{\"a\": 2}\n"[..];
//! let source: FileSource = FileSource::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("json"))?;
//! let mut stream = source.start(None).await?;
//! let mut batch = SourceBatch::new();
//! let mut records = 0;
//! while stream.next(&mut batch, 1024).await? > 0 {
//!     records += batch.len();
//!     batch.clear();
//! }
//! assert_eq!(records, 2);
//! # Ok::<(), laminar_schema::SchemaError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options, positions and guarantees: `docs/connectors/file.md`.

#![forbid(unsafe_code)]

mod changed;
mod columns;
mod compression;
mod config;
pub mod detect;
mod discover;
mod follow;
mod in_use;
mod open;
mod output;
mod parts;
mod position;
mod provide;
mod reader;
mod schema;
mod sink;
mod source;
mod stream;

#[cfg(test)]
mod tests;

pub use compression::Compression;
pub use config::{FileSinkConfig, FileSourceConfig, OnTruncate, STANDARD_STREAM, StartAt, WriteMode};
pub use position::FilePosition;
pub use schema::OtherHeader;
pub use sink::{FileSink, FileWriter};
pub use source::FileSource;
pub use stream::FileStream;
