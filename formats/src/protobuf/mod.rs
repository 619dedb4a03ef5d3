//! Protobuf: records of one message each ↔ rows.
//!
//! Lives here: the decoder ([`ProtobufDecoder`]), the encoder, their options, and the columns that a definition stands for. Does
//! not live here: how values fit columns ([`crate::column`]), or how messages are cut out of a byte stream
//! ([`crate::framing`]).
//!
//! ```text
//! .proto, descriptor set ─▶ descriptor ─▶ catalog: tables of messages ─┬─▶ mapping: the Arrow schema
//!                                                                     └─▶ bind: message × columns
//! record ─▶ gather: where each field stands, in whatever order it came ─▶ walk: into the columns, one after the other
//!                │ what no column wants is passed over, and checked all the same
//!                └─▶ a JSON column: JSON text of the same fields
//! ```

mod bind;
mod catalog;
mod check;
mod column;
mod decode;
mod definition;
mod descriptor;
mod edition;
mod encode;
mod files;
mod gather;
mod infer;
mod json_text;
mod list;
mod map;
mod mapping;
mod options;
mod plan;
mod proto_text;
mod rescue;
mod scalar;
mod varint;
mod walk;
mod well_known;
mod write;

#[cfg(test)]
mod tests;

use laminar_schema::{ConnectorConfig, FormatInfo, SchemaResult};
use prost_reflect::DescriptorPool;

pub use decode::ProtobufDecoder;
pub(crate) use descriptor::INLINE as INLINE_FILE;
pub use descriptor::descriptors_of_files;
pub use encode::ProtobufEncoder;
pub use infer::{ProtobufInference, columns_of_file, columns_of_text, definition_of_text};
pub use options::{Anys, Enums, NullLists, ProtobufFraming, ProtobufOptions, Recursion, TimeUnits, UnknownEnums};
pub use proto_text::proto_text;

/// The descriptors of a `.proto` text that imports nothing but Google's own files.
///
/// # Errors
/// It is no such text.
pub(crate) fn pool_of_text(text: &str) -> SchemaResult<DescriptorPool> {
    descriptor::of_text(text, &[])
}

/// The format's name.
const NAME: &str = "protobuf";

fn info() -> FormatInfo {
    FormatInfo { name: NAME, options: ProtobufOptions::config_schema(), doc: "Protocol Buffers, one message per row" }
}
