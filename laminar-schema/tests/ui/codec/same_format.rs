//! Two decoders of one format.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareDecoder;
use laminar_schema::FormatDecoder;

#[derive(Debug, FormatDecoder)]
enum OtherDecoder {
    Other(BareDecoder),
}

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Bare(BareDecoder),
    Other(OtherDecoder),
}

fn main() {}
