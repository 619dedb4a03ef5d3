//! What is wrong with a wire header.

use std::fmt;

use laminar_schema::DecodeError;

use super::{confluent, glue, single_object};

/// Why a message's first bytes are no header of the wire format that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The message ends within the header.
    Truncated {
        /// The header.
        header: Header,
        /// Bytes of the message.
        found: usize,
    },
    /// The message starts with other bytes than the header.
    Magic {
        /// The header.
        header: Header,
        /// The first bytes of the message, as many as the marker has, padded with zeros.
        found: [u8; 2],
    },
    /// A number of the message indexes is no zigzag varint of 32 bits.
    IndexVarint {
        /// Where it starts, from the start of the message.
        at: usize,
    },
    /// A number of the message indexes is negative.
    NegativeIndex {
        /// The number.
        found: i32,
    },
    /// The payload is compressed in a way that is not known.
    Compression {
        /// The byte that says how.
        found: u8,
    },
    /// The payload is not what its compression promises.
    Damaged,
    /// There are more message indexes than messages can be nested.
    TooManyIndexes {
        /// How many there are said to be.
        found: i32,
    },
}

/// The kinds of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// [`confluent`]: magic byte and schema id.
    Confluent,
    /// [`confluent`]: the message indexes of Protobuf behind them.
    MessageIndexes,
    /// [`single_object`]: marker and fingerprint.
    SingleObject,
    /// [`glue`]: version, compression and schema version id.
    Glue,
}

impl Header {
    fn expected(self) -> &'static str {
        match self {
            Self::Confluent => "a magic byte 0x00 and a schema id of 4 bytes",
            Self::MessageIndexes => "the message indexes of Protobuf behind the schema id",
            Self::Glue => "a version byte 0x03, a compression byte and a schema version id of 16 bytes",
            Self::SingleObject => "the marker 0xc3 0x01 and a fingerprint of 8 bytes",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Confluent | Self::MessageIndexes => {
                "if no serializer of a schema registry wrote it, set `wire_format` to 'none'"
            }
            Self::Glue => "if no serializer of AWS Glue wrote it, set `wire_format` to 'none' or 'confluent'",
            Self::SingleObject => "if it has no header, set `wire_format` to 'none'",
        }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { header, found } => {
                write!(f, "expected {}, found a message of {found} bytes; {}", header.expected(), header.help())
            }
            Self::Magic { header, found } => {
                write!(f, "expected {}, found a message that starts with 0x{:02x}", header.expected(), found[0])?;
                if *header == Header::SingleObject {
                    write!(f, " 0x{:02x}", found[1])?;
                }
                write!(f, "; {}", header.help())
            }
            Self::IndexVarint { at } => {
                write!(
                    f,
                    "expected a message index, a zigzag varint of 32 bits, at byte {at}, found none; {}",
                    Header::MessageIndexes.help()
                )
            }
            Self::Compression { found } => write!(
                f,
                "expected a compression of 0x00 (none) or 0x05 (zlib) behind the version, found 0x{found:02x}; {}",
                Header::Glue.help()
            ),
            Self::Damaged => f.write_str("expected a payload that zlib has compressed, found other or cut bytes"),
            Self::NegativeIndex { found } => {
                write!(f, "expected a message index from 0 on, found {found}; {}", Header::MessageIndexes.help())
            }
            Self::TooManyIndexes { found } => write!(
                f,
                "expected at most {} message indexes, found {found}; {}",
                confluent::MAX_MESSAGE_INDEXES,
                Header::MessageIndexes.help()
            ),
        }
    }
}

impl std::error::Error for WireError {}

impl From<WireError> for DecodeError {
    #[cold]
    fn from(error: WireError) -> Self {
        Self::Syntax { reason: error.to_string() }
    }
}

impl WireError {
    /// The message is too short for the header, or starts with other bytes than its marker.
    #[cold]
    pub(super) fn no_header(header: Header, message: &[u8]) -> Self {
        let marker: &[u8] = match header {
            Header::SingleObject => &single_object::MARKER,
            Header::Glue => &[glue::VERSION],
            Header::Confluent | Header::MessageIndexes => &[confluent::MAGIC],
        };
        // Which byte is wrong cannot be said of a message that is shorter than the marker.
        if let Some(start) = message.get(..marker.len())
            && start != marker
        {
            let mut found = [0; 2];
            found[..start.len()].copy_from_slice(start);
            return Self::Magic { header, found };
        }
        Self::Truncated { header, found: message.len() }
    }
}
