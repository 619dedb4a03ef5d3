//! A sample as a file source hands it to inference.

use std::sync::Arc;

use laminar_formats::json::JsonSample;
use laminar_schema::{InferenceConfig, InferredSchema, RawRecord, SourceMetadata};

use crate::input::Case;

/// Records with a place each, and how a schema is inferred from them.
pub struct Sampling {
    pub records: Vec<RawRecord>,
    pub config: InferenceConfig,
}

impl Sampling {
    /// Infers a schema from the records.
    ///
    /// # Panics
    /// If a record says nothing: the workloads have no bad ones.
    pub fn infer(&self) -> InferredSchema {
        let sample = JsonSample::of(&self.records, &self.config).expect("no options are given");
        let inferred = sample.finish(&self.config).expect("records of a workload are objects");
        assert_eq!(inferred.sample_count, self.records.len());
        inferred
    }

    /// Bytes of the records.
    pub fn num_bytes(&self) -> usize {
        self.records.iter().filter_map(|record| record.value.as_ref()).map(|value| value.len()).sum()
    }
}

/// The case's records, looked at by one thread with the default configuration.
pub fn json(case: &Case, num_rows: usize) -> Sampling {
    let records = case.records(num_rows);
    let batches = records.batches(num_rows);
    let partition: Arc<str> = case.name.into();
    let mut offset = 0;
    let placed = batches[0].records.iter().zip(1..).map(|(value, line)| {
        let metadata = SourceMetadata::at(Some(Arc::clone(&partition)), Some(offset), Some(line));
        offset += value.len() as u64 + 1;
        RawRecord { metadata, ..RawRecord::new(*value) }
    });
    Sampling { records: placed.collect(), config: InferenceConfig { threads: 1, ..InferenceConfig::default() } }
}
