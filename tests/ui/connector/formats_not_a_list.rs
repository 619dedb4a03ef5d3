//! Formats given as a value.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats = "json")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
