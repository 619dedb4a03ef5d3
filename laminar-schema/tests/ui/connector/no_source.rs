//! A derive without the trait that it completes.

use laminar_schema::SourceConnector;

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

fn main() {}
