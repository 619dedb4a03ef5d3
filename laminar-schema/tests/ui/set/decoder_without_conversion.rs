//! A set of decoders that a variant's decoder does not turn into.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::RawDecoder;
use laminar_schema::SourceConnector;

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
