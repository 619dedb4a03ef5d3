//! A generic source: what it implements is compared for the parameters' defaults.

use std::marker::PhantomData;

use laminar_schema::{
    DecoderSet, InferenceConfig, Positions, RawRecord, SchemaInferable, SchemaResult, Source, SourceConnector,
};
use laminar_testkit::bare::{BareDecoder, BareStream};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker<D: DecoderSet = BareDecoder>(PhantomData<fn() -> D>);

impl<D: DecoderSet> Source for Ticker<D> {
    type Decoder = D;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

impl<D: DecoderSet> SchemaInferable for Ticker<D> {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        Ok(Vec::new())
    }
}

fn main() {}
