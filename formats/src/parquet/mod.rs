//! Parquet: files of columns ↔ batches, through the `parquet` crate.
//!
//! Lives here: what a file says of itself (`describe`), reading one as columns (`read`) with what a predicate lets
//! be left unread (`prune`), a decoder for messages that are whole files, the encoder, and their options. Does not live
//! here: where files come from, or which rows a WHERE keeps (`laminar-schema`).
//!
//! ```text
//! footer ─▶ describe ─▶ schema, field ids, statistics
//!    │
//!    └─▶ prune: row groups by statistics and bloom filters, rows by the page index
//!           └─▶ read, row group by row group, the wanted columns ─▶ project onto the frozen schema ─▶ batches
//! batches ─▶ encode ─▶ row groups … footer
//! ```

mod decode;
mod describe;
mod encode;
mod error;
mod file;
mod options;
mod project;
mod prune;
mod read;
mod rescue;
mod schema_file;
#[cfg(test)]
mod tests;

use laminar_schema::{ConnectorConfig, FormatInfo};

pub use decode::ParquetDecoder;
pub use encode::ParquetEncoder;
pub use error::ParquetReadError;
pub(crate) use schema_file::read_schema;

pub use options::{Compression, Int96Unit, ParquetOptions, Statistics, Version};

/// The format's name.
const NAME: &str = "parquet";

fn info() -> FormatInfo {
    FormatInfo {
        name: NAME,
        options: ParquetOptions::config_schema(),
        doc: "Parquet: files of columns, which describe themselves; read with projection and pruning, written with a footer.",
    }
}
