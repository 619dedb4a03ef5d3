//! Files, globs and standard streams as laminar-schema source and sink.
//!
//! ```text
//! path ─ discover ─▶ files ─┐        reader thread               RecordStream::next
//!                           ├─▶ open ─▶ decompress ─▶ chunks ═══▶ frame ─▶ records, positions
//! stdin ────────────────────┘  (resume, header)      (channel)
//!
//! RecordSink::write ─▶ buffer ─▶ compress ─▶ file, cut back to the last commit on abort and recovery
//! ```
//!
//! Options, positions and guarantees: `docs/connectors/file.md`.

#![forbid(unsafe_code)]

mod compression;
mod config;
pub mod detect;
mod discover;
mod follow;
mod open;
mod output;
mod position;
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
pub use sink::{FileSink, FileWriter};
pub use source::FileSource;
pub use stream::FileStream;
