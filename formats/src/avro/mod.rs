//! Avro: datums, messages with a schema's id, and container files ↔ rows.

mod arrow_schema;
mod canonical;
pub mod container;
mod encode;
mod fingerprint;

pub use arrow_schema::{NAME_PROPERTY, avro_schema_of};
pub use canonical::{CanonicalError, canonical_form};
pub use encode::{AvroEncoder, AvroFraming, AvroWriteOptions, SyncMarker};
pub use fingerprint::{Fingerprint, FingerprintAlgorithm, fingerprint};

/// The format's name.
const NAME: &str = "avro";
