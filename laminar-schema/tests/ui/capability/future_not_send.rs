//! A capability whose future cannot move between threads.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use std::rc::Rc;

use laminar_schema::SourceConnector;
use laminar_schema::{InferenceConfig, RawRecord, SchemaInferable, SchemaResult};

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable)]
struct Ticker;

bare_source!(Ticker);

impl SchemaInferable for Ticker {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let held = Rc::new(1);
        std::future::ready(()).await;
        drop(held);
        Ok(Vec::new())
    }
}

fn main() {}
