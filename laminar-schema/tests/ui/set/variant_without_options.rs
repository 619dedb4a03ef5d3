//! A source that cannot be made from options.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::{BareDecoder, BareStream};
use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

impl Source for Ticker {
    type Decoder = BareDecoder;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

#[derive(Debug, SourceConnector)]
enum EngineSource {
    Ticker(Ticker),
}

fn main() {}
