//! The derive on an encoder.

use laminar_schema::FormatEncoder;

#[derive(Debug, FormatEncoder)]
struct TickEncoder;

fn main() {}
