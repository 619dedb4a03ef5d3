//! A source whose stream is no stream of records.

use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};
use laminar_testkit::bare::BareDecoder;

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
