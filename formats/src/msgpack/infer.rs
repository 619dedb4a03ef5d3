//! Samples of MessagePack → a schema with evidence.

use std::{borrow::Cow, ops::Range, sync::Arc};

use arrow_schema::Schema;
use laminar_schema::{
    ConnectorConfig, FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult, field::json_field,
};

use super::{
    MsgPackOptions,
    instant::{EXT_TYPE, Instant},
    json_text::{JsonText, key_text},
    skip::Fault,
    token::{Malformed, Token, token},
};
use crate::{
    infer::{Kind, Part, Place, Rules, Sample, VALUE_COLUMN, Value, in_parts, replayed, stored},
    json::{MultipleDocuments, NonObjects},
    policy::NoContent,
};

/// Deepest value that is looked at, whatever `max_depth` allows: [`Tree`] recurses.
const MAX_DEPTH: usize = 1000;

/// Infers a schema from MessagePack records: a column per key, in the order in which keys stand.
///
/// A sample of no maps at all gives one column, `value`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MsgPackInference;

impl FormatInference for MsgPackInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        MsgPackSample::of(samples, config)?.finish(config)
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        MsgPackSample { sample: replayed(super::NAME, evidence)?, ..MsgPackSample::new(config)? }.finish(config)
    }
}

/// What a part of a MessagePack sample says. Parts merge in any order.
#[derive(Debug, Clone)]
pub struct MsgPackSample {
    options: MsgPackOptions,
    rules: Rules,
    sample: Sample,
}

impl Part for MsgPackSample {
    fn observe_all(&mut self, records: &[RawRecord]) {
        records.iter().for_each(|record| self.observe(record));
    }

    fn merge(&mut self, other: Self) {
        self.merge(other);
    }
}

impl MsgPackSample {
    /// An empty sample.
    ///
    /// # Errors
    /// Options of the format that are wrong.
    pub fn new(config: &InferenceConfig) -> SchemaResult<Self> {
        let options = MsgPackOptions::from_options(&config.format_options)?;
        Ok(Self { options, rules: Rules::new(config), sample: Sample::default() })
    }

    /// A sample of records, on as many threads as the configuration allows and their number is worth.
    ///
    /// # Errors
    /// As [`MsgPackSample::new`].
    pub fn of(records: &[RawRecord], config: &InferenceConfig) -> SchemaResult<Self> {
        Ok(in_parts(Self::new(config)?, records, config))
    }

    /// Takes in one record.
    pub fn observe(&mut self, record: &RawRecord) {
        self.sample.looked_at += 1;
        self.sample.bound_at_times();
        if self.sample.has_too_many {
            return;
        }
        let place = Place::of(&record.metadata);
        let texts = match self.texts(record) {
            Ok(texts) => texts,
            Err(reason) => return self.sample.unusable.note(&place, &reason),
        };
        for text in &texts {
            let value = text.tree();
            match (value, self.options.non_objects) {
                (Value::Object { members, .. }, _) => self.sample.objects.observe(&members, 0, &place, &self.rules),
                (value, Some(NonObjects::Value)) => {
                    self.sample.objects.observe(&[(VALUE_COLUMN, value)], 0, &place, &self.rules);
                }
                (_, Some(NonObjects::Reject)) => self.sample.unusable.note(&place, "expected a map"),
                (value, None) => self.sample.values.observe(&value, 0, &place, &self.rules),
            }
        }
    }

    /// The values of a record with their texts, or why it is of no use.
    fn texts<'a>(&self, record: &'a RawRecord) -> Result<Vec<Text<'a>>, String> {
        let Some(bytes) = record.value.as_deref() else {
            return self.nothing(self.options.tombstones, "a tombstone");
        };
        if bytes.is_empty() {
            return self.nothing(self.options.empty_records, "an empty record");
        }
        if let Some(limit) = self.options.max_record_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(format!("expected at most {limit} bytes, found {}", bytes.len()));
        }
        let (mut at, mut texts) = (0, Vec::new());
        while at < bytes.len() {
            let (text, end) = Text::new(bytes, at, self.options.max_depth.min(MAX_DEPTH)).map_err(|e| reason(&e))?;
            texts.push(text);
            at = end;
        }
        if texts.len() > 1 && self.options.multiple_documents == MultipleDocuments::Reject {
            return Err("expected one value, found several in one record".to_owned());
        }
        Ok(texts)
    }

    fn nothing<'a>(&self, policy: NoContent, found: &str) -> Result<Vec<Text<'a>>, String> {
        match policy {
            NoContent::Reject => Err(format!("expected a value, found {found}")),
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
        inferred.evidence = config.keep_evidence.then(|| stored(&self.sample));
        if let Some(name) = &self.options.document_column {
            // The decoder fills this column with whole records, and reads no field of its name.
            let others = inferred.schema.fields().iter().filter(|f| f.name() != name).cloned();
            let fields: Vec<_> = others.chain([Arc::new(json_field(name, true))]).collect();
            inferred.schema = Arc::new(Schema::new(fields));
        }
        Ok(inferred)
    }
}

fn reason(fault: &Fault) -> String {
    format!("{} at byte {}", fault.why, fault.at)
}

/// One value of a record with the JSON text of everything in it, to be shown.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    json: String,
    spans: Vec<Range<usize>>,
}

impl<'a> Text<'a> {
    /// That of the value at `at`, and where it ends.
    fn new(bytes: &'a [u8], at: usize, max_depth: usize) -> Result<(Self, usize), Fault> {
        let mut text = JsonText::with_spans();
        let end = text.value(bytes, at, 0, max_depth)?;
        let (json, spans) = text.into_parts();
        Ok((Self { bytes, at, json, spans }, end))
    }

    fn tree(&self) -> Value<'_> {
        Tree { bytes: self.bytes, at: self.at, json: &self.json, spans: self.spans.iter() }
            .value()
            // All of it was read before, by whoever wrote its text.
            .unwrap_or(Value::Null)
    }
}

/// Goes over a value again, now that the text of each part of it is there to be borrowed.
struct Tree<'t> {
    bytes: &'t [u8],
    at: usize,
    json: &'t str,
    spans: std::slice::Iter<'t, Range<usize>>,
}

impl<'t> Tree<'t> {
    fn value(&mut self) -> Result<Value<'t>, Malformed> {
        let raw = self.spans.next().and_then(|span| self.json.get(span.clone())).unwrap_or("");
        let typed = |kind| Ok(Value::Typed { kind, text: raw.trim_matches('"') });
        match self.token()? {
            Token::Nil => Ok(Value::Null),
            Token::Bool(v) => Ok(Value::Bool(v)),
            Token::F32(v) if !v.is_finite() => typed(Kind::Double),
            Token::F64(v) if !v.is_finite() => typed(Kind::Double),
            Token::Int(_) | Token::Uint(_) | Token::F32(_) | Token::F64(_) => Ok(Value::Number(raw)),
            Token::Str(text) => Ok(Value::Text(String::from_utf8_lossy(text))),
            Token::Bin(_) => typed(Kind::Blob),
            Token::Ext(EXT_TYPE, data) if Instant::read(data).is_some_and(Instant::is_within_micros) => {
                typed(Kind::TimestampTz)
            }
            Token::Ext(..) => typed(Kind::Json),
            Token::Array(len) => {
                let mut items = Vec::new();
                for _ in 0..len {
                    items.push(self.value()?);
                }
                Ok(Value::List { raw, items })
            }
            Token::Map(len) => {
                let mut members = Vec::new();
                for _ in 0..len {
                    let key = self.key()?;
                    members.push((key, self.value()?));
                }
                Ok(Value::Object { raw, members })
            }
        }
    }

    fn key(&mut self) -> Result<Cow<'t, str>, Malformed> {
        let key = self.token()?;
        if let Token::Str(text) = key {
            return Ok(String::from_utf8_lossy(text));
        }
        let mut text = Vec::new();
        if key_text(&mut text, key) {
            Ok(Cow::Owned(String::from_utf8_lossy(&text).into_owned()))
        } else {
            Err(Malformed::Key)
        }
    }

    fn token(&mut self) -> Result<Token<'t>, Malformed> {
        let (token, end) = token(self.bytes, self.at)?;
        self.at = end;
        Ok(token)
    }
}
