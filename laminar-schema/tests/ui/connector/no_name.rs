//! A connector without a name.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(formats(json))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
