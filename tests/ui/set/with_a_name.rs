//! An enum with a name.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
#[connector(name = "engine")]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
