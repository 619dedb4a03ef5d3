//! The header of AWS Glue's serializers: a version, how the payload is compressed, and the schema version's id in the registry.
//!
//! ```text
//! 03 │ 00 plain, 05 zlib │ id, a UUID of 16 bytes │ payload
//! ```
//!
//! Source: `aws-glue-schema-registry`, "GlueSchemaRegistrySerializer": header version byte, compression byte, schema version id.

use super::{WireError, error::Header};

/// The first byte of every message.
pub const VERSION: u8 = 3;

/// Bytes in front of the payload.
pub const HEADER_BYTES: usize = 18;

/// How a payload is compressed: the second byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// It is not.
    None,
    /// By zlib.
    Zlib,
}

/// Yields the id of the schema version of `message`, how its payload is compressed, and the payload.
///
/// # Errors
/// [`WireError::Truncated`], [`WireError::Magic`], [`WireError::Compression`].
#[inline]
pub fn split(message: &[u8]) -> Result<(u128, Compression, &[u8]), WireError> {
    let Some(([VERSION, compression, id @ ..], payload)) = message.split_first_chunk::<HEADER_BYTES>() else {
        return Err(WireError::no_header(Header::Glue, message));
    };
    let compression = match compression {
        0 => Compression::None,
        5 => Compression::Zlib,
        found => return Err(WireError::Compression { found: *found }),
    };
    Ok((u128::from_be_bytes(*id), compression, payload))
}

/// Appends the header of a payload that is not compressed, of the schema version `id`.
#[inline]
pub fn write(id: u128, out: &mut Vec<u8>) {
    out.extend_from_slice(&[VERSION, 0]);
    out.extend_from_slice(&id.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &[u8], expected: &str) {
        let shown = match split(message) {
            Ok((id, compression, payload)) => format!("{id:x} {compression:?} {payload:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_id_stands_behind_two_bytes() {
        let mut message = Vec::new();
        write(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, &mut message);
        message.push(9);
        check(&message, "102030405060708090a0b0c0d0e0f10 None [9]");
        message[1] = 5;
        check(&message, "102030405060708090a0b0c0d0e0f10 Zlib [9]");
        message[1] = 7;
        check(
            &message,
            "expected a compression of 0x00 (none) or 0x05 (zlib) behind the version, found 0x07; if no serializer of AWS Glue wrote it, set `wire_format` to 'none' or 'confluent'",
        );
        let expected = "expected a version byte 0x03, a compression byte and a schema version id of 16 bytes, found";
        let help = "if no serializer of AWS Glue wrote it, set `wire_format` to 'none' or 'confluent'";
        check(&[3, 0, 1], &format!("{expected} a message of 3 bytes; {help}"));
        check(&[0; 20], &format!("{expected} a message that starts with 0x00; {help}"));
    }
}
