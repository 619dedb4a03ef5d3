//! The header of Confluent's serializers: a magic byte, and the schema's id in its registry.
//!
//! ```text
//! 00 │ id, 4 bytes, big-endian │ payload                        Avro, JSON Schema
//! 00 │ id, 4 bytes, big-endian │ message indexes │ payload      Protobuf
//! ```
//!
//! The message indexes lead from the `.proto` file to a message in it: `[1, 0]` is the first message nested in the second
//! one of the file. They are zigzag varints behind their number; the usual `[0]` is the one byte `0`.
//!
//! Source: Confluent Platform, "Schema Registry: Wire format".

use super::{WireError, error::Header};

/// The first byte of every message.
pub const MAGIC: u8 = 0;

/// Bytes in front of the payload, or of the message indexes of Protobuf.
pub const HEADER_BYTES: usize = 5;

/// More message indexes than any compiler accepts levels of nested messages: protoc stops at 32.
pub const MAX_MESSAGE_INDEXES: usize = 64;

/// Yields the schema id of `message`, and what follows it.
///
/// # Errors
/// [`WireError::Truncated`], [`WireError::Magic`].
#[inline]
pub fn split(message: &[u8]) -> Result<(u32, &[u8]), WireError> {
    match message.split_first_chunk::<HEADER_BYTES>() {
        Some(([MAGIC, id @ ..], payload)) => Ok((u32::from_be_bytes(*id), payload)),
        _ => Err(WireError::no_header(Header::Confluent, message)),
    }
}

/// Appends the header for the schema `id`.
#[inline]
pub fn write(id: u32, out: &mut Vec<u8>) {
    let [a, b, c, d] = id.to_be_bytes();
    out.extend_from_slice(&[MAGIC, a, b, c, d]);
}

/// Message indexes of one Protobuf message, borrowed from it and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageIndexes<'a> {
    /// The varints behind their number; empty is the short form of `[0]`.
    encoded: &'a [u8],
}

impl<'a> MessageIndexes<'a> {
    /// Reads them from the front of `payload`, which follows a header; yields them and what follows.
    ///
    /// # Errors
    /// Varints that end early or hold more than 32 bits, indexes below zero, more than [`MAX_MESSAGE_INDEXES`].
    #[inline]
    pub fn split(payload: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        match payload {
            [0, rest @ ..] => Ok((Self { encoded: &[] }, rest)),
            [] => Err(WireError::Truncated { header: Header::MessageIndexes, found: HEADER_BYTES }),
            _ => Self::split_list(payload),
        }
    }

    fn split_list(payload: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        let (count, start) = zigzag(payload, 0)?;
        let in_bounds = usize::try_from(count).ok().filter(|n| *n <= MAX_MESSAGE_INDEXES);
        let Some(indexes) = in_bounds else { return Err(WireError::TooManyIndexes { found: count }) };
        let mut at = start;
        for _ in 0..indexes {
            let (index, next) = zigzag(payload, at)?;
            if index < 0 {
                return Err(WireError::NegativeIndex { found: index });
            }
            at = next;
        }
        // A number of zero in more than one byte is the short form too.
        let (encoded, rest) = (&payload[start..at], &payload[at..]);
        Ok((Self { encoded }, rest))
    }

    /// The bytes that the indexes lie in, without their number: equal bytes are equal indexes as writers encode them,
    /// so that a decoder compares these with what it expects before it looks at single indexes.
    #[inline]
    pub fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The indexes, from the file inwards.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        let encoded = self.encoded;
        let mut at = 0;
        let mut short = encoded.is_empty();
        std::iter::from_fn(move || {
            if std::mem::take(&mut short) {
                return Some(0);
            }
            // What `split` has checked does not fail; were it to, the list would end.
            let (index, next) = if at < encoded.len() { zigzag(encoded, at).ok()? } else { return None };
            at = next;
            u32::try_from(index).ok()
        })
    }
}

/// Appends message indexes, `[0]` in its short form.
pub fn write_message_indexes(indexes: &[u32], out: &mut Vec<u8>) {
    if indexes == [0] {
        out.push(0);
        return;
    }
    write_zigzag(indexes.len() as u64, out);
    for index in indexes {
        write_zigzag(u64::from(*index), out);
    }
}

/// The zigzag varint of 32 bits at `at`, and where the next byte is.
fn zigzag(bytes: &[u8], at: usize) -> Result<(i32, usize), WireError> {
    let mut value = 0_u64;
    for (n, byte) in bytes.iter().skip(at).take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            let Ok(value) = u32::try_from(value) else { break };
            return Ok(((value >> 1) as i32 ^ -((value & 1) as i32), at + n + 1));
        }
    }
    Err(WireError::IndexVarint { at: at + HEADER_BYTES })
}

/// Appends a number from zero on as a zigzag varint.
fn write_zigzag(number: u64, out: &mut Vec<u8>) {
    let mut rest = number << 1;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(message: &[u8], expected: Expect) {
        let shown = match split(message) {
            Ok((id, payload)) => format!("id {id}, payload {payload:x?}"),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_id_stands_behind_the_magic_byte() {
        check(&[0, 0, 0, 0, 7, 1, 2], expect!["id 7, payload [1, 2]"]);
        check(&[0, 0xff, 0xff, 0xff, 0xfe], expect!["id 4294967294, payload []"]);
        check(
            &[0, 0, 0, 7],
            expect![
                "expected a magic byte 0x00 and a schema id of 4 bytes, found a message of 4 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check(
            &[],
            expect![
                "expected a magic byte 0x00 and a schema id of 4 bytes, found a message of 0 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check(
            b"{\"a\":1}",
            expect![
                "expected a magic byte 0x00 and a schema id of 4 bytes, found a message that starts with 0x7b; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check(
            b"{}",
            expect![
                "expected a magic byte 0x00 and a schema id of 4 bytes, found a message that starts with 0x7b; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
    }

    fn check_indexes(payload: &[u8], expected: Expect) {
        let shown = match MessageIndexes::split(payload) {
            Ok((indexes, rest)) => format!("{:?}, rest {rest:x?}", indexes.iter().collect::<Vec<_>>()),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn message_indexes_are_zigzag_varints() {
        check_indexes(&[0, 9], expect!["[0], rest [9]"]);
        check_indexes(&[2, 0, 9], expect!["[0], rest [9]"]);
        check_indexes(&[4, 2, 0, 9], expect!["[1, 0], rest [9]"]);
        check_indexes(&[2, 0x80, 0x02], expect!["[128], rest []"]);
        check_indexes(&[2, 0xfe, 0xff, 0xff, 0xff, 0x0f], expect!["[2147483647], rest []"]);
        check_indexes(&[0x80, 0, 9], expect!["[0], rest [9]"]);
        check_indexes(
            &[],
            expect![
                "expected the message indexes of Protobuf behind the schema id, found a message of 5 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check_indexes(
            &[4, 2],
            expect![
                "expected a message index, a zigzag varint of 32 bits, at byte 7, found none; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check_indexes(
            &[2, 0xff, 0xff, 0xff, 0xff, 0x1f],
            expect![
                "expected a message index, a zigzag varint of 32 bits, at byte 6, found none; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check_indexes(
            &[2, 1],
            expect![
                "expected a message index from 0 on, found -1; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check_indexes(
            &[1],
            expect![
                "expected at most 64 message indexes, found -1; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
        check_indexes(
            &[0xfe, 0xff, 0xff, 0xff, 0x0f],
            expect![
                "expected at most 64 message indexes, found 2147483647; if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            ],
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        for indexes in [&[0][..], &[1], &[0, 0], &[3, 70_000, 2_147_483_647]] {
            let mut written = Vec::new();
            write_message_indexes(indexes, &mut written);
            written.push(0xee);
            let (read, rest) = MessageIndexes::split(&written).expect("what was written");
            assert_eq!((read.iter().collect::<Vec<_>>().as_slice(), rest), (indexes, &[0xee][..]));
        }
        let mut written = Vec::new();
        write(0x0102_0304, &mut written);
        assert_eq!(split(&written), Ok((0x0102_0304, &[][..])));
    }
}
