//! The attribute without its list.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities]
struct Ticker;

bare_source!(Ticker);

fn main() {}
