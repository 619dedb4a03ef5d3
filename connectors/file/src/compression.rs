//! Compressed bytes on the way in and out: which codec, and streams through it.

use std::{
    fmt,
    io::{self, BufReader, Chain, Cursor, Read, Write},
    path::Path,
};

use flate2::{bufread::MultiGzDecoder, write::GzEncoder};
use laminar_schema::config::FromConfigValue;

/// What an option says about compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Found out: by the first bytes when reading, by the path's extension when writing.
    #[default]
    Auto,
    /// Bytes as they are.
    None,
    /// Gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
}

impl FromConfigValue for Compression {
    const TYPE_NAME: &'static str = "auto, none, gzip or zstd";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            "gzip" | "gz" => Ok(Self::Gzip),
            "zstd" | "zst" => Ok(Self::Zstd),
            _ => Err(String::new()),
        }
    }
}

/// The codec of one stream of bytes, once it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Gzip,
    Zstd,
}

/// Bytes that suffice to tell a codec.
pub(crate) const MAGIC_BYTES: usize = 4;

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Skippable frames (RFC 8878 §3.1.2) have 0x184D2A50 to 0x184D2A5F, and may come first.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

impl Codec {
    /// The codec of bytes that begin with `head`. What they begin with decides, not what the file is called.
    pub(crate) fn of_input(setting: Compression, head: &[u8]) -> Self {
        match setting {
            Compression::None => Self::Plain,
            Compression::Gzip => Self::Gzip,
            Compression::Zstd => Self::Zstd,
            Compression::Auto if head.starts_with(&GZIP_MAGIC) => Self::Gzip,
            Compression::Auto if head.starts_with(&ZSTD_MAGIC) => Self::Zstd,
            Compression::Auto if head.len() == 4 && head[0] & 0xf0 == 0x50 && head[1..] == ZSTD_SKIPPABLE => Self::Zstd,
            Compression::Auto => Self::Plain,
        }
    }

    /// The codec that `path` is to be written with.
    pub(crate) fn of_output(setting: Compression, path: &Path) -> Self {
        match setting {
            Compression::None => Self::Plain,
            Compression::Gzip => Self::Gzip,
            Compression::Zstd => Self::Zstd,
            Compression::Auto => Self::of_extension(path).unwrap_or(Self::Plain),
        }
    }

    /// The codec that the extension of `path` promises.
    pub(crate) fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// A stream with the head that was looked at put back in front of it.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Uncompressed bytes of a stream of any codec.
pub(crate) enum Decompressor<R: Read> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Whole<R>>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Whole<R>>>),
}

/// What is read at once from a compressed stream.
const COMPRESSED_BUFFER: usize = 128 * 1024;

impl<R: Read> Decompressor<R> {
    /// Reads `head` and then `rest` through `codec`.
    pub(crate) fn new(codec: Codec, head: Vec<u8>, rest: R) -> io::Result<Self> {
        let whole = Cursor::new(head).chain(rest);
        Ok(match codec {
            Codec::Plain => Self::Plain(whole),
            Codec::Gzip => {
                let buffered = BufReader::with_capacity(COMPRESSED_BUFFER, whole);
                Self::Gzip(Box::new(MultiGzDecoder::new(buffered)))
            }
            Codec::Zstd => {
                let buffered = BufReader::with_capacity(COMPRESSED_BUFFER, whole);
                Self::Zstd(zstd::stream::read::Decoder::with_buffer(buffered)?)
            }
        })
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(r) => r.read(buf),
            Self::Gzip(r) => r.read(buf),
            Self::Zstd(r) => r.read(buf),
        }
    }
}

/// Compresses what is written, one gzip member or Zstandard frame at a time.
pub(crate) enum Compressor {
    Plain,
    Gzip(Option<GzEncoder<Vec<u8>>>),
    Zstd(Option<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
        })
    }
}

impl Compressor {
    pub(crate) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Plain => Self::Plain,
            Codec::Gzip => Self::Gzip(None),
            Codec::Zstd => Self::Zstd(None),
        }
    }

    /// The codec that it compresses with.
    pub(crate) fn codec(&self) -> Codec {
        match self {
            Self::Plain => Codec::Plain,
            Self::Gzip(_) => Codec::Gzip,
            Self::Zstd(_) => Codec::Zstd,
        }
    }

    /// Takes `bytes` in, and hands everything that is ready to `sink`.
    pub(crate) fn write(&mut self, bytes: &[u8], sink: &mut impl Write) -> io::Result<()> {
        let ready = match self {
            Self::Plain => return sink.write_all(bytes),
            Self::Gzip(member) => {
                let encoder = member.get_or_insert_with(|| GzEncoder::new(Vec::new(), flate2::Compression::default()));
                encoder.write_all(bytes)?;
                encoder.get_mut()
            }
            Self::Zstd(frame) => {
                let encoder = match frame {
                    Some(encoder) => encoder,
                    None => {
                        frame.insert(zstd::stream::write::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?)
                    }
                };
                encoder.write_all(bytes)?;
                encoder.get_mut()
            }
        };
        sink.write_all(ready)?;
        ready.clear();
        Ok(())
    }

    /// Ends the open member or frame, if there is one: what `sink` got so far is then a valid stream by itself.
    pub(crate) fn seal(&mut self, sink: &mut impl Write) -> io::Result<()> {
        let rest = match self {
            Self::Plain => return Ok(()),
            Self::Gzip(member) => member.take().map(GzEncoder::finish),
            Self::Zstd(frame) => frame.take().map(zstd::stream::write::Encoder::finish),
        };
        match rest {
            Some(rest) => sink.write_all(&rest?),
            None => Ok(()),
        }
    }

    /// Drops the open member or frame.
    pub(crate) fn abandon(&mut self) {
        match self {
            Self::Plain => {}
            Self::Gzip(member) => *member = None,
            Self::Zstd(frame) => *frame = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        let check =
            |head: &[u8], expected| assert_eq!(Codec::of_input(Compression::Auto, head), expected, "{head:02x?}");
        check(&[0x1f, 0x8b, 0x08, 0x00], Codec::Gzip);
        check(&[0x28, 0xb5, 0x2f, 0xfd], Codec::Zstd);
        check(&[0x5e, 0x2a, 0x4d, 0x18], Codec::Zstd);
        check(b"{\"a\"", Codec::Plain);
        check(&[0x1f], Codec::Plain);
        check(b"", Codec::Plain);
    }

    #[test]
    fn every_seal_leaves_a_readable_stream() {
        for codec in [Codec::Plain, Codec::Gzip, Codec::Zstd] {
            let mut compressor = Compressor::new(codec);
            let mut stored = Vec::new();
            let mut plain = Vec::new();
            for part in [&b"one\n"[..], b"two\n", b""] {
                compressor.write(part, &mut stored).unwrap();
                compressor.seal(&mut stored).unwrap();
                plain.extend_from_slice(part);
                let mut back = Vec::new();
                Decompressor::new(codec, Vec::new(), stored.as_slice()).unwrap().read_to_end(&mut back).unwrap();
                assert_eq!(back, plain, "{codec:?}");
            }
        }
    }
}
