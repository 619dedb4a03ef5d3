//! A name without quotes.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = ticker)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
