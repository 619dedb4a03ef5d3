//! A name that SQL would fold.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "Ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
