//! A format listed twice.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(json, json))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
