//! A generic source whose parameter lacks the bound of its impl.

use std::marker::PhantomData;

use laminar_schema::{DecoderSet, Positions, SchemaResult, Source, SourceConnector};
use laminar_testkit::bare::BareStream;

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker<D>(PhantomData<fn() -> D>);

impl<D: DecoderSet> Source for Ticker<D> {
    type Decoder = D;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

fn main() {}
