//! Sample-based inference: configuration, result, and who infers which format (SPEC.md §2.3, §5).
//!
//! Lives here: everything that is the same for all formats. Does not live here: how a format's bytes are looked at
//! (`formats/<format>/infer.rs`).

mod head;
mod proof;
mod sampler;

pub use head::StreamHead;
pub use proof::{Proof, prove, sample_batch};
pub use sampler::{MAX_SAMPLE_BYTES, sample_streams, sampled_ranges};

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use arrow_schema::{DataType, Field, SchemaRef};

use crate::{
    config::Options,
    error::{InferError, SchemaResult},
    field,
    format::DecoderSet,
    record::RawRecord,
    types::field_type_name,
};

/// What a source knows of a field beyond its Arrow type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldMeta {
    /// Field id for evolution tracking, as Iceberg has.
    pub field_id: Option<i32>,
    /// Description for people.
    pub description: Option<String>,
    /// Type in the source's own words: an Avro logical type, a Postgres type.
    pub source_type: Option<String>,
    /// DEFAULT as SQL text.
    pub default_expr: Option<String>,
    /// Anything else.
    pub properties: HashMap<String, String>,
}

/// How to sample and infer. Options of `INFER SCHEMA (…)` have the fields' names.
#[derive(Debug, Clone, PartialEq)]
pub struct InferenceConfig {
    /// Records to sample, at most.
    pub sample_size: usize,
    /// Time to spend collecting them, at most.
    pub sample_timeout: Duration,
    /// Type of a field that is null in every sample.
    pub null_type: DataType,
    /// Type of numbers.
    pub number_type: NumberInference,
    /// Timestamp patterns to try on text, in order.
    pub timestamp_formats: Vec<String>,
    /// Levels of nesting to infer; deeper values become JSON text.
    pub max_depth: usize,
    /// How the types of an array's elements are combined.
    pub array_strategy: ArrayInference,
    /// An object with more distinct keys than this over the sample becomes a MAP.
    pub map_threshold: usize,
    /// A field in fewer than this share of the samples is warned about as rare. It is kept all the same.
    pub field_appearance_threshold: f64,
    /// Types that fields have whatever the sample says, by path.
    pub hints: Vec<TypeHint>,
    /// Whether texts may become DATE, TIME, TIMESTAMP, TIMESTAMPTZ or INTERVAL.
    pub detect_dates: bool,
    /// Whether texts may become UUID.
    pub detect_uuids: bool,
    /// Confidence below which a text stays VARCHAR, 0 to 1: a date that was seen once has 0.21.
    pub min_confidence: f64,
    /// Whether options of the format that nobody has set are found from the data: a CSV delimiter.
    pub detect_format: bool,
    /// Options of the format, which inference needs as decoding does: a CSV delimiter.
    pub format_options: Options,
    /// Whether [`InferredSchema::evidence`] is wanted, from which the schema can be inferred again without the data.
    /// Who stores it says so; no option of `INFER SCHEMA`.
    pub keep_evidence: bool,
    /// Threads that may look at a large sample. What is found is the same for every number, so it is the engine's to
    /// say and no option of `INFER SCHEMA`.
    pub threads: usize,
}

impl Default for InferenceConfig {
    fn default() -> Self {
        Self {
            sample_size: 1000,
            sample_timeout: Duration::from_secs(5),
            null_type: DataType::Utf8,
            number_type: NumberInference::default(),
            timestamp_formats: vec!["iso8601".into(), "%Y-%m-%d %H:%M:%S".into(), "%Y-%m-%dT%H:%M:%S%.fZ".into()],
            max_depth: 5,
            array_strategy: ArrayInference::default(),
            map_threshold: 50,
            field_appearance_threshold: 0.1,
            hints: Vec::new(),
            detect_dates: true,
            detect_uuids: true,
            min_confidence: 0.0,
            detect_format: true,
            format_options: Options::new(),
            keep_evidence: false,
            threads: 1,
        }
    }
}

/// Type of numbers.
///
/// SPEC.md's default is DOUBLE, which corrupts 64-bit ids; the default here is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberInference {
    /// Integers to BIGINT (UBIGINT or HUGEINT where they need it), other numbers to DOUBLE.
    #[default]
    BigInt,
    /// All numbers to DOUBLE.
    Double,
    /// All numbers to DECIMAL(p, s).
    Decimal(u8, u8),
}

impl FromStr for NumberInference {
    type Err = String;
    /// Reads `bigint`, `double` or `decimal(p, s)`.
    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim().to_ascii_lowercase();
        match word.as_str() {
            "bigint" => return Ok(Self::BigInt),
            "double" => return Ok(Self::Double),
            _ => {}
        }
        let args = word.strip_prefix("decimal").map(str::trim).and_then(|a| a.strip_prefix('(')?.strip_suffix(')'));
        let (p, s) = args.and_then(|a| a.split_once(',')).ok_or("expected bigint, double or decimal(p, s)")?;
        let number = |t: &str| t.trim().parse::<u8>().map_err(|e| e.to_string());
        match (number(p)?, number(s)?) {
            (p @ 1..=38, s) if s <= p => Ok(Self::Decimal(p, s)),
            _ => Err("precision is 1 to 38, and scale at most the precision".to_owned()),
        }
    }
}

/// How the types of an array's elements are combined.
///
/// SPEC.md's default is the first element, which loses what the others hold; the default here looks at all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArrayInference {
    /// The first element's type counts.
    FirstElement,
    /// The narrowest type that holds every element.
    #[default]
    Union,
    /// Arrays become JSON text.
    Jsonb,
}

impl FromStr for ArrayInference {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "first_element" => Ok(Self::FirstElement),
            "union" => Ok(Self::Union),
            "json" | "jsonb" => Ok(Self::Jsonb),
            _ => Err("expected first_element, union or json".to_owned()),
        }
    }
}

/// A schema with the evidence it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct InferredSchema {
    /// The schema.
    pub schema: SchemaRef,
    /// Evidence per field, in the order of the schema, nested fields after their parents.
    pub field_details: Vec<FieldInferenceDetail>,
    /// Records looked at.
    pub sample_count: usize,
    /// What a person should know.
    pub warnings: Vec<InferenceWarning>,
    /// Everything the sample says, as the format's JSON: what [`FormatInference::replay`] infers from again. Only where
    /// [`InferenceConfig::keep_evidence`] asks for it.
    pub evidence: Option<String>,
}

impl InferredSchema {
    /// A schema from `sample_count` records, with nothing else known of it.
    pub fn new(schema: SchemaRef, sample_count: usize) -> Self {
        Self { schema, field_details: Vec::new(), sample_count, warnings: Vec::new(), evidence: None }
    }
}

/// A type that a field has whatever the sample says: `hints = 'a.b[].c BIGINT'`.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeHint {
    /// Path of the field, as in [`FieldInferenceDetail::field_name`].
    pub path: String,
    /// Its type. The name is of no consequence; the metadata tells JSON from VARCHAR and UUID from BLOB.
    pub field: Field,
}

/// A value of the sample with its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SampleValue {
    /// The value as it stood, cut to what a message may show.
    pub text: String,
    /// Partition of its record.
    pub partition: Option<Arc<str>>,
    /// Offset of its record.
    pub offset: Option<u64>,
    /// Line of its record, from 1.
    pub line: Option<u64>,
}

impl fmt::Display for SampleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match (self.line, self.offset) {
            (Some(line), _) => write!(f, " at line {line}")?,
            (None, Some(offset)) => write!(f, " at offset {offset}")?,
            (None, None) => return Ok(()),
        }
        match &self.partition {
            Some(partition) => write!(f, " of {partition}"),
            None => Ok(()),
        }
    }
}

/// Records of one partition that a sample was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledRange {
    /// The partition; nothing where the source has none.
    pub partition: Option<Arc<str>>,
    /// Records taken.
    pub records: usize,
    /// Offset of the first of them.
    pub first_offset: Option<u64>,
    /// Offset of the last of them.
    pub last_offset: Option<u64>,
}

/// Options of a format that its data show.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectedFormat {
    /// All options: those that were given, and those that were found.
    pub options: Options,
    /// Keys of the options that were found.
    pub found: Vec<String>,
    /// What a person should know.
    pub warnings: Vec<InferenceWarning>,
}

/// The first bytes of a stream, or the first records of a source without streams.
#[derive(Debug, Clone, Copy)]
pub enum SampleHead<'a> {
    /// The first bytes of a stream, uncompressed and in their own character encoding.
    Bytes {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether these are all.
        is_whole: bool,
    },
    /// Records of a source that delimits them itself. They are no stream: none of them is a header.
    Records(&'a [RawRecord]),
}

/// Evidence for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldInferenceDetail {
    /// Path of the field: `a.b[].c`.
    pub field_name: String,
    /// The type chosen.
    pub inferred_type: DataType,
    /// The type chosen, by its SQL name: Arrow's type alone does not tell JSON from VARCHAR, nor UUID from BLOB.
    pub sql_type: String,
    /// Share of the samples in which the field is there and not null, 0 to 1; of the parent's objects or elements,
    /// where the field is nested.
    pub appearance_rate: f64,
    /// Share of the values in which it is not null, 0 to 1: like `appearance_rate`, but of those where the field is
    /// there at all.
    pub non_null_rate: f64,
    /// How sure the type is, 0 to 1: the lower bound of the 95 % Wilson interval for the share of values that fit it.
    pub confidence: f64,
    /// Types seen, with how often, by their SQL names.
    pub observed_types: BTreeMap<String, u64>,
    /// The earliest value that is not null.
    pub first: Option<SampleValue>,
    /// The latest value that is not null.
    pub last: Option<SampleValue>,
}

impl FieldInferenceDetail {
    /// A field of which nothing but its type is known.
    pub fn new(path: impl Into<String>, field: &Field) -> Self {
        Self {
            field_name: path.into(),
            inferred_type: field.data_type().clone(),
            sql_type: field_type_name(field),
            appearance_rate: 0.0,
            non_null_rate: 0.0,
            confidence: 0.0,
            observed_types: BTreeMap::new(),
            first: None,
            last: None,
        }
    }

    /// True when some sample lacks the field or holds null there.
    ///
    /// This is evidence only. The Arrow field of an inferred column is always nullable: a sample cannot promise that
    /// no later record lacks the field, and a frozen NOT NULL would reject that record.
    pub fn nullable(&self) -> bool {
        self.appearance_rate < 1.0
    }
}

/// Something a person should know about a schema decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferenceWarning {
    /// Path of the field; empty when the whole sample is meant.
    pub field_name: String,
    /// What, and what was done about it.
    pub message: String,
    /// How serious.
    pub severity: WarningSeverity,
}

impl InferenceWarning {
    /// A warning of the middle severity.
    pub fn warning(field_name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field_name: field_name.into(), message: message.into(), severity: WarningSeverity::Warning }
    }
}

impl fmt::Display for InferenceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field_name.as_str() {
            "" => write!(f, "{}: {}", self.severity, self.message),
            name => write!(f, "{}: field {name}: {}", self.severity, self.message),
        }
    }
}

/// How serious a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningSeverity {
    /// Good to know.
    Info,
    /// May not be what was meant.
    Warning,
    /// Data will be rejected or kept as text.
    Error,
}

impl fmt::Display for WarningSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Inference of one format (SPEC.md §5). Ring 2: runs once per source.
pub trait FormatInference: Send + Sync {
    /// The format's name.
    fn format_name(&self) -> &str;

    /// Infers a schema from raw records.
    ///
    /// # Errors
    /// [`InferError`] when no record is usable; options of the format that are wrong.
    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema>;

    /// Finds options of the format that `config.format_options` lacks in the data: a CSV delimiter, a header.
    /// `None` when there is nothing to find.
    ///
    /// # Errors
    /// Options of the format that are wrong.
    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        let _ = (head, config);
        Ok(None)
    }

    /// The type that holds whatever a field of a record may hold: what a field becomes that does not decode its own
    /// sample. JSON, unless all values of the format are text.
    fn widest_type(&self) -> Field {
        field::json_field("", true)
    }

    /// Infers again from [`InferredSchema::evidence`], without the data.
    ///
    /// # Errors
    /// [`InferError::NoReplay`] where the format keeps no evidence, or where this is none of its.
    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let _ = (evidence, config);
        Err(InferError::NoReplay { format: self.format_name().to_owned(), reason: "it keeps no evidence".to_owned() }
            .into())
    }
}

/// Who infers which format: a plain value, built from a decoder set and open to registrations.
///
/// SPEC.md has a global one. A value needs no lock, and two engines in one process may differ.
#[derive(Default)]
pub struct FormatInferenceRegistry {
    inferrers: BTreeMap<String, Box<dyn FormatInference>>,
}

impl FormatInferenceRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The inference of every format in a decoder set.
    pub fn of<D: DecoderSet>() -> Self {
        let mut registry = Self::new();
        for format in D::FORMATS {
            if let Some(inferrer) = D::inference(format) {
                registry.register(inferrer);
            }
        }
        registry
    }

    /// Adds an inference; one of the same format is replaced.
    pub fn register(&mut self, inferrer: Box<dyn FormatInference>) {
        self.inferrers.insert(inferrer.format_name().to_owned(), inferrer);
    }

    /// The inference of a format.
    pub fn get(&self, format: &str) -> Option<&dyn FormatInference> {
        self.inferrers.get(format).map(|b| &**b)
    }

    /// Formats that can be inferred.
    pub fn formats(&self) -> impl Iterator<Item = &str> {
        self.inferrers.keys().map(String::as_str)
    }

    /// Infers with the format's inference.
    ///
    /// # Errors
    /// [`InferError::UnknownFormat`], or what the inference says.
    pub fn infer(&self, format: &str, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let Some(inferrer) = self.get(format) else {
            let known = self.formats().map(str::to_owned).collect();
            return Err(InferError::UnknownFormat { format: format.to_owned(), known }.into());
        };
        if samples.is_empty() {
            return Err(InferError::NoSamples { waited: config.sample_timeout }.into());
        }
        inferrer.infer(samples, config)
    }
}

impl fmt::Debug for FormatInferenceRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.inferrers.keys()).finish()
    }
}
