//! Avro: datums, messages with a schema's id, and container files ↔ rows.
//!
//! Lives here: the decoder ([`AvroDecoder`]), the encoder ([`AvroEncoder`]), their options, container files, canonical forms
//! and fingerprints. Does not live here: how values fit columns ([`crate::column`]), or where a block of a container ends
//! ([`crate::framing`]).
//!
//! ```text
//! writer's schema × columns ─▶ program, once
//! datum ─▶ cursor ─▶ program: read into a column, or passed over ─▶ columns
//! block ─▶ decompressed ─▶ datums
//! ```

mod arrow_schema;
mod canonical;
pub mod container;
mod cursor;
mod decode;
mod encode;
mod fingerprint;
mod json_text;
mod mapping;
mod names;
mod options;
mod program;
mod read;
mod types;

use ::arrow_schema::SchemaRef;
use laminar_schema::{ConnectorConfig, FormatInfo, SchemaResult};

pub use self::{
    arrow_schema::{NAME_PROPERTY, avro_schema_of},
    canonical::{CanonicalError, canonical_form},
    decode::AvroDecoder,
    encode::AvroEncoder,
    fingerprint::{Fingerprint, FingerprintAlgorithm, fingerprint},
    options::{AvroFraming, AvroMismatch, AvroOptions, AvroTombstones, SyncMarker},
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
/// A text that is no schema, or whose record has no fields.
pub fn arrow_schema_of(schema: &str) -> SchemaResult<SchemaRef> {
    mapping::schema_of(&types::Types::of(schema)?)
}
