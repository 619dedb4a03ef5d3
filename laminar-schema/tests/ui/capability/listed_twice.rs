//! A capability that is listed twice.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;
use laminar_schema::{InferenceConfig, RawRecord, SchemaInferable, SchemaResult};

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable(json), inferable(csv))]
struct Ticker;

bare_source!(Ticker);

impl SchemaInferable for Ticker {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        Ok(Vec::new())
    }
}

fn main() {}
