//! Avro: datums, messages with a schema's id, and container files ↔ rows.
//!
//! Lives here: schemas, the decoder ([`AvroDecoder`]), the encoder ([`AvroEncoder`]), containers, canonical forms and
//! fingerprints. Does not live here: how values fit columns ([`crate::column`]), how blocks are cut out of a byte stream
//! ([`crate::framing`]), or where a registry's schemas come from.
//!
//! ```text
//! schema text ─▶ schema: a graph ─┬─▶ arrow_type: the columns it stands for
//!                                 └─▶ resolve: writer × reader × columns ─▶ a program, once
//! datum ─▶ run: the program, value by value ─▶ columns
//! columns ─▶ encode ─▶ datums, messages, blocks of a container
//! ```

mod arrow_schema;
mod arrow_type;
mod blocks;
mod canonical;
mod constant;
pub mod container;
mod cursor;
mod decode;
mod encode;
mod fingerprint;
mod json_text;
mod options;
mod program;
mod resolve;
mod run;
mod schema;
mod skip;
#[cfg(test)]
mod tests;

use ::arrow_schema::SchemaRef;
use laminar_schema::{ConnectorConfig, FormatInfo, Options, SchemaResult};

pub use arrow_schema::{NAME_PROPERTY, avro_schema_of};
pub use canonical::{CanonicalError, canonical_form};
pub use decode::AvroDecoder;
pub use encode::{AvroEncoder, AvroFraming, AvroWriteOptions, SyncMarker};
pub use fingerprint::{Fingerprint, FingerprintAlgorithm, fingerprint};
pub use options::{AvroOptions, Enums, Recursion, Unions};
pub use resolve::{Problem, ResolutionError};
pub use schema::{AvroSchemaError, Schema};

/// The format's name.
const NAME: &str = "avro";

fn info() -> FormatInfo {
    FormatInfo { name: NAME, options: AvroOptions::config_schema(), doc: "Avro, one record per row" }
}

/// Yields the columns that a schema, as JSON text, stands for.
///
/// # Errors
/// A text that is no schema.
pub fn arrow_schema_of(schema: &str) -> SchemaResult<SchemaRef> {
    let options = AvroOptions { schema: Some(schema.to_owned()), ..AvroOptions::from_options(&Options::new())? };
    match options.writer()? {
        Some(schema) => arrow_type::arrow_schema_of(&schema, &options).map(SchemaRef::new),
        // It was given above.
        None => Ok(SchemaRef::new(::arrow_schema::Schema::empty())),
    }
}
