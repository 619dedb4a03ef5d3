//! Capabilities of an enum.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
#[capabilities(inferable)]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
