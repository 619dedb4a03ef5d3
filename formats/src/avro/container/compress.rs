//! Compresses blocks.

use std::fmt;

use flate2::{Compress, Compression, FlushCompress, Status as ZStatus};
use laminar_schema::{SchemaResult, config::ConfigError};
use liblzma::stream::{Action, Check, Status as XzStatus, Stream};

use super::Codec;

/// Compresses blocks with one codec.
pub(crate) struct Compressor {
    level: Option<i32>,
    engine: Engine,
}

enum Engine {
    Null,
    Deflate(Compress),
    Snappy(Box<snap::raw::Encoder>, Vec<u8>),
    Zstandard(zstd::bulk::Compressor<'static>, Vec<u8>),
    Bzip2,
    Xz,
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("level", &self.level).finish_non_exhaustive()
    }
}

impl Compressor {
    /// A compressor with `level`, or the codec's own where none is given.
    ///
    /// # Errors
    /// A level that the codec does not have.
    pub(crate) fn new(codec: Codec, level: Option<i32>) -> SchemaResult<Self> {
        let levels = match codec {
            Codec::Null | Codec::Snappy => None,
            Codec::Deflate | Codec::Xz => Some(0..=9),
            Codec::Zstandard => Some(1..=22),
            Codec::Bzip2 => Some(1..=9),
        };
        if let Some(level) = level {
            let expected = match &levels {
                Some(levels) if levels.contains(&level) => None,
                Some(levels) => {
                    Some(format!("a number from {} to {} for {}", levels.start(), levels.end(), codec.name()))
                }
                None => Some(format!("no level for {}, which has none", codec.name())),
            };
            if let Some(expected) = expected {
                return Err(ConfigError::invalid("codec_level", level.to_string(), expected, "").into());
            }
        }
        let engine = match codec {
            Codec::Null => Engine::Null,
            Codec::Deflate => {
                Engine::Deflate(Compress::new(Compression::new(level.unwrap_or(6).unsigned_abs()), false))
            }
            Codec::Snappy => Engine::Snappy(Box::new(snap::raw::Encoder::new()), Vec::new()),
            Codec::Zstandard => {
                let compressor = zstd::bulk::Compressor::new(level.unwrap_or(3)).map_err(|_| {
                    ConfigError::invalid("codec", codec.name(), "a codec that this machine has memory for", "")
                })?;
                Engine::Zstandard(compressor, Vec::new())
            }
            Codec::Bzip2 => Engine::Bzip2,
            Codec::Xz => Engine::Xz,
        };
        Ok(Self { level, engine })
    }

    /// Appends `values` as a block to `out`; `None` when the codec's library fails, which takes a machine out of memory.
    pub(crate) fn compress(&mut self, values: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match &mut self.engine {
            Engine::Null => out.extend_from_slice(values),
            Engine::Deflate(deflate) => {
                deflate.reset();
                loop {
                    out.reserve(values.len() / 2 + 64);
                    let read = usize::try_from(deflate.total_in()).ok()?;
                    if deflate.compress_vec(&values[read..], out, FlushCompress::Finish).ok()? == ZStatus::StreamEnd {
                        break;
                    }
                }
            }
            Engine::Snappy(encoder, scratch) => {
                let bound = snap::raw::max_compress_len(values.len());
                if scratch.len() < bound {
                    scratch.resize(bound, 0);
                }
                let len = encoder.compress(values, scratch).ok()?;
                out.extend_from_slice(&scratch[..len]);
                out.extend_from_slice(&crc32fast::hash(values).to_be_bytes());
            }
            Engine::Zstandard(compressor, scratch) => {
                scratch.clear();
                scratch.reserve(zstd::zstd_safe::compress_bound(values.len()));
                compressor.compress_to_buffer(values, scratch).ok()?;
                out.extend_from_slice(scratch);
            }
            Engine::Bzip2 => {
                let level = bzip2::Compression::new(self.level.unwrap_or(9).unsigned_abs());
                let mut encoder = bzip2::Compress::new(level, 0);
                loop {
                    out.reserve(values.len() / 2 + 1024);
                    let read = usize::try_from(encoder.total_in()).ok()?;
                    let status = encoder.compress_vec(&values[read..], out, bzip2::Action::Finish).ok()?;
                    if status == bzip2::Status::StreamEnd {
                        break;
                    }
                }
            }
            Engine::Xz => {
                let preset = self.level.unwrap_or(6).unsigned_abs();
                let mut encoder = Stream::new_easy_encoder(preset, Check::Crc64).ok()?;
                loop {
                    out.reserve(values.len() / 2 + 1024);
                    let read = usize::try_from(encoder.total_in()).ok()?;
                    if encoder.process_vec(&values[read..], out, Action::Finish).ok()? == XzStatus::StreamEnd {
                        break;
                    }
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::container::{CodecError, Decompressor};

    const CODECS: [Codec; 6] = [Codec::Null, Codec::Deflate, Codec::Snappy, Codec::Zstandard, Codec::Bzip2, Codec::Xz];

    fn compressed(codec: Codec, level: Option<i32>, values: &[u8]) -> Vec<u8> {
        let mut out = b"before".to_vec();
        Compressor::new(codec, level).expect("a level").compress(values, &mut out).expect("memory");
        out.split_off(6)
    }

    #[test]
    fn blocks_come_back() {
        let mut noise = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (noise >> 56) as u8
        })
        .take(300_000)
        .collect();
        for codec in CODECS {
            let mut decompressor = Decompressor::new(1 << 20);
            for values in [&b""[..], b"a", &[7; 500_000], &noise, &noise[..70_000]] {
                let block = compressed(codec, None, values);
                assert_eq!(decompressor.decompress(codec, &block), Ok(values), "{codec:?}");
            }
        }
    }

    #[test]
    fn levels_are_checked() {
        let values = [7; 10_000];
        for (codec, good, bad) in [
            (Codec::Deflate, &[0, 9][..], &[-1, 10][..]),
            (Codec::Zstandard, &[1, 22], &[0, 23]),
            (Codec::Bzip2, &[1, 9], &[0, 10]),
            (Codec::Xz, &[0, 9], &[-1, 10]),
            (Codec::Null, &[], &[1]),
            (Codec::Snappy, &[], &[1]),
        ] {
            for level in good {
                let block = compressed(codec, Some(*level), &values);
                assert_eq!(Decompressor::new(1 << 20).decompress(codec, &block), Ok(&values[..]));
            }
            for level in bad {
                assert!(Compressor::new(codec, Some(*level)).is_err(), "{codec:?} {level}");
            }
        }
    }

    /// Fronts, bytes behind the end, bytes that were changed, and blocks that are larger than they may be.
    #[test]
    fn broken_blocks_are_refused() {
        let values: Vec<u8> = (0..400_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        for codec in &CODECS[1..] {
            let block = compressed(*codec, None, &values);
            let mut decompressor = Decompressor::new(values.len());
            for end in 0..block.len() {
                assert!(decompressor.decompress(*codec, &block[..end]).is_err(), "{codec:?} cut at {end}");
            }
            let longer = [&block[..], b"xxxx"].concat();
            assert!(decompressor.decompress(*codec, &longer).is_err(), "{codec:?} with bytes behind it");
            for at in 0..block.len() {
                let mut changed = block.clone();
                changed[at] ^= 0x55;
                // What matters here is that nothing panics: only some codecs have checksums.
                let _ = decompressor.decompress(*codec, &changed);
            }
            assert_eq!(decompressor.decompress(*codec, &block), Ok(&values[..]), "{codec:?} is still usable");
            let limit = values.len() - 1;
            let refused = Decompressor::new(limit).decompress(*codec, &block).map(<[u8]>::len);
            assert_eq!(refused, Err(CodecError::TooLarge { limit }), "{codec:?}");
        }
    }
}
