//! Declared columns that no row has had a value in: most often a name that the records spell otherwise.
//!
//! A lane asks each batch for the null count of the columns that have had none yet, and nothing once all have; so it costs nothing per
//! record. Names that records have beside are looked for at the run's end, in the first few of them.

use arrow_array::ArrayRef;
use arrow_schema::{Field, Schema};

use super::schema_change::DOES_NOT_FIT;
use crate::{
    config::{FormatSpec, did_you_mean},
    evolution::DriftReport,
    field::{RESCUE_COLUMN, payload_key},
    format::{DecoderSet, Framing},
    inference::InferenceConfig,
    record::{RawBatch, RawRecord},
};

/// Records that are kept to be looked at, and how long each may be.
const MAX_SAMPLES: usize = 8;
const MAX_SAMPLE_BYTES: usize = 64 << 10;

/// A declared column that no row of a run had a value in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The column.
    pub column: String,
    /// A field that records had, and no column takes, with a name like it.
    pub similar: Option<String>,
}

/// Columns of a lane that no row has had a value in yet, by their place.
#[derive(Debug, Default)]
pub(super) struct Unvalued(Vec<usize>);

impl Unvalued {
    /// Those of `names` among the columns of a schema that may be null.
    pub(super) fn of(names: &[String], schema: &Schema) -> Self {
        let is_one = |name: &&String| schema.field_with_name(name).is_ok_and(|field| field.is_nullable());
        Self(names.iter().filter(is_one).filter_map(|name| schema.index_of(name).ok()).collect())
    }

    /// Takes out the columns that have a value in these rows, and yields them. Columns that were not read are left out, since
    /// nobody knows of them.
    ///
    /// Cost: O(columns without a value so far). Allocates where one has its first.
    pub(super) fn found(&mut self, columns: &[ArrayRef], is_read: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut found = Vec::new();
        self.0.retain(|&index| {
            let is_found = columns.get(index).is_none_or(|c| !is_read(index) || c.null_count() < c.len());
            if is_found {
                found.push(index);
            }
            !is_found
        });
        found
    }
}

/// What a run knows of such columns.
#[derive(Debug, Default)]
pub(super) struct UnseenColumns {
    names: Vec<String>,
    samples: Vec<RawRecord>,
}

impl UnseenColumns {
    /// Looks out for values in `declared` columns.
    pub(super) fn of(declared: &[String]) -> Self {
        let names = declared.iter().filter(|name| *name != RESCUE_COLUMN).cloned().collect();
        Self { names, samples: Vec::new() }
    }

    /// Columns without a value so far.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes out a column that has a value.
    pub(super) fn found(&mut self, column: &str) {
        self.names.retain(|name| name != column);
    }

    /// Keeps the first records.
    pub(super) fn sample(&mut self, raw: &RawBatch) {
        let room = MAX_SAMPLES - self.samples.len();
        if self.names.is_empty() || room == 0 {
            return;
        }
        let short = raw.iter().filter(|record| record.value().is_some_and(|value| value.len() <= MAX_SAMPLE_BYTES));
        self.samples.extend(short.take(room).map(|record| record.to_owned()));
    }

    /// The columns that have had no value, each with a field like it that no column takes.
    #[cold]
    pub(super) fn told<D: DecoderSet>(&self, schema: &Schema, format: &FormatSpec, drift: &DriftReport) -> Vec<Unseen> {
        // A field that came with values of another type, which were rescued, is told among the changes.
        let misfits: Vec<&str> =
            drift.entries.iter().filter_map(|entry| entry.change.strip_suffix(DOES_NOT_FIT)).collect();
        let came = |field: &Field| misfits.contains(&payload_key(field));
        let is_missed = |field: &Field| field.is_nullable() && !came(field);
        let names: Vec<&String> =
            self.names.iter().filter(|name| schema.field_with_name(name).is_ok_and(is_missed)).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let mut others: Vec<String> = drift.entries.iter().map(|entry| entry.path.clone()).collect();
        others.extend(self.fields::<D>(format));
        others.retain(|other| schema.fields().iter().all(|field| payload_key(field) != other));
        let told = |name: &String| {
            let key = schema.field_with_name(name).map_or(name.as_str(), payload_key);
            let similar = others.iter().find(|other| bare(other) == bare(key)).map(String::as_str);
            let similar = similar.or_else(|| did_you_mean(key, others.iter().map(String::as_str)));
            Unseen { column: name.clone(), similar: similar.map(str::to_owned) }
        };
        names.into_iter().map(told).collect()
    }

    /// The fields of the records that were kept, where their format's inference finds any.
    fn fields<D: DecoderSet>(&self, format: &FormatSpec) -> Vec<String> {
        let config = InferenceConfig {
            format_options: format.options.clone(),
            field_appearance_threshold: 0.0,
            keep_evidence: false,
            ..InferenceConfig::default()
        };
        let mut samples = self.samples.clone();
        let header = samples.first().and_then(|first| first.metadata.preamble.clone());
        if let Some(header) = header.filter(|_| matches!(D::framing(format), Ok(Some(Framing::Csv(_))))) {
            // Inference takes the header for the first record.
            samples.retain(|sample| sample.metadata.preamble.as_ref() == Some(&header));
            samples.insert(0, RawRecord::new(&*header));
        }
        let inferred = D::inference(&format.name).and_then(|inference| inference.infer(&samples, &config).ok());
        let fields = inferred.iter().flat_map(|inferred| inferred.schema.fields());
        fields.map(|field| payload_key(field).to_owned()).collect()
    }
}

/// A name without what spellings differ in.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
