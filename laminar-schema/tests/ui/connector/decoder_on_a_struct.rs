//! A struct that names its decoder in the attribute.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", decoder = Other)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
