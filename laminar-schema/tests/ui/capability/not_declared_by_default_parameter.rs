//! A generic source: what it implements is compared for the parameters' defaults.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use std::marker::PhantomData;

use crate::bare::{BareDecoder, BareStream};
use laminar_schema::{
    DecoderSet, InferenceConfig, Positions, RawRecord, SchemaInferable, SchemaResult, Source, SourceConnector,
};

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
