//! `INFER SCHEMA (…)` → [`InferenceConfig`].

use std::time::Duration;

use arrow_schema::DataType;

use super::{ast::CreateSource, parse_type};
use crate::{
    config::{ConfigErrors, ConfigKey, ConnectorConfig, FromConfigValue, OptionReader, Options},
    declared::DeclaredSchema,
    inference::InferenceConfig,
};

const fn key(key: &'static str, type_name: &'static str, default: &'static str, doc: &'static str) -> ConfigKey {
    ConfigKey { key, aliases: &[], type_name, required: false, default: Some(default), doc, secret: false }
}

impl ConnectorConfig for InferenceConfig {
    const KEYS: &'static [ConfigKey] = &[
        key("sample_size", "integer from 1", "1000", "Records to sample, at most"),
        key("sample_timeout", Duration::TYPE_NAME, "5s", "Time to spend collecting them, at most"),
        key("null_type", "a type", "VARCHAR", "Type of a field that is null in every sample"),
        key("number_type", "bigint, double or decimal(p, s)", "bigint", "Type of numbers"),
        key(
            "timestamp_formats",
            "comma-separated list",
            "iso8601, %Y-%m-%d %H:%M:%S, %Y-%m-%dT%H:%M:%S%.fZ",
            "Timestamp patterns to try on text, in order",
        ),
        key("max_depth", "integer from 1 to 64", "5", "Levels of nesting to infer; deeper values become JSON text"),
        key(
            "array_strategy",
            "first_element, union or json",
            "union",
            "How the types of an array's elements are combined",
        ),
        key("map_threshold", "integer from 0", "50", "An object with more distinct keys over the sample becomes a MAP"),
        key(
            "field_appearance_threshold",
            "number from 0 to 1",
            "0.1",
            "A field in a smaller share of the samples is warned about as rare",
        ),
    ];

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let mut reader = OptionReader::new(options, Self::KEYS);
        let sample_size = reader.read(0, |text| in_range(text, 1..=usize::MAX));
        let sample_timeout = reader.read(1, Duration::from_value);
        let null_type = reader.read(2, null_type);
        // What `number_type` and `array_strategy` expect is in their keys already, so the reason stays empty.
        let number_type = reader.read(3, |text| text.parse().map_err(|_| String::new()));
        let timestamp_formats = reader.read(4, Vec::<String>::from_value);
        let max_depth = reader.read(5, |text| in_range(text, 1..=super::MAX_TYPE_DEPTH));
        let array_strategy = reader.read(6, |text| text.parse().map_err(|_| String::new()));
        let map_threshold = reader.read(7, usize::from_value);
        let field_appearance_threshold = reader.read(8, share);
        reader.build(|| {
            Some(Self {
                sample_size: sample_size?,
                sample_timeout: sample_timeout?,
                null_type: null_type?,
                number_type: number_type?,
                timestamp_formats: timestamp_formats?,
                max_depth: max_depth?,
                array_strategy: array_strategy?,
                map_threshold: map_threshold?,
                field_appearance_threshold: field_appearance_threshold?,
                ..Self::default()
            })
        })
    }
}

impl CreateSource {
    /// What is declared; `None` where the statement has no columns and no `*`.
    pub fn declaration(&self) -> Option<&DeclaredSchema> {
        Some(&self.declared).filter(|d| !d.columns.is_empty() || d.has_wildcard)
    }

    /// How to infer: the options of `INFER SCHEMA`, or the defaults, and the format's options.
    ///
    /// # Errors
    /// Everything that is wrong with the options of `INFER SCHEMA`.
    pub fn inference_config(&self) -> Result<InferenceConfig, ConfigErrors> {
        let given = self.inference.as_ref().map(|clause| InferenceConfig::from_options(&clause.value)).transpose()?;
        Ok(InferenceConfig { format_options: self.format.spec.options.clone(), ..given.unwrap_or_default() })
    }
}

fn in_range(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let n = usize::from_value(text)?;
    if range.contains(&n) { Ok(n) } else { Err(String::new()) }
}

/// JSON needs an extension type, which an Arrow type alone cannot carry; VARCHAR holds the same text.
fn null_type(text: &str) -> Result<DataType, String> {
    let parsed = parse_type(text).map_err(|e| e.kind.to_string())?;
    match parsed.extension {
        None => Ok(parsed.data_type),
        Some(_) => Err("JSON and UUID cannot stand for null; use VARCHAR".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = f64::from_value(text)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(String::new()) }
}
