//! Fingerprints: the identity of a schema in a few bytes.
//!
//! Source: Avro 1.12 specification, "Schema Fingerprints".

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::{CanonicalError, canonical_form};
use crate::{policy::words, wire::rabin};

/// How a fingerprint is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FingerprintAlgorithm {
    /// CRC-64-AVRO: 64 bits, as single-object encoding has them.
    Rabin,
    /// MD5: 128 bits.
    Md5,
    /// SHA-256: 256 bits.
    Sha256,
}
words! { FingerprintAlgorithm: "rabin, md5 or sha256", "rabin" => Rabin, "md5" => Md5, "sha256" => Sha256 }

impl FingerprintAlgorithm {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rabin => "rabin",
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }
}

/// A fingerprint. Shown in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fingerprint {
    /// A number, shown as the eight bytes that single-object encoding writes: the lowest first, as other tools show it.
    Rabin(u64),
    /// Sixteen bytes.
    Md5([u8; 16]),
    /// Thirty-two bytes.
    Sha256([u8; 32]),
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |f: &mut fmt::Formatter<'_>, bytes: &[u8]| bytes.iter().try_for_each(|b| write!(f, "{b:02x}"));
        match self {
            Self::Rabin(fingerprint) => hex(f, &fingerprint.to_le_bytes()),
            Self::Md5(bytes) => hex(f, bytes),
            Self::Sha256(bytes) => hex(f, bytes),
        }
    }
}

/// Yields the fingerprint of `schema`, an Avro schema as JSON text: that of its [`canonical_form`].
///
/// # Errors
/// A text that is no schema: [`CanonicalError`].
pub fn fingerprint(schema: &str, algorithm: FingerprintAlgorithm) -> Result<Fingerprint, CanonicalError> {
    let form = canonical_form(schema)?;
    Ok(match algorithm {
        FingerprintAlgorithm::Rabin => Fingerprint::Rabin(rabin::fingerprint(form.as_bytes())),
        FingerprintAlgorithm::Md5 => Fingerprint::Md5(Md5::digest(&form).into()),
        FingerprintAlgorithm::Sha256 => Fingerprint::Sha256(Sha256::digest(&form).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, expected: [&str; 3]) {
        let algorithms = [FingerprintAlgorithm::Rabin, FingerprintAlgorithm::Md5, FingerprintAlgorithm::Sha256];
        let shown = algorithms.map(|a| fingerprint(schema, a).expect("a schema").to_string());
        assert_eq!(shown, expected, "{schema}");
    }

    /// Expected values: `fastavro.schema.fingerprint` 1.12.
    #[test]
    fn known_fingerprints() {
        check(
            r#""null""#,
            [
                "8a8f25cce724dd63",
                "9b41ef67651c18488a8b08bb67c75699",
                "f072cbec3bf8841871d4284230c5e983dc211a56837aed862487148f947d1a1f",
            ],
        );
        check(
            r#"{"type":"int"}"#,
            [
                "8f5c393f1ad57572",
                "ef524ea1b91e73173d938ade36c1db32",
                "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45",
            ],
        );
    }
}
