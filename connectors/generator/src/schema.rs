//! Sampling: the workload's first records.

use std::sync::Arc;

use laminar_schema::{DecoderSet, InferenceConfig, RawRecord, SchemaInferable, SchemaResult, SourceMetadata};

use crate::source::GeneratorSource;

impl<D: DecoderSet> SchemaInferable for GeneratorSource<D> {
    /// Generates the first records, at whatever pace the source has been given.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let mut stream = self.stream();
        let count = stream.end.min(config.sample_size as u64);
        let records = (0..count).map(|offset| {
            let mut value = Vec::new();
            stream.generator.write_record(&mut value);
            let metadata = SourceMetadata::at(Some(Arc::clone(&stream.partition)), Some(offset), None);
            RawRecord { metadata, ..RawRecord::new(value) }
        });
        Ok(records.collect())
    }
}
