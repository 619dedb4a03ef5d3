//! Samples of JSON → a schema with evidence.

mod document;

use std::{panic::resume_unwind, sync::Arc, thread};

use arrow_schema::Schema;
use laminar_schema::{
    ConnectorConfig, FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult, field::json_field,
};

use self::document::Documents;
use super::{JsonOptions, MultipleDocuments, NonObjects};
use crate::{
    infer::{Place, Rules, Sample, VALUE_COLUMN, Value},
    policy::NoContent,
};

/// Records that are worth a thread.
const RECORDS_PER_THREAD: usize = 4096;

/// Deepest document that is looked at, whatever `max_depth` allows: the parser here recurses.
const MAX_DEPTH: usize = 1000;

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
}

/// What a part of a JSON sample says. Parts merge in any order.
#[derive(Debug, Clone)]
pub struct JsonSample {
    options: JsonOptions,
    rules: Rules,
    sample: Sample,
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
        let mut whole = Self::new(config)?;
        let threads = config.threads.min(records.len() / RECORDS_PER_THREAD).max(1);
        let (own, others) = records.split_at(records.len().div_ceil(threads));
        let empty = whole.clone();
        thread::scope(|scope| {
            let part = |records: &'_ [RawRecord]| {
                let mut part = empty.clone();
                records.iter().for_each(|record| part.observe(record));
                part
            };
            let parts: Vec<_> =
                others.chunks(own.len().max(1)).map(|records| scope.spawn(move || part(records))).collect();
            own.iter().for_each(|record| whole.observe(record));
            for part in parts {
                whole.merge(part.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
        Ok(whole)
    }

    /// Takes in one record.
    pub fn observe(&mut self, record: &RawRecord) {
        self.sample.looked_at += 1;
        let place = Place::of(&record.metadata);
        let documents = match self.documents(record) {
            Ok(documents) => documents,
            Err(reason) => return self.sample.unusable.note(&place, &reason),
        };
        for document in documents {
            match (document, self.options.non_objects) {
                (Value::Object { members, .. }, _) => self.sample.objects.observe(&members, 0, &place, &self.rules),
                (value, Some(NonObjects::Value)) => {
                    self.sample.objects.observe(&[(VALUE_COLUMN, value)], 0, &place, &self.rules);
                }
                (_, Some(NonObjects::Reject)) => self.sample.unusable.note(&place, "expected an object"),
                (value, None) => self.sample.values.observe(&value, 0, &place, &self.rules),
            }
        }
    }

    /// The documents of a record, or why it is of no use.
    fn documents<'a>(&self, record: &'a RawRecord) -> Result<Vec<Value<'a>>, String> {
        let Some(bytes) = &record.value else {
            return self.nothing(self.options.tombstones, "a tombstone");
        };
        if let Some(limit) = self.options.max_record_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(format!("expected at most {limit} bytes, found {}", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rest = Documents::new(text, self.options.max_depth.min(MAX_DEPTH));
        let mut documents = Vec::new();
        while let Some(document) = rest.next().map_err(|e| e.to_string())? {
            documents.push(document);
        }
        match documents.len() {
            0 => self.nothing(self.options.empty_records, "an empty record"),
            2.. if self.options.multiple_documents == MultipleDocuments::Reject => {
                Err("expected one document, found several in one record".to_owned())
            }
            _ => Ok(documents),
        }
    }

    fn nothing<'a>(&self, policy: NoContent, found: &str) -> Result<Vec<Value<'a>>, String> {
        match policy {
            NoContent::Reject => Err(format!("expected a document, found {found}")),
            NoContent::Skip | NoContent::Null => Ok(Vec::new()),
        }
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
        if let Some(name) = &self.options.document_column {
            // The decoder fills this column with whole documents, and reads no field of its name.
            let others = inferred.schema.fields().iter().filter(|f| f.name() != name).cloned();
            let fields: Vec<_> = others.chain([Arc::new(json_field(name, true))]).collect();
            inferred.schema = Arc::new(Schema::new(fields));
        }
        Ok(inferred)
    }
}
