//! A variant that holds no decoder.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareDecoder;
use laminar_schema::FormatDecoder;

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Bare(BareDecoder),
    Text(String),
}

fn main() {}
