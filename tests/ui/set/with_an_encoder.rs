//! A set of encoders on an enum of sources.

use laminar_testkit::bare::BareEncoder;
use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

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
