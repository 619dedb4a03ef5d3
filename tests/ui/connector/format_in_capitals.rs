//! A format in capitals.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(JSON))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
