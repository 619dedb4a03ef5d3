//! An enum with formats.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
#[connector(formats(json))]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
