//! Codecs of container files: blocks are compressed one by one.

use std::fmt;

use crate::policy::words;

/// How the blocks of a container file are compressed: the words of `avro.codec`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    #[default]
    Null,
    /// DEFLATE without header or checksum.
    Deflate,
    /// Snappy, with a CRC-32 of the block's values.
    Snappy,
    /// Zstandard.
    Zstandard,
    /// Bzip2.
    Bzip2,
    /// LZMA2 in the container of xz.
    Xz,
}
words! { Codec: "null, deflate, snappy, zstandard, bzip2 or xz",
    "null" => Null, "deflate" => Deflate, "snappy" => Snappy, "zstandard" => Zstandard, "bzip2" => Bzip2, "xz" => Xz,
}

impl Codec {
    /// The codec that a header names; `None` when there is none of this name.
    pub fn of_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"null" => Self::Null,
            b"deflate" => Self::Deflate,
            b"snappy" => Self::Snappy,
            b"zstandard" => Self::Zstandard,
            b"bzip2" => Self::Bzip2,
            b"xz" => Self::Xz,
            _ => return None,
        })
    }

    /// Its name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard => "zstandard",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}

/// A block that cannot be decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes are not what the codec writes.
    Corrupt {
        /// The codec.
        codec: Codec,
        /// What its library says; empty where it says nothing.
        reason: String,
    },
    /// The bytes end before the compressed data does.
    Truncated {
        /// The codec.
        codec: Codec,
    },
    /// Bytes behind the end of the compressed data.
    Trailing {
        /// The codec.
        codec: Codec,
        /// How many.
        bytes: usize,
    },
    /// The checksum is of other values.
    Checksum {
        /// As the block says.
        expected: u32,
        /// As it was computed.
        found: u32,
    },
    /// More values than a block may have.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { codec, reason } => {
                write!(f, "expected a block compressed with {}, found other bytes", codec.name())?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::Truncated { codec } => {
                write!(f, "expected a block compressed with {}, found only its front", codec.name())
            }
            Self::Trailing { codec, bytes } => write!(
                f,
                "expected a block compressed with {} and nothing behind it, found {bytes} more bytes",
                codec.name()
            ),
            Self::Checksum { expected, found } => {
                write!(f, "expected a block with the checksum {expected:08x}, found values with {found:08x}")
            }
            Self::TooLarge { limit } => write!(
                f,
                "expected a block of at most {limit} bytes when decompressed, found more; raise `max_block_bytes`"
            ),
        }
    }
}

impl std::error::Error for CodecError {}
