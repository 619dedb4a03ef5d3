//! A format listed twice.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(json, json))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
