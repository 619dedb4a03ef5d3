//! A set of decoders that a variant's decoder does not turn into.

use laminar_testkit::bare::RawDecoder;
use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, SourceConnector)]
#[connector(decoder = RawDecoder)]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
