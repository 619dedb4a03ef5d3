//! `INFER SCHEMA (…)` → [`InferenceConfig`].

use std::time::Duration;

use arrow_schema::DataType;

use super::{ast::CreateSource, parse_type};
use crate::{
    config::{ConfigErrors, ConfigKey, ConnectorConfig, FromConfigValue, OptionReader, Options},
    declared::DeclaredSchema,
    inference::{InferenceConfig, TypeHint},
};

const fn key(key: &'static str, type_name: &'static str, default: &'static str, doc: &'static str) -> ConfigKey {
    ConfigKey { default: Some(default), ..ConfigKey::new(key, type_name, doc) }
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
        key(
            "hints",
            "comma-separated list of PATH TYPE",
            "",
            "Types of fields, whatever the sample says: a.b[].c BIGINT",
        ),
        key(
            "detect_dates",
            bool::TYPE_NAME,
            "true",
            "Whether texts may become DATE, TIME, TIMESTAMP, TIMESTAMPTZ or INTERVAL",
        ),
        key("detect_uuids", bool::TYPE_NAME, "true", "Whether texts may become UUID"),
        key(
            "min_confidence",
            "number from 0 to 1",
            "0",
            "Confidence below which a text stays VARCHAR; one that was seen once has 0.21",
        ),
        key(
            "detect_format",
            bool::TYPE_NAME,
            "true",
            "Whether options of the format that are not given are found in the data",
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
        let hints = reader.read(9, hints);
        let detect_dates = reader.read(10, bool::from_value);
        let detect_uuids = reader.read(11, bool::from_value);
        let min_confidence = reader.read(12, share);
        let detect_format = reader.read(13, bool::from_value);
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
                hints: hints?,
                detect_dates: detect_dates?,
                detect_uuids: detect_uuids?,
                min_confidence: min_confidence?,
                detect_format: detect_format?,
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

/// Reads `a.b[].c BIGINT, "the total" DECIMAL(18, 2)`.
fn hints(text: &str) -> Result<Vec<TypeHint>, String> {
    let mut hints: Vec<TypeHint> = Vec::new();
    for hint in split_list(text) {
        let (path, type_name) = split_hint(hint).ok_or_else(|| format!("`{hint}` is no path with a type behind it"))?;
        let parsed = parse_type(type_name).map_err(|e| format!("`{type_name}`: {}", e.kind))?;
        if hints.iter().any(|known| known.path == path) {
            return Err(format!("`{path}` is named twice"));
        }
        hints.push(TypeHint { field: parsed.into_field(&path, true), path });
    }
    Ok(hints)
}

/// The parts of a list between commas that stand in neither brackets nor quotes.
fn split_list(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// A path and what stands behind it. A path with blanks in it is in double quotes, as a name is in SQL.
fn split_hint(hint: &str) -> Option<(String, &str)> {
    let (path, rest) = match hint.strip_prefix('"') {
        Some(quoted) => {
            let mut from = 0;
            let end = loop {
                let at = from + quoted[from..].find('"')?;
                if !quoted[at + 1..].starts_with('"') {
                    break at;
                }
                from = at + 2;
            };
            (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
        }
        None => {
            let end = hint.find(char::is_whitespace)?;
            (hint[..end].to_owned(), &hint[end..])
        }
    };
    let rest = rest.trim();
    (!path.is_empty() && !rest.is_empty()).then_some((path, rest))
}

fn share(text: &str) -> Result<f64, String> {
    let share = f64::from_value(text)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(String::new()) }
}
