//! The attribute on a field.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker {
    #[capabilities(inferable)]
    _count: u64,
}

bare_source!(Ticker);

fn main() {}
