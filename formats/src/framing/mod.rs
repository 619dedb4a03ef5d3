//! Cuts a stream of bytes into records, as a [`Framing`] says.
//!
//! Lives here: the state machines behind [`Framer`], the buffer that a byte source reads into ([`FrameBuffer`]),
//! the place to resume at ([`Resume`]), and what makes UTF-8 of other encodings before ([`Transcoder`]). Does not live here: I/O, decompression, or anything that judges what is
//! inside a record beyond finding its end.
//!
//! ```
//! use laminar_formats::framing::{FrameBuffer, Framer};
//! use laminar_schema::format::Framing;
//!
//! let mut buffer = FrameBuffer::new(Framer::new(&Framing::Lines, 1024)?);
//! let input = b"first\nsecond\nthe tail";
//! buffer.space(input.len())[..input.len()].copy_from_slice(input);
//! buffer.filled(input.len());
//! let mut records = Vec::new();
//! while let Some(frame) = buffer.next()? {
//!     records.push((frame.offset, frame.line, frame.bytes.to_vec()));
//! }
//! assert_eq!(records, [(0, 1, b"first".to_vec()), (6, 2, b"second".to_vec())]);
//! // The tail is no record until the input is known to end there.
//! buffer.end();
//! assert_eq!(buffer.next()?.map(|f| f.bytes.to_vec()), Some(b"the tail".to_vec()));
//! # Ok::<(), laminar_schema::SchemaError>(())
//! ```

mod buffer;
mod csv;
mod delimited;
mod encoding;
mod framer;
mod json;
mod lines;
mod msgpack;
mod ocf;
mod resume;
#[cfg(test)]
mod tests;
mod whole;

pub use buffer::FrameBuffer;
pub use encoding::{NOT_TEXT, Transcoder, text_of_head};
pub use framer::{Frame, Framer};
#[cfg(feature = "avro")]
pub(crate) use ocf::read_varint;
pub use resume::Resume;

#[cfg(doc)]
use laminar_schema::format::Framing;

/// Longest record a byte source accepts unless its options say otherwise: 16 MiB.
pub const DEFAULT_MAX_RECORD_BYTES: usize = 16 << 20;

/// What a state machine found in its window. All numbers are bytes from the window's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `start..end` is a record; the next window starts at `next`.
    Record { start: usize, end: usize, next: usize },
    /// `start..end` is the partition's preamble; the next window starts at `next`.
    Preamble { start: usize, end: usize, next: usize },
    /// The bytes around `at` break the framing; the next window starts at `next`.
    Fault { at: usize, next: usize, reason: Fault },
    /// More bytes are needed; the first `drop` belong to nothing. What remains is one unfinished record.
    More { drop: usize },
    /// The input has ended, and so have its records.
    End,
}

/// How an array of records can be malformed between its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// `[,1]`, `[1,,2]`
    ValueExpected,
    /// `[1 2]`
    CommaExpected,
    /// `[1,]`
    TrailingComma,
    /// `[1] x`
    EndExpected,
    /// `[1`
    Unclosed,
    /// A record that is shorter than its length says, at the end of the input.
    Truncated,
    /// A length that is no number of 64 bits.
    Length,
    /// An Avro container file that does not begin with its magic bytes.
    ContainerMagic,
    /// A container's header that is no map of bytes.
    ContainerHeader,
    /// A block whose number of values or bytes is no number from zero on.
    BlockHead,
    /// A block without the file's sync marker behind it.
    BlockEnd,
    /// A block of so many bytes, which is over the limit.
    BlockTooLarge(u64),
}
