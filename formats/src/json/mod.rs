//! JSON, RFC 8259: records of one object each ↔ rows.
//!
//! Lives here: the decoder with its engines ([`JsonDecoder`]), the encoder, their options, and inference. Does not live
//! here: how values fit columns ([`crate::column`]), how bytes are looked at (`scan`), or how documents are cut
//! out of a byte stream ([`crate::framing`]).
//!
//! ```text
//! record ─▶ direct engine: glue, value, glue, value … ─▶ columns
//!    │            │ anything out of the ordinary: the row is taken back
//!    ├────────────┴─▶ tape engine: scratch copy ─▶ simd-json tape ─▶ walk in step with the schema ─▶ the same columns
//!    │                                 │ refused: strict scan says why, or masks numbers and tries again
//!    └── text of exact numbers, JSON columns and rescued values, found by tape index
//! ```
//!
//! # Decisions
//! - The whole record must be RFC 8259, unwanted fields included. A byte order mark in front of it is skipped.
//! - Numbers are exact. `42`, `42.0` and `4.2e1` fit an integer column, `42.7` does not. Decimals keep every digit
//!   or reject the record. A fraction is rounded to the nearest DOUBLE or FLOAT, as the type says; an integer must
//!   survive in it (see [`FloatColumn`](crate::column::FloatColumn)). `1e400` is a well-formed number: it is ignored in a field
//!   that the schema lacks, kept in a JSON column, and out of range in every other.
//! - Strings are never read as numbers or booleans unless `coerce_strings` says so, nor are numbers read as text.
//! - A JSON column holds the value's own text, byte for byte, white space inside it included; null is SQL's null.
//! - An absent field takes its DEFAULT, else null; a field that is null stays null; NOT NULL rejects the record.
//! - `duplicate_fields = 'reject'` looks at the fields of the schema and at the keys of MAPs; unwanted fields may
//!   repeat.
//! - A document that is no object is rejected, unless the schema's only column is `value`, or `non_objects = 'value'`.
//!   Where that only column is JSON, an object without a field `value` goes there too.

mod checked;
mod decode;
mod direct;
mod encode;
mod engine;
mod infer;
mod misfits;
mod options;
mod plan;
mod quote;
mod rescue;
mod source;
pub(crate) mod syntax;
mod tape;
mod walk;
mod write;

use laminar_schema::{ConnectorConfig, FormatInfo};

pub use decode::JsonDecoder;
pub(crate) use direct::{compiled, glue::GlueTable, push_absent_fields};
// What every format of self-describing records needs: MessagePack has the same rows.
pub(crate) use misfits::Misfits;
pub(crate) use plan::Plan;
pub(crate) use rescue::Rescue;
pub(crate) use walk::{duplicate, in_item, null_field, push_absent, unknown};

pub use encode::JsonEncoder;
pub use engine::JsonEngine;
pub use infer::{JsonInference, JsonSample};
pub(crate) use quote::{quote, quote_base64};

pub use options::{DuplicateFields, JsonFraming, JsonOptions, MultipleDocuments, NonFinite, NonObjects};

/// The format's name.
const NAME: &str = "json";

fn info() -> FormatInfo {
    FormatInfo { name: NAME, options: JsonOptions::config_schema(), doc: "JSON documents, one object per row" }
}

#[cfg(test)]
mod tests;
