//! A name without quotes.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = ticker)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
