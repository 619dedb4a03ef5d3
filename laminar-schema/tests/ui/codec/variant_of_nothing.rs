//! A variant that holds nothing.

use laminar_schema::FormatEncoder;

#[derive(Debug, FormatEncoder)]
enum EngineEncoder {
    None,
}

fn main() {}
