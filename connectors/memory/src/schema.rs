//! Sampling: the first records of a feed.

use laminar_schema::{DecoderSet, InferenceConfig, RawRecord, SchemaInferable, SchemaResult};
use tokio::time::timeout;

use crate::source::MemorySource;

impl<D: DecoderSet> SchemaInferable for MemorySource<D> {
    /// Takes the records there are, waiting for the first one only. Rows that were pushed as columns are no records.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        // Out of time is no error: what there is then, if anything, is the sample.
        let _ = timeout(config.sample_timeout, self.feed.wait(0)).await;
        Ok(self.feed.head(config.sample_size))
    }
}
