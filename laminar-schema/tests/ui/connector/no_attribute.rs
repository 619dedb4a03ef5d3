//! A connector without its attribute.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[allow(dead_code)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
