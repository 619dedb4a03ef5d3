//! A capability written like an option.

use laminar_schema::{InferenceConfig, RawRecord, SchemaInferable, SchemaResult};
use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
#[capabilities(inferable = true)]
struct Ticker;

bare_source!(Ticker);

impl SchemaInferable for Ticker {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        Ok(Vec::new())
    }
}

fn main() {}
