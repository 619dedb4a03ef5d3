//! Avro's single-object encoding: a marker, and the fingerprint of the writer's schema.
//!
//! ```text
//! c3 01 │ CRC-64-AVRO of the schema's parsing canonical form, 8 bytes, little-endian │ datum
//! ```
//!
//! Source: Avro 1.12, "Single-object encoding".

use super::{WireError, error::Header};

/// The first two bytes of every message.
pub const MARKER: [u8; 2] = [0xc3, 0x01];

/// Bytes in front of the datum.
pub const HEADER_BYTES: usize = 10;

/// Yields the fingerprint that `message` names, and the datum.
///
/// # Errors
/// [`WireError::Truncated`], [`WireError::Magic`].
#[inline]
pub fn split(message: &[u8]) -> Result<(u64, &[u8]), WireError> {
    if let Some((header, datum)) = message.split_first_chunk::<HEADER_BYTES>()
        && let [0xc3, 0x01, fingerprint @ ..] = *header
    {
        return Ok((u64::from_le_bytes(fingerprint), datum));
    }
    Err(WireError::no_header(Header::SingleObject, message))
}

/// Appends the header for a schema with this [fingerprint](super::rabin::fingerprint).
#[inline]
pub fn write(fingerprint: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&fingerprint.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(message: &[u8], expected: Expect) {
        let shown = match split(message) {
            Ok((fingerprint, datum)) => format!("fingerprint {fingerprint:016x}, datum {datum:x?}"),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_fingerprint_stands_behind_the_marker() {
        // The first bytes of `share/test/data/messageV1` of the Avro project.
        let header = [0xc3, 0x01, 0xa9, 0x2d, 0xe1, 0xf8, 0xa2, 0x42, 0xf5, 0x3d, 0x54];
        check(&header, expect!["fingerprint 3df542a2f8e12da9, datum [54]"]);
        check(&header[..10], expect!["fingerprint 3df542a2f8e12da9, datum []"]);
        check(
            &header[..9],
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message of 9 bytes; if it has no header, set `wire_format` to 'none'"
            ],
        );
        check(
            &[],
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message of 0 bytes; if it has no header, set `wire_format` to 'none'"
            ],
        );
        check(
            &[0xc3],
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message of 1 bytes; if it has no header, set `wire_format` to 'none'"
            ],
        );
        check(
            b"{",
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message of 1 bytes; if it has no header, set `wire_format` to 'none'"
            ],
        );
        check(
            &[0xc3, 0x02, 0, 0, 0, 0, 0, 0, 0, 0],
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message that starts with 0xc3 0x02; if it has no header, set `wire_format` to 'none'"
            ],
        );
        check(
            &[0, 0, 0, 0, 7, 1],
            expect![
                "expected the marker 0xc3 0x01 and a fingerprint of 8 bytes, found a message that starts with 0x00 0x00; if it has no header, set `wire_format` to 'none'"
            ],
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut written = Vec::new();
        write(u64::MAX - 5, &mut written);
        assert_eq!(split(&written), Ok((u64::MAX - 5, &[][..])));
    }
}
