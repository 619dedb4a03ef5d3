//! Two decoders of one format.

use laminar_schema::FormatDecoder;
use laminar_testkit::bare::BareDecoder;

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
