//! A source whose decoder is no set of decoders.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareStream;
use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

#[derive(Debug)]
struct TickDecoder;

impl Source for Ticker {
    type Decoder = TickDecoder;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

fn main() {}
