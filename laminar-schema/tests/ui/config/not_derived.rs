//! Options without the derive.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use crate::bare::{BareDecoder, BareStream};
use laminar_schema::{Positions, SchemaResult, Source, SourceConfig, SourceConnector, SourceFromConfig};

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

impl Source for Ticker {
    type Decoder = BareDecoder;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

struct TickConfig;

impl SourceFromConfig for Ticker {
    type Config = TickConfig;
    fn from_config(_: TickConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self)
    }
}

fn main() {}
