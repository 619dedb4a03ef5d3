//! [`InferenceConfig`] as the file keeps it: complete, so that later defaults change nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LockError;
use crate::{
    config::Options,
    ddl,
    inference::{ArrayInference, InferenceConfig, NumberInference, TypeHint},
    types::{declared_type_name, type_name},
};

/// [`InferenceConfig`] without what changes no result: its threads, and where it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedInference {
    /// Records to sample, at most.
    pub sample_size: usize,
    /// Milliseconds to spend collecting them, at most.
    pub sample_timeout_ms: u64,
    /// Type of a field that is null in every sample.
    pub null_type: String,
    /// `bigint`, `double` or `decimal(p, s)`.
    pub number_type: String,
    /// Timestamp patterns to try on text, in order.
    pub timestamp_formats: Vec<String>,
    /// Levels of nesting to infer.
    pub max_depth: usize,
    /// `first_element`, `union` or `json`.
    pub array_strategy: String,
    /// See [`InferenceConfig::map_threshold`].
    pub map_threshold: usize,
    /// See [`InferenceConfig::field_appearance_threshold`].
    pub field_appearance_threshold: f64,
    /// Types that fields have whatever the sample says.
    pub hints: Vec<LockedHint>,
    /// Whether texts may become dates and times.
    pub detect_dates: bool,
    /// Whether texts may become UUID.
    pub detect_uuids: bool,
    /// Confidence below which a text stays VARCHAR.
    pub min_confidence: f64,
    /// Whether options of the format are found from the data.
    pub detect_format: bool,
}

/// A type that a field has whatever the sample says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedHint {
    /// Path of the field.
    pub path: String,
    /// Its type.
    #[serde(rename = "type")]
    pub sql_type: String,
}

impl From<&TypeHint> for LockedHint {
    fn from(hint: &TypeHint) -> Self {
        Self { path: hint.path.clone(), sql_type: declared_type_name(&hint.field) }
    }
}

impl From<&InferenceConfig> for LockedInference {
    fn from(c: &InferenceConfig) -> Self {
        Self {
            sample_size: c.sample_size,
            // A timeout of more milliseconds than that never comes.
            sample_timeout_ms: u64::try_from(c.sample_timeout.as_millis()).unwrap_or(u64::MAX),
            null_type: type_name(&c.null_type),
            number_type: match c.number_type {
                NumberInference::BigInt => "bigint".to_owned(),
                NumberInference::Double => "double".to_owned(),
                NumberInference::Decimal(p, s) => format!("decimal({p}, {s})"),
            },
            timestamp_formats: c.timestamp_formats.clone(),
            max_depth: c.max_depth,
            array_strategy: match c.array_strategy {
                ArrayInference::FirstElement => "first_element",
                ArrayInference::Union => "union",
                ArrayInference::Jsonb => "json",
            }
            .to_owned(),
            map_threshold: c.map_threshold,
            field_appearance_threshold: c.field_appearance_threshold,
            hints: c.hints.iter().map(LockedHint::from).collect(),
            detect_dates: c.detect_dates,
            detect_uuids: c.detect_uuids,
            min_confidence: c.min_confidence,
            detect_format: c.detect_format,
        }
    }
}

impl LockedInference {
    /// The configuration to infer again with; `format_options` are those that were in force, `lowered` the fields that
    /// were [`lowered`](super::LockedSource::lowered).
    ///
    /// # Errors
    /// [`LockError::Value`]: a word or a type is none.
    pub fn to_config(&self, lowered: &[LockedHint], format_options: Options) -> Result<InferenceConfig, LockError> {
        let bad = |key: &'static str, value: &str| LockError::Value { key, value: value.to_owned() };
        let parsed = |key, text: &str| ddl::parse_type(text).map_err(|_| bad(key, text));
        let hint = |h: &LockedHint| {
            let field = parsed("hints", &h.sql_type)?.into_field(h.path.as_str(), true);
            Ok(TypeHint { path: h.path.clone(), field })
        };
        Ok(InferenceConfig {
            sample_size: self.sample_size,
            sample_timeout: Duration::from_millis(self.sample_timeout_ms),
            null_type: parsed("null_type", &self.null_type)?.data_type,
            number_type: self.number_type.parse().map_err(|_| bad("number_type", &self.number_type))?,
            timestamp_formats: self.timestamp_formats.clone(),
            max_depth: self.max_depth,
            array_strategy: self.array_strategy.parse().map_err(|_| bad("array_strategy", &self.array_strategy))?,
            map_threshold: self.map_threshold,
            field_appearance_threshold: self.field_appearance_threshold,
            hints: self.hints.iter().chain(lowered).map(hint).collect::<Result<_, LockError>>()?,
            detect_dates: self.detect_dates,
            detect_uuids: self.detect_uuids,
            min_confidence: self.min_confidence,
            detect_format: self.detect_format,
            format_options,
            ..InferenceConfig::default()
        })
    }
}
