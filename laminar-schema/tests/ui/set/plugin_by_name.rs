//! A plugin that SQL is to name.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareDecoder;
use laminar_schema::BoxSource;
use laminar_schema::SourceConnector;

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
