//! Two connectors of one name.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Clock;

bare_source!(Ticker, Clock);

#[derive(Debug, SourceConnector)]
enum EngineSource {
    Ticker(Ticker),
    Clock(Clock),
}

fn main() {}
