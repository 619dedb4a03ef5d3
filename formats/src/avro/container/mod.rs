//! Container files: header, codecs, blocks.
//!
//! Lives here: what a header says, and what a block's bytes are when they are decompressed. Does not live here: where a
//! block ends, which [`crate::framing`] knows, and what its values are.
//!
//! Source: Avro 1.12 specification, "Object Container Files".

mod codec;
mod compress;
mod decompress;
mod header;

pub use codec::{Codec, CodecError};
pub(crate) use compress::Compressor;
pub(crate) use decompress::Decompressor;
pub(crate) use header::write_varint;
pub use header::{Header, HeaderError, MAGIC};
