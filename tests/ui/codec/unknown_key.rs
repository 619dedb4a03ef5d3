//! A key that does not exist.

use laminar_schema::FormatDecoder;
use laminar_testkit::bare::BareDecoder;

#[derive(Debug, FormatDecoder)]
#[format(name = "bare")]
enum EngineDecoder {
    Bare(BareDecoder),
}

fn main() {}
