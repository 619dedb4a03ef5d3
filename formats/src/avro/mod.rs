//! Avro: datums, messages with a schema's id, and container files ↔ rows.
//!
//! Lives here: schemas, the decoder ([`AvroDecoder`]), the encoder ([`AvroEncoder`]), containers, canonical forms and
//! fingerprints. Does not live here: how values fit columns ([`crate::column`]), how blocks are cut out of a byte stream
//! ([`crate::framing`]), or where a registry's schemas come from.
//!
//! ```text
//! schema text ─▶ schema: a graph ─┬─▶ arrow_type: the columns it stands for
//!                                 └─▶ resolve: writer × reader × columns ─▶ a program, once
//! block ─▶ decompressed ─▶ datum ─▶ run: the program, value by value ─▶ columns
//! messages ─▶ abreast: the program, field by field of many ─▶ columns; run where anything is amiss
//! columns ─▶ encode ─▶ datums, messages, blocks of a container
//! ```

mod abreast;
mod alike;
mod arrow_schema;
mod arrow_type;
mod canonical;
mod constant;
pub mod container;
mod cursor;
mod decode;
mod encode;
mod fingerprint;
mod json_text;
mod logical;
mod merged;
mod names;
mod options;
mod problem;
mod program;
mod rescue;
#[cfg(test)]
mod rescue_tests;
mod resolve;
mod run;
pub(crate) mod schema;
mod skip;
mod stride;
#[cfg(test)]
mod tests;
mod writers;

use ::arrow_schema::SchemaRef;
use laminar_schema::{ConnectorConfig, Options, SchemaResult, format::FormatInfo};

pub use self::{
    arrow_schema::{NAME_PROPERTY, avro_schema_of},
    canonical::{CanonicalError, canonical_form},
    decode::AvroDecoder,
    encode::AvroEncoder,
    fingerprint::{Fingerprint, FingerprintAlgorithm, fingerprint},
    options::{AvroFraming, AvroOptions, Enums, Recursion, SyncMarker, Unions, UnreadFields},
    problem::{Problem, ResolutionError},
    schema::{AvroSchemaError, Schema},
};

/// The format's name.
const NAME: &str = "avro";

fn info() -> FormatInfo {
    let doc = "Avro: container files, or messages with and without a schema's id";
    FormatInfo { name: NAME, options: AvroOptions::config_schema(), doc }
}

/// Yields the columns that a writer's schema, as JSON text, stands for.
///
/// # Errors
/// A text that is no schema.
pub fn arrow_schema_of(schema: &str) -> SchemaResult<SchemaRef> {
    let options = AvroOptions::from_options(&Options::new())?;
    arrow_type::arrow_schema_of(&options::parsed("schema", schema)?, &options).map(Into::into)
}
