//! Samples of records in an envelope → samples of rows.

use std::borrow::Cow;

use arrow_schema::Field;
use laminar_schema::{
    DetectedFormat, FormatInference, InferError, InferenceConfig, InferredSchema, RawRecord, SampleHead, SchemaResult,
    config::FormatSpec,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::options::{self, ConnectSchema, EnvelopeKind, EnvelopeOptions};

/// The format whose samples can be cut without knowing their types.
const CUT: &str = "json";

/// Infers the columns of rows in an envelope: those of all images, as if each were a record.
///
/// The images are cut out of the samples as they are written, and go through the format's own inference, so that hints, evidence
/// and thresholds are about rows.
pub(super) struct EnvelopeInference {
    inner: Box<dyn FormatInference>,
}

impl EnvelopeInference {
    pub(super) fn new(inner: Box<dyn FormatInference>) -> Self {
        Self { inner }
    }

    /// The envelope that the options name, and the configuration without it.
    fn divide(&self, config: &InferenceConfig) -> SchemaResult<Option<(EnvelopeOptions, InferenceConfig)>> {
        let format = FormatSpec::new(self.inner.format_name()).with_options(config.format_options.clone());
        let divided = options::divide(&format)?;
        Ok(divided.map(|(envelope, mut format)| {
            // Images have no header of their own.
            format.options.remove("wire_format");
            (envelope, InferenceConfig { format_options: format.options, ..config.clone() })
        }))
    }

    fn without(config: &InferenceConfig) -> InferenceConfig {
        InferenceConfig { format_options: options::without_envelope(&config.format_options), ..config.clone() }
    }
}

impl FormatInference for EnvelopeInference {
    fn format_name(&self) -> &str {
        self.inner.format_name()
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let Some((envelope, own)) = self.divide(config)? else {
            return self.inner.infer(samples, &Self::without(config));
        };
        if self.inner.format_name() != CUT {
            let format = format!("{} in an envelope", self.inner.format_name());
            return Err(InferError::UnknownFormat { format, known: vec![CUT.to_owned()] }.into());
        }
        let has_header = config.format_options.get("wire_format").is_some_and(|w| w.eq_ignore_ascii_case("confluent"));
        let mut rows = Vec::new();
        let mut first = None;
        for sample in samples {
            if let Err(reason) = cut(sample, &envelope, has_header, &mut rows) {
                first.get_or_insert(reason);
            }
        }
        if rows.is_empty() {
            let first = first.unwrap_or_else(|| "it is a tombstone".to_owned());
            return Err(InferError::NoUsableSample { sampled: samples.len(), first }.into());
        }
        self.inner.infer(&rows, &own)
    }

    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        let found = self.inner.detect(head, &Self::without(config))?;
        Ok(found.map(|mut found| {
            for (key, value) in config.format_options.iter() {
                if found.options.get(key).is_none() {
                    found.options.insert(key, value.text.clone(), value.span.clone());
                }
            }
            found
        }))
    }

    fn widest_type(&self) -> Field {
        self.inner.widest_type()
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        self.inner.replay(evidence, &Self::without(config))
    }
}

/// A Debezium envelope, its images uncut.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    before: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after: Option<&'a RawValue>,
    op: Option<Cow<'a, str>>,
}

/// A record of Maxwell, its row uncut.
#[derive(Deserialize)]
struct MaxwellChange<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// Kafka Connect's wrapper.
#[derive(Deserialize)]
struct Connect<'a> {
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// Appends the rows in a sample.
fn cut(
    sample: &RawRecord,
    envelope: &EnvelopeOptions,
    has_header: bool,
    rows: &mut Vec<RawRecord>,
) -> Result<(), String> {
    let row = |text: String| RawRecord { value: Some(text.into_bytes()), ..sample.clone() };
    match envelope.kind {
        EnvelopeKind::Upsert => {
            let value = sample.value.as_deref().map(|v| document(v, has_header)).transpose()?;
            let value = value.map(|v| unwrapped(v, envelope.connect_schema == ConnectSchema::Present)).transpose()?;
            let key = match (&sample.key, envelope.key_format.as_deref()) {
                (None, _) => String::new(),
                (Some(key), Some("raw")) => raw_key(key, envelope)?,
                (Some(key), _) => {
                    let key = document(key, has_header)?;
                    unwrapped(key, envelope.connect_schema == ConnectSchema::Present)?.to_owned()
                }
            };
            rows.push(row(joined(&key, value.unwrap_or_default())));
        }
        EnvelopeKind::Maxwell => {
            let Some(value) = sample.value.as_deref() else { return Ok(()) };
            let change: MaxwellChange<'_> =
                serde_json::from_str(document(value, has_header)?).map_err(|e| e.to_string())?;
            // Records that change no single row have no row.
            match change.data.map(RawValue::get).filter(|data| data.starts_with('{')) {
                Some(data) => rows.push(row(data.to_owned())),
                None => return Err("expected a record of Maxwell with `data`, found one without it".to_owned()),
            }
        }
        EnvelopeKind::Debezium | EnvelopeKind::None => {
            let Some(value) = sample.value.as_deref() else { return Ok(()) };
            let value = document(value, has_header)?;
            let change = change(value, envelope.connect_schema)?;
            if change.op.is_none() {
                return Err("expected a Debezium envelope with `op`, found a record without it".to_owned());
            }
            let images = [change.before, change.after].into_iter().flatten().filter(|image| image.get() != "null");
            for image in images {
                if !image.get().starts_with('{') {
                    return Err("expected an object in `before` and `after`, found another value".to_owned());
                }
                rows.push(row(image.get().to_owned()));
            }
        }
    }
    Ok(())
}

fn change(value: &str, connect: ConnectSchema) -> Result<Change<'_>, String> {
    let bare = || serde_json::from_str::<Change<'_>>(value).map_err(|e| e.to_string());
    if connect == ConnectSchema::Absent {
        return bare();
    }
    match serde_json::from_str::<Connect<'_>>(value) {
        Ok(Connect { payload: Some(payload) }) => serde_json::from_str(payload.get()).map_err(|e| e.to_string()),
        _ => bare(),
    }
}

fn unwrapped(value: &str, is_wrapped: bool) -> Result<&str, String> {
    if !is_wrapped {
        return Ok(value);
    }
    let Connect { payload } = serde_json::from_str(value).map_err(|e| e.to_string())?;
    Ok(payload.map_or("{}", RawValue::get))
}

/// The document in a sample.
fn document(value: &[u8], has_header: bool) -> Result<&str, String> {
    let value = match has_header {
        true => crate::wire::confluent::split(value).map_err(|e| e.to_string())?.1,
        false => value,
    };
    std::str::from_utf8(value).map_err(|e| e.to_string())
}

/// A key that is taken whole, as a document of its one column.
fn raw_key(key: &[u8], envelope: &EnvelopeOptions) -> Result<String, String> {
    let text = std::str::from_utf8(key).map_err(|e| e.to_string())?;
    let column = envelope.key_columns.as_deref().and_then(<[String]>::first).map_or("", String::as_str);
    let member = |text: &str| serde_json::to_string(text).map_err(|e| e.to_string());
    Ok(format!("{{{}:{}}}", member(column)?, member(text)?))
}

/// The members of two objects as one object; the second's count, where both have a key.
fn joined(first: &str, second: &str) -> String {
    let members = |text: &str| {
        let text = text.trim();
        text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or("").trim().to_owned()
    };
    let (first, second) = (members(first), members(second));
    let comma = if first.is_empty() || second.is_empty() { "" } else { "," };
    format!("{{{first}{comma}{second}}}")
}
