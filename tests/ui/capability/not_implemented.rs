//! A capability that is declared but not implemented.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
