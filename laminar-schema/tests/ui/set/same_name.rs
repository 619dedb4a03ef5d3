//! Two connectors of one name.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

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
