//! Bytes ↔ Arrow (SPEC.md §2.1): what every format implements, and the closed sets that engines dispatch over.
//!
//! Lives here: the traits and the data that crosses them. Does not live here: any format
//! (`laminar-formats`, or a crate of your own).

mod columns;
mod decode;
mod describe;
mod encode;
mod framing;
mod metadata;
pub(crate) mod registered;
mod spec;
mod wrapping;
mod writer_id;

pub use columns::{ColumnsBatch, ColumnsReader, ColumnsRequest, Scan, Skipped};
pub use decode::{Decoded, DecoderSet, FormatDecoder, Rejected, RowRecords};
pub use describe::{FormatFile, SelfDescription};
pub use encode::{EncodedBatch, EncoderSet, FormatEncoder};
pub use framing::{CsvFraming, Encoding, Framing};
pub(crate) use metadata::header_names;
pub use metadata::{append_metadata, metadata_of_rows};
pub(crate) use spec::header_field;
pub use spec::{DecodeSpec, EncodeSpec, MetadataColumn, MetadataKind, WriterSchema};
pub use wrapping::Wrapping;
pub use writer_id::WriterSchemaId;

use crate::config::{ConfigKey, ConnectorConfigSchema};

/// One format as a tool shows it: its name and the options it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FormatInfo {
    /// Name in SQL: `FORMAT name (…)`.
    pub name: &'static str,
    /// Options for reading and writing.
    pub options: ConnectorConfigSchema,
    /// One sentence.
    pub doc: &'static str,
}

/// Every option that `format` takes in the set `D`: its own, and those of an envelope around it.
pub fn format_options<D: DecoderSet>(format: &str) -> Vec<ConfigKey> {
    let own = D::format_info(format).map_or(&[][..], |info| info.options.keys);
    let wrapping = D::wrapping_options(format).unwrap_or_default();
    own.iter().chain(wrapping).copied().collect()
}
