//! A generic source with a parameter that its impl does not take.

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

fn run<S>(_: S)
where
    S: SourceConnector,
{
}

fn start() {
    run(Ticker::<String>(PhantomData));
}

fn main() {}
