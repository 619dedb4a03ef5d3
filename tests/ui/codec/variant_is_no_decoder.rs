//! A variant that holds no decoder.

use laminar_schema::FormatDecoder;
use laminar_testkit::bare::BareDecoder;

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Bare(BareDecoder),
    Text(String),
}

fn main() {}
