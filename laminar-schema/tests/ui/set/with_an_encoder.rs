//! A set of encoders on an enum of sources.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
#[connector(encoder = BareEncoder)]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
