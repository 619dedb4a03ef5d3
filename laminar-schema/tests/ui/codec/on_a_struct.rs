//! The derive on a decoder.

use laminar_schema::FormatDecoder;

#[derive(Debug, FormatDecoder)]
struct TickDecoder;

fn main() {}
