//! Samples → a schema with evidence: how CBOR's values are read; what they mean together is `laminar_formats::infer`'s.

use std::ops::Range;

use arrow_array::temporal_conversions::timestamp_us_to_datetime;
use laminar_formats::{
    infer::{Document, DocumentFormat, DocumentSample, Kind, Value},
    json::{JsonOptions, MultipleDocuments},
};
use laminar_schema::{
    ConnectorConfig, DecodeError, FormatInference, InferenceConfig, InferredSchema, Options, RawRecord, SchemaResult,
};

use crate::{
    CborOptions, NAME,
    decode::instant_of,
    json::{key_text, separate, write_scalar, write_text},
    tokens::{Token, Tokens},
};

/// Infers a column per key of CBOR's maps.
#[derive(Debug, Clone, Copy, Default)]
pub struct CborInference;

impl FormatInference for CborInference {
    fn format_name(&self) -> &str {
        NAME
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        CborOptions::read(&config.format_options)?;
        DocumentSample::<CborDocuments>::of(samples, config)?.finish(config)
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        DocumentSample::<CborDocuments>::replayed(evidence, config)?.finish(config)
    }
}

/// CBOR, as inference reads it.
#[derive(Debug, Clone, Copy)]
struct CborDocuments;

impl DocumentFormat for CborDocuments {
    type Options = CborOptions;
    type Document<'a> = Tree;
    const NAME: &'static str = NAME;
    const DOCUMENT: &'static str = "value";
    const ROW: &'static str = "a map";

    fn row_rules(options: &CborOptions) -> SchemaResult<JsonOptions> {
        Ok(JsonOptions {
            multiple_documents: MultipleDocuments::Split,
            max_depth: options.max_depth,
            max_record_bytes: Some(options.max_record_bytes),
            ..JsonOptions::from_options(&Options::new())?
        })
    }

    fn documents(record: &[u8], max_depth: usize) -> Result<Vec<Tree>, String> {
        let (mut tokens, mut found) = (Tokens::new(record, max_depth), Vec::new());
        while !tokens.is_at_end() {
            let mut text = Vec::new();
            let root = node(&mut tokens, &mut text, 0).map_err(|e| e.to_string())?;
            found.push(Tree { text: String::from_utf8(text).map_err(|e| e.to_string())?, root });
        }
        Ok(found)
    }
}

/// A value with the JSON text of all of it.
#[derive(Debug)]
struct Tree {
    text: String,
    root: Node,
}

/// A value; ranges are those of its text.
#[derive(Debug)]
enum Node {
    Null,
    Bool(bool),
    Number(Range<usize>),
    Text(String),
    Typed(Kind, Range<usize>),
    Instant(String),
    List(Range<usize>, Vec<Node>),
    Object(Range<usize>, Vec<(String, Node)>),
}

impl Document for Tree {
    fn value_to(self, take: impl FnOnce(Value<'_>)) {
        take(self.root.value(&self.text));
    }
}

impl Node {
    fn value<'n>(&'n self, text: &'n str) -> Value<'n> {
        let shown = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        match self {
            Self::Null => Value::Null,
            Self::Bool(v) => Value::Bool(*v),
            Self::Number(range) => Value::Number(shown(range)),
            Self::Text(text) => Value::Text(text.as_str().into()),
            Self::Typed(kind, range) => Value::Typed { kind: *kind, text: shown(range).trim_matches('"') },
            Self::Instant(text) => Value::Typed { kind: Kind::TimestampTz, text },
            Self::List(range, items) => {
                Value::List { raw: shown(range), items: items.iter().map(|item| item.value(text)).collect() }
            }
            Self::Object(range, members) => Value::Object {
                raw: shown(range),
                members: members.iter().map(|(key, member)| (key.as_str().into(), member.value(text))).collect(),
            },
        }
    }
}

/// Reads the next value, and appends its text.
fn node(tokens: &mut Tokens<'_>, out: &mut Vec<u8>, depth: usize) -> Result<Node, DecodeError> {
    let from = out.len();
    let (mut tag, mut token) = (None, tokens.next()?);
    while let Token::Tag(found) = token {
        (tag, token) = (Some(found), tokens.next()?);
    }
    match &token {
        Token::Array(left) => {
            let (mut left, depth, mut is_first, mut items) = (*left, tokens.enter(depth)?, true, Vec::new());
            out.push(b'[');
            while tokens.has_more(&mut left)? {
                separate(out, &mut is_first);
                items.push(node(tokens, out, depth)?);
            }
            out.push(b']');
            return Ok(typed_by(tag, from..out.len()).unwrap_or(Node::List(from..out.len(), items)));
        }
        Token::Map(left) => {
            let (mut left, depth, mut is_first, mut members) = (*left, tokens.enter(depth)?, true, Vec::new());
            out.push(b'{');
            while tokens.has_more(&mut left)? {
                separate(out, &mut is_first);
                let key = tokens.next()?;
                let key = key_text(&key)?.into_owned();
                write_text(out, &key);
                out.push(b':');
                members.push((key, node(tokens, out, depth)?));
            }
            out.push(b'}');
            return Ok(typed_by(tag, from..out.len()).unwrap_or(Node::Object(from..out.len(), members)));
        }
        scalar => write_scalar(out, scalar),
    }
    let text = from..out.len();
    if let Some(node) = typed_by(tag, text.clone()) {
        return Ok(node);
    }
    let instant = match (tag, &token) {
        (Some(1), Token::Int(seconds)) => i64::try_from(*seconds).ok().map(|seconds| (seconds, 0)),
        (Some(1), Token::Float(seconds)) => instant_of(*seconds),
        _ => None,
    };
    if let Some(instant) = instant {
        return Ok(iso(instant).map_or(Node::Typed(Kind::Json, text), Node::Instant));
    }
    Ok(match token {
        Token::Null => Node::Null,
        Token::Bool(v) => Node::Bool(v),
        Token::Float(v) if !v.is_finite() => Node::Typed(Kind::Double, text),
        Token::Int(_) | Token::Float(_) => Node::Number(text),
        Token::Text(text) => Node::Text(text.into_owned()),
        Token::Bytes(_) => Node::Typed(Kind::Blob, text),
        _ => Node::Typed(Kind::Json, text),
    })
}

/// Big numbers and decimal fractions, which are other values than the items behind their tags.
fn typed_by(tag: Option<u64>, text: Range<usize>) -> Option<Node> {
    matches!(tag, Some(2..=5)).then_some(Node::Typed(Kind::Json, text))
}

/// An instant of whole microseconds, as ISO 8601 has it.
fn iso((seconds, micros): (i64, u32)) -> Option<String> {
    let micros = seconds.checked_mul(1_000_000)?.checked_add(micros.into())?;
    timestamp_us_to_datetime(micros).map(|t| t.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string())
}
