//! A source whose stream is no stream of records.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::BareDecoder;
use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

#[derive(Debug)]
struct Ticks;

impl Source for Ticker {
    type Decoder = BareDecoder;
    type Stream = Ticks;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<Ticks> {
        Ok(Ticks)
    }
}

fn main() {}
