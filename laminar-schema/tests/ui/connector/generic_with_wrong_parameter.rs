//! A generic source with a parameter that its impl does not take.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use std::marker::PhantomData;

use crate::bare::BareStream;
use laminar_schema::{DecoderSet, Positions, SchemaResult, Source, SourceConnector};

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

fn run<S>(_: S)
where
    S: SourceConnector,
{
}

fn start() {
    run(Ticker::<String>(PhantomData));
}

fn main() {}
