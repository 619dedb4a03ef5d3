//! What a stream begins with, for finding options of its format.

use super::SampleHead;

/// The first bytes of a source's first stream: uncompressed, and in the character encoding that they have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    /// The bytes, up to [`StreamHead::MAX_BYTES`].
    pub bytes: Vec<u8>,
    /// Whether these are all that the stream has.
    pub is_whole: bool,
}

impl StreamHead {
    /// Bytes that are enough to find options in: 1 MiB, some thousands of records.
    pub const MAX_BYTES: usize = 1 << 20;

    /// The bytes as an inference looks at them.
    pub fn as_sample(&self) -> SampleHead<'_> {
        SampleHead::Bytes { bytes: &self.bytes, is_whole: self.is_whole }
    }
}
