//! Samples of JSON → a schema with evidence.

mod document;
mod reader;
mod scan;

use std::sync::Arc;

use arrow_schema::Schema;
use laminar_schema::{
    ConnectorConfig, FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult, field::json_field,
};

use self::{reader::DocumentReader, scan::Scanner};
use super::JsonOptions;
use crate::infer::{Part, Rules, Sample, in_parts, replayed, stored};

/// Infers a schema from JSON records: a column per key, in the order in which keys stand.
///
/// A sample of no objects at all gives one column, `value`.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonInference;

impl FormatInference for JsonInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        JsonSample::of(samples, config)?.finish(config)
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        JsonSample { sample: replayed(super::NAME, evidence)?, ..JsonSample::new(config)? }.finish(config)
    }
}

/// What a part of a JSON sample says. Parts merge in any order.
#[derive(Debug, Clone)]
pub struct JsonSample {
    options: JsonOptions,
    rules: Rules,
    sample: Sample,
}

impl Part for JsonSample {
    fn observe_all(&mut self, records: &[RawRecord]) {
        self.observe_all(records);
    }

    fn merge(&mut self, other: Self) {
        self.merge(other);
    }
}

impl JsonSample {
    /// An empty sample.
    ///
    /// # Errors
    /// Options of the format that are wrong.
    pub fn new(config: &InferenceConfig) -> SchemaResult<Self> {
        let options = JsonOptions::from_options(&config.format_options)?;
        Ok(Self { options, rules: Rules::new(config), sample: Sample::default() })
    }

    /// A sample of records, on as many threads as the configuration allows and their number is worth.
    ///
    /// # Errors
    /// As [`JsonSample::new`].
    pub fn of(records: &[RawRecord], config: &InferenceConfig) -> SchemaResult<Self> {
        Ok(in_parts(Self::new(config)?, records, config))
    }

    /// Takes in records. What they say does not depend on how they are divided over calls, and much of the cost of a
    /// call does not depend on their number.
    pub fn observe_all(&mut self, records: &[RawRecord]) {
        let Self { options, rules, sample } = self;
        let reader = DocumentReader { options, rules };
        match Scanner::new(records, options, reader.max_depth(), rules) {
            Some(scanner) => scanner.read(sample, |sample, record| reader.observe(sample, record)),
            None => records.iter().for_each(|record| reader.observe(sample, record)),
        }
    }

    /// Takes in records one by one, each as a tree of its values: the plain twin of [`JsonSample::observe_all`], which
    /// says the same.
    pub fn observe_plainly(&mut self, records: &[RawRecord]) {
        let reader = DocumentReader { options: &self.options, rules: &self.rules };
        records.iter().for_each(|record| reader.observe(&mut self.sample, record));
    }

    /// Joins another part of the sample.
    pub fn merge(&mut self, other: Self) {
        self.sample.merge(other.sample, &self.rules);
    }

    /// The schema of everything taken in.
    ///
    /// # Errors
    /// [`InferError`](laminar_schema::InferError) when no record is usable.
    pub fn finish(&self, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let mut inferred = self.sample.finish(config, &self.rules)?;
        inferred.evidence = config.keep_evidence.then(|| stored(&self.sample));
        if let Some(name) = &self.options.document_column {
            // The decoder fills this column with whole documents, and reads no field of its name.
            let others = inferred.schema.fields().iter().filter(|f| f.name() != name).cloned();
            let fields: Vec<_> = others.chain([Arc::new(json_field(name, true))]).collect();
            inferred.schema = Arc::new(Schema::new(fields));
        }
        Ok(inferred)
    }
}

#[cfg(test)]
mod tests;
