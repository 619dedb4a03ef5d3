//! A name that SQL would fold.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "Ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
