//! The header of a container file.

use std::fmt;

use super::Codec;
use crate::framing::read_varint;

/// The bytes that every container file begins with.
pub const MAGIC: &[u8; 4] = b"Obj\x01";

/// Key of the schema in a header.
pub(crate) const SCHEMA_KEY: &[u8] = b"avro.schema";
/// Key of the codec in a header.
pub(crate) const CODEC_KEY: &[u8] = b"avro.codec";

/// What the header of a container file says, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The writer's schema, as JSON text.
    pub schema: &'a str,
    /// How blocks are compressed.
    pub codec: Codec,
    /// What stands behind every block.
    pub sync: [u8; 16],
    /// Bytes of the header.
    pub len: usize,
}

/// Bytes that are no header of a container file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Other bytes in front.
    Magic,
    /// The header ends early, or has a length that is none.
    Broken {
        /// Where, from its start.
        at: usize,
    },
    /// No schema.
    NoSchema,
    /// A schema that is no text.
    SchemaNotText,
    /// There is not one byte.
    Empty,
    /// A codec that is unknown.
    UnknownCodec {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "expected an Avro container file, found a file of no bytes; declare the columns to read it as no rows",
            ),
            Self::Magic => {
                f.write_str("expected an Avro container file, which begins with `Obj\\x01`, found other bytes")
            }
            Self::Broken { at } => write!(
                f,
                "expected the header of an Avro container, a map of texts to bytes and a sync marker, found its end or a length that is none at byte {at}"
            ),
            Self::NoSchema => f.write_str("expected `avro.schema` in the header of an Avro container, found none"),
            Self::SchemaNotText => f.write_str("expected `avro.schema` to be UTF-8, found other bytes"),
            Self::UnknownCodec { name } => write!(
                f,
                "expected `avro.codec` to be null, deflate, snappy, zstandard, bzip2 or xz, found `{}`",
                laminar_schema::error::cut(name)
            ),
        }
    }
}

impl std::error::Error for HeaderError {}

impl<'a> Header<'a> {
    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let mut rest = Rest { bytes, at: MAGIC.len() };
        if !bytes.starts_with(MAGIC) {
            return Err(if bytes.is_empty() { HeaderError::Empty } else { HeaderError::Magic });
        }
        let (mut schema, mut codec) = (None, &b"null"[..]);
        loop {
            let count = rest.number()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // The size of the entries, for whoever wants to pass over them.
                rest.number()?;
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (rest.bytes()?, rest.bytes()?);
                // Of a key that stands twice the last one counts, as for every reader that makes a map of it.
                match key {
                    SCHEMA_KEY => schema = Some(value),
                    CODEC_KEY => codec = value,
                    _ => {}
                }
            }
        }
        let sync = *rest.take(16)?.first_chunk().ok_or(HeaderError::Broken { at: rest.at })?;
        let schema = schema.ok_or(HeaderError::NoSchema)?;
        Ok(Self {
            schema: std::str::from_utf8(schema).map_err(|_| HeaderError::SchemaNotText)?,
            codec: Codec::of_name(codec)
                .ok_or_else(|| HeaderError::UnknownCodec { name: String::from_utf8_lossy(codec).into_owned() })?,
            sync,
            len: rest.at,
        })
    }

    /// The header as bytes.
    pub fn write(schema: &str, codec: Codec, sync: &[u8; 16], out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        write_varint(2, out);
        for (key, value) in [(SCHEMA_KEY, schema.as_bytes()), (CODEC_KEY, codec.name().as_bytes())] {
            write_bytes(key, out);
            write_bytes(value, out);
        }
        write_varint(0, out);
        out.extend_from_slice(sync);
    }
}

/// Appends a number as a zigzag varint.
#[inline]
pub(crate) fn write_varint(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// What is still to be read.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn number(&mut self) -> Result<i64, HeaderError> {
        match read_varint(&self.bytes[self.at..]) {
            Ok(Some((value, len))) => {
                self.at += len;
                Ok(value)
            }
            _ => Err(HeaderError::Broken { at: self.at }),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8], HeaderError> {
        let len = self.number()?;
        let len = usize::try_from(len).map_err(|_| HeaderError::Broken { at: self.at })?;
        self.take(len)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], HeaderError> {
        let taken = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(HeaderError::Broken { at: self.at })?;
        self.at += len;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut bytes = Vec::new();
        Header::write("\"int\"", Codec::Zstandard, &[7; 16], &mut bytes);
        let header = Header { schema: "\"int\"", codec: Codec::Zstandard, sync: [7; 16], len: bytes.len() };
        bytes.push(9);
        assert_eq!(Header::read(&bytes), Ok(header));
        for end in 0..header.len {
            let expected = match end {
                0 => HeaderError::Empty,
                1..4 => HeaderError::Magic,
                _ => HeaderError::Broken { at: 0 },
            };
            let found = Header::read(&bytes[..end]).expect_err("only a front");
            assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&expected), "{end}: {found}");
        }
    }

    fn check(entries: &[u8], expected: &Result<(&str, Codec), HeaderError>) {
        let bytes = [MAGIC, entries, &[1; 16]].concat();
        assert_eq!(Header::read(&bytes).map(|h| (h.schema, h.codec)), *expected);
    }

    #[test]
    fn entries_in_any_shape() {
        let schema = b"\x16avro.schema\x0a\"int\"";
        let codec = b"\x14avro.codec";
        let map = |parts: &[&[u8]]| parts.concat();
        check(&map(&[b"\x02", schema, b"\0"]), &Ok(("\"int\"", Codec::Null)));
        check(&map(&[b"\x02", schema, b"\x02", codec, b"\x04xz\0"]), &Ok(("\"int\"", Codec::Xz)));
        // A negative count, and the size of its entries.
        check(&map(&[b"\x01\x24", schema, b"\0"]), &Ok(("\"int\"", Codec::Null)));
        check(
            &map(&[b"\x04", schema, codec, b"\x06lz4\0"]),
            &Err(HeaderError::UnknownCodec { name: "lz4".to_owned() }),
        );
        check(b"\0", &Err(HeaderError::NoSchema));
        check(b"\x02\x16avro.schema\x02\xff\0", &Err(HeaderError::SchemaNotText));
        // More entries than there are bytes, and a length below zero.
        check(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0", &Err(HeaderError::Broken { at: 17 }));
        check(b"\x02\x01", &Err(HeaderError::Broken { at: 6 }));
    }
}
