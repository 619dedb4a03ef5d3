//! A capability that does not exist.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferrable)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
