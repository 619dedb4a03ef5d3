//! A plugin that SQL is to name.

use laminar_schema::BoxSource;
use laminar_testkit::bare::BareDecoder;
use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
enum EngineSource {
    Ticker(Ticker),
    Plugin(BoxSource<BareDecoder>),
}

fn main() {}
