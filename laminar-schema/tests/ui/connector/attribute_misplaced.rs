//! Text where the attribute expects keys.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector("ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
