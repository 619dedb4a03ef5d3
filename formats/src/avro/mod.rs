//! Avro: datums, messages with a schema's id, and container files ↔ rows.

mod canonical;
pub mod container;
mod fingerprint;

pub use canonical::{CanonicalError, canonical_form};
pub use fingerprint::{Fingerprint, FingerprintAlgorithm, fingerprint};
