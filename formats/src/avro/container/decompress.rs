//! Decompresses blocks into scratch that is kept.

use std::fmt;

use bzip2::Status as BzStatus;
use flate2::{Decompress, FlushDecompress, Status as ZStatus};
use liblzma::stream::{Action, CONCATENATED, Status as XzStatus, Stream};
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use super::{Codec, CodecError};

/// Memory that one block of xz may take beside its values: its strongest setting needs 65 MiB.
const MAX_XZ_BYTES: u64 = 128 << 20;

/// What is made room for first.
const FIRST_BYTES: usize = 64 << 10;

/// Decompresses blocks, each at most so large.
pub(crate) struct Decompressor {
    limit: usize,
    /// Of a length that only grows, so that it is zeroed once.
    scratch: Vec<u8>,
    deflate: Decompress,
    snappy: snap::raw::Decoder,
    /// Made when it is needed: it takes memory.
    zstd: Option<ZstdDecoder<'static>>,
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What a step of a codec did.
struct Progress {
    read: usize,
    written: usize,
    /// The compressed data has ended.
    ended: bool,
}

impl Decompressor {
    /// Refuses blocks of more than `limit` bytes, as soon as they are seen to be.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            scratch: Vec::new(),
            deflate: Decompress::new(false),
            snappy: snap::raw::Decoder::new(),
            zstd: None,
        }
    }

    /// Yields the values of `block`.
    ///
    /// Cost: allocates while the scratch grows, and for bzip2 and xz with every block: their libraries cannot start over.
    pub(crate) fn decompress<'a>(&'a mut self, codec: Codec, block: &'a [u8]) -> Result<&'a [u8], CodecError> {
        let len = match codec {
            Codec::Null if block.len() > self.limit => return Err(CodecError::TooLarge { limit: self.limit }),
            Codec::Null => return Ok(block),
            Codec::Snappy => self.snappy(block)?,
            Codec::Deflate => self.deflate(block)?,
            Codec::Zstandard => self.zstandard(block)?,
            Codec::Bzip2 => self.bzip2(block)?,
            Codec::Xz => self.xz(block)?,
        };
        Ok(&self.scratch[..len])
    }

    /// Source: Avro 1.12, "snappy": each block is followed by the 4-byte, big-endian CRC32 of its uncompressed data.
    fn snappy(&mut self, block: &[u8]) -> Result<usize, CodecError> {
        let codec = Codec::Snappy;
        let corrupt = |e: snap::Error| CodecError::Corrupt { codec, reason: e.to_string() };
        let Some((data, checksum)) = block.split_last_chunk() else { return Err(CodecError::Truncated { codec }) };
        let len = snap::raw::decompress_len(data).map_err(corrupt)?;
        if len > self.limit {
            return Err(CodecError::TooLarge { limit: self.limit });
        }
        // No byte of Snappy gives more than 64: a claim beyond that is no reason to allocate.
        if len / 64 > data.len() {
            return Err(CodecError::Truncated { codec });
        }
        if self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        let len = self.snappy.decompress(data, &mut self.scratch).map_err(corrupt)?;
        let (expected, found) = (u32::from_be_bytes(*checksum), crc32fast::hash(&self.scratch[..len]));
        if expected == found { Ok(len) } else { Err(CodecError::Checksum { expected, found }) }
    }

    fn deflate(&mut self, block: &[u8]) -> Result<usize, CodecError> {
        let codec = Codec::Deflate;
        let Self { deflate, scratch, limit, .. } = self;
        deflate.reset(false);
        pump(codec, block, scratch, *limit, |input, output| {
            let (read, written) = (deflate.total_in(), deflate.total_out());
            let status = deflate
                .decompress(input, output, FlushDecompress::None)
                .map_err(|e| CodecError::Corrupt { codec, reason: e.to_string() })?;
            Ok(Progress {
                read: (deflate.total_in() - read) as usize,
                written: (deflate.total_out() - written) as usize,
                ended: status == ZStatus::StreamEnd,
            })
        })
    }

    fn zstandard(&mut self, block: &[u8]) -> Result<usize, CodecError> {
        let codec = Codec::Zstandard;
        let corrupt = |e: std::io::Error| CodecError::Corrupt { codec, reason: e.to_string() };
        let Self { zstd, scratch, limit, .. } = self;
        let decoder = match zstd {
            Some(decoder) => {
                decoder.reinit().map_err(corrupt)?;
                decoder
            }
            None => zstd.insert(ZstdDecoder::new().map_err(corrupt)?),
        };
        pump(codec, block, scratch, *limit, |input, output| {
            let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(output));
            let missing = decoder.run(&mut from, &mut to).map_err(corrupt)?;
            // Several frames are one block.
            let ended = missing == 0 && from.pos() == input.len();
            Ok(Progress { read: from.pos(), written: to.pos(), ended })
        })
    }

    fn bzip2(&mut self, block: &[u8]) -> Result<usize, CodecError> {
        let codec = Codec::Bzip2;
        let mut decoder = bzip2::Decompress::new(false);
        pump(codec, block, &mut self.scratch, self.limit, |input, output| {
            let (read, written) = (decoder.total_in(), decoder.total_out());
            let status =
                decoder.decompress(input, output).map_err(|e| CodecError::Corrupt { codec, reason: e.to_string() })?;
            let (read, written) = ((decoder.total_in() - read) as usize, (decoder.total_out() - written) as usize);
            let mut ended = status == BzStatus::StreamEnd;
            if ended && read < input.len() {
                // Several streams are one block.
                (decoder, ended) = (bzip2::Decompress::new(false), false);
            }
            Ok(Progress { read, written, ended })
        })
    }

    fn xz(&mut self, block: &[u8]) -> Result<usize, CodecError> {
        let codec = Codec::Xz;
        let corrupt = |e: liblzma::stream::Error| CodecError::Corrupt { codec, reason: e.to_string() };
        let mut decoder = Stream::new_stream_decoder(MAX_XZ_BYTES, CONCATENATED).map_err(corrupt)?;
        pump(codec, block, &mut self.scratch, self.limit, |input, output| {
            let (read, written) = (decoder.total_in(), decoder.total_out());
            let status = decoder.process(input, output, Action::Finish).map_err(corrupt)?;
            Ok(Progress {
                read: (decoder.total_in() - read) as usize,
                written: (decoder.total_out() - written) as usize,
                ended: status == XzStatus::StreamEnd,
            })
        })
    }
}

/// Runs `step` until the data ends; yields how much of `out` was filled. `out` grows as it is filled and never beyond
/// `limit` and a byte, whatever the data claims.
fn pump(
    codec: Codec,
    input: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
    mut step: impl FnMut(&[u8], &mut [u8]) -> Result<Progress, CodecError>,
) -> Result<usize, CodecError> {
    let (mut read, mut written) = (0, 0);
    loop {
        if written == out.len() {
            let len = (2 * out.len()).clamp(FIRST_BYTES, FIRST_BYTES.max(limit.saturating_add(1)));
            out.resize(len, 0);
        }
        let progress = step(&input[read..], &mut out[written..])?;
        read += progress.read;
        written += progress.written;
        if written > limit {
            return Err(CodecError::TooLarge { limit });
        }
        if progress.ended {
            let bytes = input.len() - read;
            // Python's libraries write what zlib gives without the two bytes in front and the last one, and so leave three
            // of its checksum behind.
            let allowed = if codec == Codec::Deflate { 3 } else { 0 };
            return if bytes <= allowed { Ok(written) } else { Err(CodecError::Trailing { codec, bytes }) };
        }
        if progress.read == 0 && progress.written == 0 && written < out.len() {
            return Err(CodecError::Truncated { codec });
        }
    }
}
