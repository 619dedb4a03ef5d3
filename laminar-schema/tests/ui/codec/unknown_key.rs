//! A key that does not exist.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareDecoder;
use laminar_schema::FormatDecoder;

#[derive(Debug, FormatDecoder)]
#[format(name = "bare")]
enum EngineDecoder {
    Bare(BareDecoder),
}

fn main() {}
