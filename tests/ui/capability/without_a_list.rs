//! The attribute without its list.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities]
struct Ticker;

bare_source!(Ticker);

fn main() {}
