//! Capabilities of an enum.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

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
