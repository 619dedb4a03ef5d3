//! A key that does not exist.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(nmae = "ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
