//! A format in capitals.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(JSON))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
