//! Samples of MessagePack → a schema with evidence.

use std::{borrow::Cow, ops::Range};

use laminar_schema::{FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult};

use super::{
    MsgPackOptions,
    instant::{EXT_TYPE, Instant},
    json_text::{JsonText, key_text},
    skip::Fault,
    token::{Malformed, Token, token},
};
use crate::{
    infer::{Document, DocumentFormat, DocumentSample, Kind, Value},
    json::JsonOptions,
};

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
        MsgPackSample::replayed(evidence, config)?.finish(config)
    }
}

/// What a part of a MessagePack sample says. Parts merge in any order.
pub type MsgPackSample = DocumentSample<MsgPackDocuments>;

/// MessagePack, as inference reads it.
#[derive(Debug, Clone, Copy)]
pub struct MsgPackDocuments;

impl DocumentFormat for MsgPackDocuments {
    type Options = MsgPackOptions;
    type Document<'a> = Text<'a>;
    const NAME: &'static str = super::NAME;
    const DOCUMENT: &'static str = "value";
    const ROW: &'static str = "a map";

    fn row_rules(options: &MsgPackOptions) -> SchemaResult<JsonOptions> {
        options.row_rules()
    }

    fn documents(record: &[u8], max_depth: usize) -> Result<Vec<Text<'_>>, String> {
        let (mut at, mut texts) = (0, Vec::new());
        while at < record.len() {
            let (text, end) = Text::new(record, at, max_depth).map_err(|e| reason(&e))?;
            texts.push(text);
            at = end;
        }
        Ok(texts)
    }
}

fn reason(fault: &Fault) -> String {
    format!("{} at byte {}", fault.why, fault.at)
}

/// One value of a record with the JSON text of everything in it, to be shown.
#[derive(Debug)]
pub struct Text<'a> {
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
}

impl Document for Text<'_> {
    fn value_to(self, take: impl FnOnce(Value<'_>)) {
        let mut tree = Tree { bytes: self.bytes, at: self.at, json: &self.json, spans: self.spans.iter() };
        // All of it was read before, by whoever wrote its text.
        take(tree.value().unwrap_or(Value::Null));
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
