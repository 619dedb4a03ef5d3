//! Values → JSON text: for JSON columns, for what is rescued, and for messages.

use std::ops::Range;

use super::{
    instant::{EXT_TYPE, Instant},
    skip::{Fault, checked},
    token::{Malformed, Token},
};
use crate::{
    cell::integer,
    json::{quote, quote_base64},
};

/// Writes values as JSON text; its memory is kept from record to record.
#[derive(Debug, Default)]
pub(super) struct JsonText {
    text: Vec<u8>,
    /// The containers around the current value, the innermost last.
    open: Vec<Open>,
    /// Where the text of each value stands, in the order in which they begin; keys are no values. Only noted when asked.
    spans: Vec<Range<usize>>,
    /// The value that each open container is.
    opened: Vec<usize>,
    notes_spans: bool,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// Values, or pairs, still to come.
    left: u32,
    is_map: bool,
    /// Nothing stands in it yet.
    is_fresh: bool,
}

impl JsonText {
    /// One that also notes where the text of each value stands.
    pub(super) fn with_spans() -> Self {
        Self { notes_spans: true, ..Self::default() }
    }

    /// The text, and where in it the values stand.
    pub(super) fn into_parts(self) -> (String, Vec<Range<usize>>) {
        // Made of UTF-8 pieces only.
        (String::from_utf8(self.text).unwrap_or_default(), self.spans)
    }

    /// The text of the last value.
    pub(super) fn as_str(&self) -> &str {
        // Made of UTF-8 pieces only.
        std::str::from_utf8(&self.text).unwrap_or("")
    }

    /// Writes the value at `at`, which lies inside `depth` containers, in place of the last one, and returns where it ends.
    ///
    /// # Errors
    /// It is malformed, has a key that JSON cannot have, or is nested deeper than `max_depth`.
    pub(super) fn value(&mut self, bytes: &[u8], at: usize, depth: usize, max_depth: usize) -> Result<usize, Fault> {
        self.text.clear();
        self.open.clear();
        self.spans.clear();
        self.opened.clear();
        let mut at = at;
        loop {
            at = self.one(bytes, at, depth, max_depth)?;
            loop {
                let Some(open) = self.open.last_mut() else { return Ok(at) };
                if open.left > 0 {
                    open.left -= 1;
                    if !std::mem::take(&mut open.is_fresh) {
                        self.text.push(b',');
                    }
                    if open.is_map {
                        at = self.key(bytes, at)?;
                        self.text.push(b':');
                    }
                    break;
                }
                self.text.push(if open.is_map { b'}' } else { b']' });
                self.open.pop();
                if let Some(span) = self.opened.pop().and_then(|value| self.spans.get_mut(value)) {
                    span.end = self.text.len();
                }
            }
        }
    }

    /// Writes a scalar, or opens a container.
    fn one(&mut self, bytes: &[u8], at: usize, depth: usize, max_depth: usize) -> Result<usize, Fault> {
        let (token, end) = checked(bytes, at)?;
        let start = self.text.len();
        let (left, is_map) = match token {
            Token::Array(len) => (len, false),
            Token::Map(len) => (len, true),
            scalar => {
                self.scalar(scalar);
                if self.notes_spans {
                    self.spans.push(start..self.text.len());
                }
                return Ok(end);
            }
        };
        if depth + self.open.len() >= max_depth {
            return Err(Fault { at, why: Malformed::TooDeep });
        }
        self.text.push(if is_map { b'{' } else { b'[' });
        self.open.push(Open { left, is_map, is_fresh: true });
        if self.notes_spans {
            self.opened.push(self.spans.len());
            self.spans.push(start..start);
        }
        Ok(end)
    }

    fn key(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        let (token, end) = checked(bytes, at)?;
        let start = self.text.len();
        if !push_key(&mut self.text, token) {
            return Err(Fault { at, why: Malformed::Key });
        }
        // What has no quotes of its own gets some; it has nothing to escape.
        if self.text.get(start) != Some(&b'"') {
            self.text.insert(start, b'"');
            self.text.push(b'"');
        }
        Ok(end)
    }

    fn scalar(&mut self, token: Token<'_>) {
        push_scalar(&mut self.text, token);
    }
}

/// The text of a key that is no `str`, in `out` instead of what it held; false for one that is no key at all.
pub(super) fn key_text(out: &mut Vec<u8>, key: Token<'_>) -> bool {
    out.clear();
    if let Token::Str(text) | Token::Bin(text) = key
        && std::str::from_utf8(text).is_ok()
    {
        out.extend_from_slice(text);
        return true;
    }
    let is_key = push_key(out, key);
    if out.first() == Some(&b'"') {
        // Base64 or a timestamp: nothing in it is escaped.
        out.pop();
        out.remove(0);
    }
    is_key
}

/// Appends a key, in quotes or without; false for one that is none.
fn push_key(out: &mut Vec<u8>, key: Token<'_>) -> bool {
    match key {
        Token::Array(_) | Token::Map(_) => return false,
        Token::Ext(kind, data) if kind != EXT_TYPE || Instant::read(data).is_none() => return false,
        Token::Bin(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => quote(out, text),
            Err(_) => push_scalar(out, key),
        },
        _ => push_scalar(out, key),
    }
    true
}

/// Appends the text of a value that is no container.
pub(super) fn push_scalar(out: &mut Vec<u8>, token: Token<'_>) {
    match token {
        Token::Nil => out.extend_from_slice(b"null"),
        Token::Bool(v) => out.extend_from_slice(if v { b"true" } else { b"false" }),
        Token::Int(v) => push_integer(out, |room| integer::write_i64(room, 0, v)),
        Token::Uint(v) => push_integer(out, |room| integer::write_u64(room, 0, v)),
        // Four bytes are the same number as eight, so they have the same text.
        Token::F32(v) => push_scalar(out, Token::F64(v.into())),
        Token::F64(v) if v.is_finite() => out.extend_from_slice(ryu::Buffer::new().format_finite(v).as_bytes()),
        Token::F64(v) => out.extend_from_slice(non_finite(v).as_bytes()),
        // Whoever made the token has checked it.
        Token::Str(text) => quote(out, std::str::from_utf8(text).unwrap_or("")),
        Token::Bin(data) => quote_base64(out, data),
        Token::Ext(kind, data) => match Instant::read(data).filter(|_| kind == EXT_TYPE) {
            Some(instant) => {
                out.push(b'"');
                out.extend_from_slice(instant.text().as_str().as_bytes());
                out.push(b'"');
            }
            None => {
                out.extend_from_slice(b"{\"ext\":");
                push_integer(out, |room| integer::write_i64(room, 0, kind.into()));
                out.extend_from_slice(b",\"data\":");
                quote_base64(out, data);
                out.push(b'}');
            }
        },
        Token::Array(_) => out.extend_from_slice(b"[]"),
        Token::Map(_) => out.extend_from_slice(b"{}"),
    }
}

fn push_integer(out: &mut Vec<u8>, write: impl FnOnce(&mut [u8]) -> usize) {
    let mut room = [0; integer::ROOM];
    let end = write(&mut room);
    out.extend_from_slice(&room[..end]);
}

/// The JSON text of what is no number: what JavaScript calls it.
fn non_finite(v: f64) -> &'static str {
    if v.is_nan() {
        "\"NaN\""
    } else if v > 0.0 {
        "\"Infinity\""
    } else {
        "\"-Infinity\""
    }
}
