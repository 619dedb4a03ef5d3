//! A source whose future cannot move between threads.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use std::rc::Rc;

use crate::bare::{BareDecoder, BareStream};
use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};

#[derive(Debug, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

impl Source for Ticker {
    type Decoder = BareDecoder;
    type Stream = BareStream;
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<BareStream> {
        let held = Rc::new(1);
        std::future::ready(()).await;
        drop(held);
        Ok(BareStream)
    }
}

fn main() {}
