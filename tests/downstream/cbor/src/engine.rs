//! An engine that has CBOR beside the formats of `laminar-formats`.

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_memory::{MemorySink, MemorySource};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{FormatDecoder, FormatEncoder, SinkConnector, SourceConnector};

use crate::{CborDecoder, CborEncoder};

/// Reads what the library reads, and CBOR.
#[derive(Debug, FormatDecoder)]
#[allow(clippy::large_enum_variant, reason = "there is one decoder for each thread, and it stays where it is")]
pub enum EngineDecoder {
    Shipped(AnyDecoder),
    Cbor(CborDecoder),
}

/// Writes what the library writes, and CBOR.
#[derive(Debug, FormatEncoder)]
pub enum EngineEncoder {
    Shipped(AnyEncoder),
    Cbor(CborEncoder),
}

/// The sources that SQL can name.
#[derive(Debug, SourceConnector)]
#[connector(decoder = EngineDecoder)]
pub enum EngineSources {
    File(FileSource<EngineDecoder>),
    Memory(MemorySource<EngineDecoder>),
}

/// The sinks.
#[derive(Debug, SinkConnector)]
#[connector(encoder = EngineEncoder)]
pub enum EngineSinks {
    File(FileSink<EngineEncoder>),
    Memory(MemorySink<EngineEncoder>),
}
