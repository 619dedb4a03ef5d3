//! Samples of a format whose records are documents: JSON and MessagePack.

use std::{fmt, marker::PhantomData, sync::Arc};

use arrow_schema::Schema;
use laminar_schema::{ConnectorConfig, InferenceConfig, InferredSchema, RawRecord, SchemaResult, field::json_field};

use super::{Part, Place, Rules, Sample, VALUE_COLUMN, Value, in_parts, replayed, stored};
use crate::{
    json::{JsonOptions, MultipleDocuments, NonObjects},
    policy::NoContent,
};

/// Deepest document that is looked at, whatever `max_depth` allows: readers recurse.
const MAX_DEPTH: usize = 1000;

/// A format whose records are documents, any of which may be a row.
pub trait DocumentFormat: Clone + Send + fmt::Debug {
    /// The format's options.
    type Options: ConnectorConfig;
    /// A document that has been read.
    type Document<'a>: Document;
    /// The format's name.
    const NAME: &'static str;
    /// What its documents are called.
    const DOCUMENT: &'static str;
    /// What a document that is a row is called, with its article.
    const ROW: &'static str;

    /// The rules by which documents become rows.
    ///
    /// # Errors
    /// Defaults that are no options, which would be this crate's fault.
    fn row_rules(options: &Self::Options) -> SchemaResult<JsonOptions>;

    /// The documents of a record, nested no deeper than `max_depth`; or why it is of no use.
    ///
    /// # Errors
    /// It is malformed.
    fn documents(record: &[u8], max_depth: usize) -> Result<Vec<Self::Document<'_>>, String>;

    /// Takes in records in a faster way than one by one, which says the same, if there is one.
    fn observe_all(reader: DocumentReader<'_, Self>, sample: &mut Sample, records: &[RawRecord]) {
        records.iter().for_each(|record| reader.observe(sample, record));
    }
}

/// A document that has been read.
pub trait Document {
    /// Hands out what it says.
    fn value_to(self, take: impl FnOnce(Value<'_>));
}

impl Document for Value<'_> {
    fn value_to(self, take: impl FnOnce(Value<'_>)) {
        take(self);
    }
}

/// Reads records as the options of the format say, one by one.
#[derive(Debug, Clone, Copy)]
pub struct DocumentReader<'o, F> {
    pub(crate) options: &'o JsonOptions,
    pub(crate) rules: &'o Rules,
    format: PhantomData<F>,
}

impl<F: DocumentFormat> DocumentReader<'_, F> {
    /// Containers that may be open at once.
    pub(crate) fn max_depth(&self) -> usize {
        self.options.max_depth.min(MAX_DEPTH)
    }

    /// Takes in one record.
    pub(crate) fn observe(&self, sample: &mut Sample, record: &RawRecord) {
        sample.looked_at += 1;
        sample.bound_at_times();
        if sample.has_too_many {
            return;
        }
        let place = Place::of(&record.metadata);
        match self.documents(record) {
            Ok(documents) => {
                documents.into_iter().for_each(|document| document.value_to(|v| self.take(sample, v, &place)));
            }
            Err(reason) => sample.unusable.note(&place, &reason),
        }
    }

    fn take(&self, sample: &mut Sample, value: Value<'_>, place: &Place) {
        match (value, self.options.non_objects) {
            (Value::Object { members, .. }, _) => sample.objects.observe(&members, 0, place, self.rules),
            (value, Some(NonObjects::Value)) => {
                sample.objects.observe(&[(VALUE_COLUMN, value)], 0, place, self.rules);
            }
            (_, Some(NonObjects::Reject)) => sample.unusable.note(place, &format!("expected {}", F::ROW)),
            (value, None) => sample.values.observe(&value, 0, place, self.rules),
        }
    }

    /// The documents of a record, or why it is of no use.
    fn documents<'r>(&self, record: &'r RawRecord) -> Result<Vec<F::Document<'r>>, String> {
        let Some(bytes) = &record.value else {
            return Self::nothing(self.options.tombstones, "a tombstone");
        };
        if let Some(limit) = self.options.max_record_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(format!("expected at most {limit} bytes, found {}", bytes.len()));
        }
        let documents = F::documents(bytes, self.max_depth())?;
        match documents.len() {
            0 => Self::nothing(self.options.empty_records, "an empty record"),
            2.. if self.options.multiple_documents == MultipleDocuments::Reject => {
                Err(format!("expected one {}, found several in one record", F::DOCUMENT))
            }
            _ => Ok(documents),
        }
    }

    fn nothing<'r>(policy: NoContent, found: &str) -> Result<Vec<F::Document<'r>>, String> {
        match policy {
            NoContent::Reject => Err(format!("expected a {}, found {found}", F::DOCUMENT)),
            NoContent::Skip | NoContent::Null => Ok(Vec::new()),
        }
    }
}

/// What a part of a sample of documents says. Parts merge in any order.
#[derive(Debug, Clone)]
pub struct DocumentSample<F> {
    options: JsonOptions,
    rules: Rules,
    pub(crate) sample: Sample,
    format: PhantomData<F>,
}

impl<F: DocumentFormat> Part for DocumentSample<F> {
    fn observe_all(&mut self, records: &[RawRecord]) {
        self.observe_all(records);
    }

    fn merge(&mut self, other: Self) {
        self.merge(other);
    }
}

impl<F: DocumentFormat> DocumentSample<F> {
    /// An empty sample.
    ///
    /// # Errors
    /// Options of the format that are wrong.
    pub fn new(config: &InferenceConfig) -> SchemaResult<Self> {
        let options = F::row_rules(&F::Options::from_options(&config.format_options)?)?;
        Ok(Self { options, rules: Rules::new(config), sample: Sample::default(), format: PhantomData })
    }

    /// A sample of records, on as many threads as the configuration allows and their number is worth.
    ///
    /// # Errors
    /// As [`DocumentSample::new`].
    pub fn of(records: &[RawRecord], config: &InferenceConfig) -> SchemaResult<Self> {
        Ok(in_parts(Self::new(config)?, records, config))
    }

    /// A sample whose evidence was kept.
    ///
    /// # Errors
    /// As [`DocumentSample::new`]; evidence that is damaged.
    pub fn replayed(evidence: &str, config: &InferenceConfig) -> SchemaResult<Self> {
        Ok(Self { sample: replayed(F::NAME, evidence)?, ..Self::new(config)? })
    }

    /// Takes in records. What they say does not depend on how they are divided over calls, and much of the cost of a
    /// call does not depend on their number.
    pub fn observe_all(&mut self, records: &[RawRecord]) {
        let Self { options, rules, sample, .. } = self;
        F::observe_all(DocumentReader { options, rules, format: PhantomData }, sample, records);
    }

    /// Takes in records one by one, each as a tree of its values: the plain twin of [`DocumentSample::observe_all`], which
    /// says the same.
    pub fn observe_plainly(&mut self, records: &[RawRecord]) {
        let Self { options, rules, sample, .. } = self;
        let reader = DocumentReader::<F> { options, rules, format: PhantomData };
        records.iter().for_each(|record| reader.observe(sample, record));
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
