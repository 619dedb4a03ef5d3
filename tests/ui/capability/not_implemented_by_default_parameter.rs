//! A generic source: what it declares is compared for the parameters' defaults.

use std::marker::PhantomData;

use laminar_schema::{DecoderSet, Positions, SchemaResult, Source, SourceConnector};
use laminar_testkit::bare::{BareDecoder, BareStream};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable)]
struct Ticker<D: DecoderSet = BareDecoder>(PhantomData<fn() -> D>);

impl<D: DecoderSet> Source for Ticker<D> {
    type Decoder = D;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

fn main() {}
