//! A generic source: its formats are looked up for the parameters' defaults.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use std::marker::PhantomData;

use crate::bare::{BareDecoder, BareStream};
use laminar_schema::{DecoderSet, Positions, SchemaResult, Source, SourceConnector};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker", formats(json, cvs))]
struct Ticker<D: DecoderSet = BareDecoder>(PhantomData<fn() -> D>);

impl<D: DecoderSet> Source for Ticker<D> {
    type Decoder = D;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

fn main() {}
