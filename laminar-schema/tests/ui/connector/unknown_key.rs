//! A key that does not exist.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(nmae = "ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
