//! A misspelt key on a variant.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
enum EngineSource {
    #[connector(no_craete)]
    Ticker(Ticker),
}

fn main() {}
