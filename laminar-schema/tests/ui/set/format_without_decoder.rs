//! A set of decoders without a format of a variant.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::{BareDecoder, RawDecoder};
use laminar_schema::FormatDecoder;
use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Raw(RawDecoder),
}

impl From<BareDecoder> for EngineDecoder {
    fn from(_: BareDecoder) -> Self {
        unreachable!()
    }
}

#[derive(Debug, SourceConnector)]
#[connector(decoder = EngineDecoder)]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
