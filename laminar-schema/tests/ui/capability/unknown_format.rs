//! A capability for a format that the decoder set does not have.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;
use laminar_schema::{InferenceConfig, RawRecord, SchemaInferable, SchemaResult};

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable(jsno))]
struct Ticker;

bare_source!(Ticker);

impl SchemaInferable for Ticker {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        Ok(Vec::new())
    }
}

fn main() {}
