//! What the file says, as data. The order of the fields here is the order of the keys there.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{DataType, Field};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{LockError, LockedHint, LockedInference};
use crate::{
    config::{ConfigKey, FormatSpec},
    field::{TIMESTAMP_FORMATS_METADATA, payload_key},
    fingerprint::{canonical_text, fingerprint},
    format::WriterSchemaId,
    inference::{FieldInferenceDetail, InferenceConfig, InferenceWarning, SampleValue, SampledRange},
    resolve::{ResolutionKind, ResolvedSchema, Strategy, StrategyVerdict},
    types::field_type_name,
};

/// Version of the file's layout that this crate writes, and the newest that it reads.
pub const LOCK_VERSION: u32 = 1;

/// A whole `laminar.lock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockFile {
    /// Version of the layout.
    pub version: u32,
    /// Name of the SQL file, without its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The sources, by name.
    pub sources: Vec<LockedSource>,
}

impl Default for LockFile {
    fn default() -> Self {
        Self { version: LOCK_VERSION, sql: None, sources: Vec::new() }
    }
}

/// One source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LockedSource {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// Its format; without a name where the source knows its own.
    pub format: LockedFormat,
    /// Where its schema comes from.
    pub resolution: LockedResolution,
    /// The strategies of resolution that were taken, in order.
    pub strategies: Vec<String>,
    /// How it was inferred; nothing where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference: Option<LockedInference>,
    /// Fields that were lowered because their types did not decode the sample. Without the sample they are hints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lowered: Vec<LockedHint>,
    /// [`fingerprint`] of the schema.
    pub fingerprint: String,
    /// [`canonical_text`] of the schema, of which the fingerprint is the hash.
    pub schema: String,
    /// The columns and the fields inside them, parents before what they hold. They are one list, as JSON readers limit
    /// how deep it nests, and types may nest deeper.
    pub fields: Vec<LockedField>,
    /// Where the sample was taken. That it was taken elsewhere is no change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<LockedRange>,
    /// What a person should know. Other warnings are no change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<LockedWarning>,
    /// Fingerprint of the schema that is inferred from `evidence`. It differs from `fingerprint` where
    /// decoding the sample showed more than evidence and `lowered` say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// [`ResolvedSchema::evidence`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<RawValue>>,
}

impl PartialEq for LockedSource {
    fn eq(&self, other: &Self) -> bool {
        let evidence = |s: &Self| s.evidence.as_ref().map(|e| e.get().to_owned());
        let named = |s: &Self| (s.name.clone(), s.connector.clone(), s.fingerprint.clone(), s.replay.clone());
        named(self) == named(other)
            && (&self.format, &self.resolution, &self.strategies)
                == (&other.format, &other.resolution, &other.strategies)
            && (&self.inference, &self.schema, &self.fields) == (&other.inference, &other.schema, &other.fields)
            && (&self.sample, &self.warnings, &self.lowered) == (&other.sample, &other.warnings, &other.lowered)
            && evidence(self) == evidence(other)
    }
}

/// A format with its options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedFormat {
    /// Its name.
    pub name: String,
    /// All options that are not at their defaults, given and found. Secrets, and options that nobody declares, are `***`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Those of them that were found in the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
}

/// Where a schema comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LockedResolution {
    /// The user declared every column.
    Declared,
    /// The source described itself.
    Provided,
    /// A registry had it.
    Registry {
        /// Its id there.
        schema_id: WriterSchemaId,
    },
    /// It was inferred.
    Inferred {
        /// From so many records. More of them are no change.
        sample_count: usize,
    },
}

/// A column, or a field inside one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedField {
    /// Its path: `a.b`, `a[]` for elements, `a{}` for values of a MAP.
    pub path: String,
    /// Its name, the path's last part.
    pub name: String,
    /// How many fields it is inside of.
    #[serde(default, skip_serializing_if = "is_column")]
    pub depth: usize,
    /// Its type as SQL spells it.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// Patterns that its texts are read with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamp_formats: Vec<String>,
    /// Where the column comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// [`FieldInferenceDetail::appearance_rate`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance_rate: Option<f64>,
    /// [`FieldInferenceDetail::non_null_rate`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_null_rate: Option<f64>,
    /// [`FieldInferenceDetail::confidence`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// [`FieldInferenceDetail::observed_types`]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed_types: BTreeMap<String, u64>,
    /// Where its first value stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<LockedPlace>,
    /// Where its last value stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LockedPlace>,
}

fn is_column(depth: &usize) -> bool {
    *depth == 0
}

/// Where a value stands. Not the value itself: a lock is kept beside code, and samples are data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedPlace {
    /// Partition of its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Offset of its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Line of its record, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Records of one partition that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedRange {
    /// The partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// So many records.
    pub records: usize,
    /// Offset of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_offset: Option<u64>,
    /// Offset of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_offset: Option<u64>,
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedWarning {
    /// Path of the field; empty when the whole sample is meant.
    pub field: String,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// What.
    pub message: String,
}

/// What [`LockedSource::new`] is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The source's name.
    pub(crate) name: &'a str,
    /// Its connector.
    pub(crate) connector: &'a str,
    /// Options that the format declares.
    pub(crate) format_keys: &'a [ConfigKey],
    /// How it was to be inferred.
    pub(crate) inference: &'a InferenceConfig,
    /// The outcome.
    pub(crate) resolved: &'a ResolvedSchema,
}

impl LockedSource {
    /// What is kept of a source.
    ///
    /// # Errors
    /// [`LockError::Evidence`]: the format's evidence is no JSON.
    pub(crate) fn new(facts: &Facts<'_>) -> Result<Self, LockError> {
        let Facts { name, connector, resolved, .. } = *facts;
        let evidence = resolved.evidence.clone().map(RawValue::from_string).transpose().map_err(|e| {
            LockError::Evidence { source: name.to_owned(), format: resolved.format.name.clone(), reason: e.to_string() }
        })?;
        let is_sampled = matches!(resolved.resolution, ResolutionKind::Inferred { .. });
        Ok(Self {
            name: name.to_owned(),
            connector: connector.to_owned(),
            format: LockedFormat::new(&resolved.format, &resolved.found_options, facts.format_keys),
            resolution: LockedResolution::from(&resolved.resolution),
            strategies: strategies_taken(resolved).map(|s| s.to_string()).collect(),
            inference: is_sampled.then(|| LockedInference::from(facts.inference)),
            lowered: lowered(facts),
            fingerprint: fingerprint(&resolved.schema).to_string(),
            schema: canonical_text(&resolved.schema),
            fields: fields(resolved),
            sample: resolved.sample.iter().map(LockedRange::from).collect(),
            warnings: resolved.warnings.iter().map(LockedWarning::from).collect(),
            replay: None,
            evidence,
        })
    }
}

/// The hints that resolution has added to those that were asked for.
fn lowered(facts: &Facts<'_>) -> Vec<LockedHint> {
    let used = facts.resolved.inference.iter().flat_map(|i| &i.hints);
    used.filter(|hint| !facts.inference.hints.contains(hint)).map(LockedHint::from).collect()
}

/// The strategies that gave a part of the schema.
fn strategies_taken(resolved: &ResolvedSchema) -> impl Iterator<Item = Strategy> {
    resolved.strategies.iter().filter(|r| r.verdict == StrategyVerdict::Taken).map(|r| r.strategy)
}

impl LockedFormat {
    /// What is kept of a format with these options, of which some were `found`; `keys` has those that it declares.
    pub(crate) fn new(format: &FormatSpec, found: &[String], keys: &[ConfigKey]) -> Self {
        let is_shown = |name: &str| {
            let is_meant = |k: &&ConfigKey| {
                k.key.eq_ignore_ascii_case(name) || k.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
            };
            keys.iter().find(is_meant).is_some_and(|k| !k.secret)
        };
        let shown = |(key, value): (&str, &crate::config::OptionValue)| {
            (key.to_owned(), if is_shown(key) { value.text.clone() } else { "***".to_owned() })
        };
        Self { name: format.name.clone(), options: format.options.iter().map(shown).collect(), found: found.to_vec() }
    }
}

impl From<&ResolutionKind> for LockedResolution {
    fn from(kind: &ResolutionKind) -> Self {
        match kind {
            ResolutionKind::Declared => Self::Declared,
            ResolutionKind::SourceProvided => Self::Provided,
            ResolutionKind::Registry { schema_id } => Self::Registry { schema_id: *schema_id },
            ResolutionKind::Inferred { sample_count, .. } => Self::Inferred { sample_count: *sample_count },
        }
    }
}

impl From<&SampleValue> for LockedPlace {
    fn from(value: &SampleValue) -> Self {
        Self { partition: owned(value.partition.as_ref()), offset: value.offset, line: value.line }
    }
}

impl From<&SampledRange> for LockedRange {
    fn from(range: &SampledRange) -> Self {
        let SampledRange { partition, records, first_offset, last_offset } = range;
        Self {
            partition: owned(partition.as_ref()),
            records: *records,
            first_offset: *first_offset,
            last_offset: *last_offset,
        }
    }
}

impl From<&InferenceWarning> for LockedWarning {
    fn from(w: &InferenceWarning) -> Self {
        Self { field: w.field_name.clone(), severity: w.severity.to_string(), message: w.message.clone() }
    }
}

fn owned(text: Option<&Arc<str>>) -> Option<String> {
    text.map(|t| t.to_string())
}

/// The fields of a schema, with the evidence that there is for them.
fn fields(resolved: &ResolvedSchema) -> Vec<LockedField> {
    let mut out = Vec::new();
    for f in resolved.schema.fields() {
        let at = out.len();
        push_fields(&mut out, f, f.name(), f.name().clone(), payload_key(f), 0, &resolved.field_details);
        if let Some(column) = out.get_mut(at) {
            column.origin = resolved.field_origins.get(f.name()).map(ToString::to_string);
        }
    }
    out
}

/// `key` is the path in the payload, where a column may have another name.
fn push_fields(
    out: &mut Vec<LockedField>,
    f: &Field,
    name: &str,
    path: String,
    key: &str,
    depth: usize,
    details: &[FieldInferenceDetail],
) {
    let detail = details.iter().find(|d| d.field_name == key);
    let formats = f.metadata().get(TIMESTAMP_FORMATS_METADATA).map_or("", String::as_str);
    out.push(LockedField {
        path: path.clone(),
        name: name.to_owned(),
        depth,
        sql_type: field_type_name(f),
        nullable: f.is_nullable(),
        timestamp_formats: formats.lines().map(str::to_owned).collect(),
        origin: None,
        appearance_rate: detail.map(|d| d.appearance_rate),
        non_null_rate: detail.map(|d| d.non_null_rate),
        confidence: detail.map(|d| d.confidence),
        observed_types: detail.map(|d| d.observed_types.clone()).unwrap_or_default(),
        first: detail.and_then(|d| d.first.as_ref()).map(LockedPlace::from),
        last: detail.and_then(|d| d.last.as_ref()).map(LockedPlace::from),
    });
    for (name, separator, inside) in inner(f.data_type()) {
        let joined = |path: &str| format!("{path}{separator}{name}");
        push_fields(out, inside, name, joined(&path), &joined(key), depth + 1, details);
    }
}

/// What a type holds: name, what stands before it in a path, field. Types nest no deeper than the parser allows.
fn inner(data_type: &DataType) -> Vec<(&str, &'static str, &Field)> {
    match data_type {
        DataType::Struct(members) => members.iter().map(|f| (f.name().as_str(), ".", f.as_ref())).collect(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => vec![("[]", "", item)],
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => vec![("{}", "", &kv[1])],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
