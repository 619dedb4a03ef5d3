//! A variant that holds no source.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
enum EngineSource {
    Ticker(Ticker),
    Text(String),
}

fn main() {}
