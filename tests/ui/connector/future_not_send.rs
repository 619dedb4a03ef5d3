//! A source whose future cannot move between threads.

use std::rc::Rc;

use laminar_schema::{Positions, SchemaResult, Source, SourceConnector};
use laminar_testkit::bare::{BareDecoder, BareStream};

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
