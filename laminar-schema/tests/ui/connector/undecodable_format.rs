//! A real format that the decoder set does not have.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(avro))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
