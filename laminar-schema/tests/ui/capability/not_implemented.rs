//! A capability that is declared but not implemented.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
