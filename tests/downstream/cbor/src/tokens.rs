//! Bytes → tokens, by `minicbor`: one at a time, lengths of strings checked, nothing kept.

use std::borrow::Cow;

use laminar_schema::{DecodeError, Found};
use minicbor::{
    Decoder,
    data::{Int, Type},
    decode::Error,
};

/// The head of a data item, with all of it where it contains no others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'b> {
    Null,
    Bool(bool),
    Int(Int),
    Float(f64),
    /// Owned where it came in pieces.
    Text(Cow<'b, str>),
    Bytes(Cow<'b, [u8]>),
    /// So many items follow; `None`, and a break ends them.
    Array(Option<u64>),
    /// So many pairs follow.
    Map(Option<u64>),
    /// The item that follows is meant in another way.
    Tag(u64),
    /// A simple value that has no meaning here.
    Simple(u8),
}

/// Reads the tokens of one record.
#[derive(Debug)]
pub(crate) struct Tokens<'b> {
    decoder: Decoder<'b>,
    max_depth: usize,
}

impl<'b> Tokens<'b> {
    pub(crate) fn new(record: &'b [u8], max_depth: usize) -> Self {
        Self { decoder: Decoder::new(record), max_depth }
    }

    /// Whether all of the record has been read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.decoder.position() >= self.decoder.input().len()
    }

    /// The same tokens from here on, to be looked at twice.
    pub(crate) fn fork(&self) -> Self {
        Self { decoder: self.decoder.clone(), max_depth: self.max_depth }
    }

    /// The next token.
    ///
    /// # Errors
    /// The bytes are no CBOR, or end too early.
    pub(crate) fn next(&mut self) -> Result<Token<'b>, DecodeError> {
        let at = self.decoder.position();
        self.read().map_err(|e| self.malformed(at, &e))
    }

    fn read(&mut self) -> Result<Token<'b>, Error> {
        let decoder = &mut self.decoder;
        Ok(match decoder.datatype()? {
            Type::Null => decoder.null().map(|()| Token::Null)?,
            Type::Undefined => decoder.undefined().map(|()| Token::Null)?,
            Type::Bool => Token::Bool(decoder.bool()?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => Token::Int(decoder.int()?),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => Token::Int(decoder.int()?),
            Type::F16 => Token::Float(decoder.f16()?.into()),
            Type::F32 => Token::Float(decoder.f32()?.into()),
            Type::F64 => Token::Float(decoder.f64()?),
            Type::String => Token::Text(decoder.str()?.into()),
            Type::StringIndef => Token::Text(Cow::Owned(decoder.str_iter()?.collect::<Result<String, _>>()?)),
            Type::Bytes => Token::Bytes(decoder.bytes()?.into()),
            Type::BytesIndef => {
                let pieces = decoder.bytes_iter()?.collect::<Result<Vec<_>, _>>()?;
                Token::Bytes(Cow::Owned(pieces.concat()))
            }
            Type::Array | Type::ArrayIndef => Token::Array(decoder.array()?),
            Type::Map | Type::MapIndef => Token::Map(decoder.map()?),
            Type::Tag => Token::Tag(decoder.tag()?.as_u64()),
            Type::Simple => Token::Simple(decoder.simple()?),
            Type::Break => return Err(Error::message("a break stands in place of a value")),
            Type::Unknown(_) => return Err(Error::message("no value begins with this byte")),
        })
    }

    #[cold]
    fn malformed(&self, at: usize, error: &Error) -> DecodeError {
        let what = error.to_string();
        let what = match what.strip_prefix("decode error: ") {
            _ if error.is_end_of_input() => "the record ends in the middle of a value",
            Some(message) => message,
            None => &what,
        };
        DecodeError::Syntax { reason: format!("expected CBOR, found that {what}, in the value at byte {at}") }
    }

    /// Whether a container has another item (or pair) to read; `left` counts those that it has said it has.
    ///
    /// # Errors
    /// The bytes end too early.
    pub(crate) fn has_more(&mut self, left: &mut Option<u64>) -> Result<bool, DecodeError> {
        if let Some(left) = left {
            let is_more = *left > 0;
            *left = left.saturating_sub(1);
            return Ok(is_more);
        }
        let at = self.decoder.position();
        let is_break = self.decoder.datatype().map_err(|e| self.malformed(at, &e))? == Type::Break;
        if is_break {
            self.decoder.set_position(at + 1);
        }
        Ok(!is_break)
    }

    /// Checks that a container inside of `depth` others may be opened.
    ///
    /// # Errors
    /// [`DecodeError::TooDeep`]
    pub(crate) fn enter(&self, depth: usize) -> Result<usize, DecodeError> {
        if depth < self.max_depth { Ok(depth + 1) } else { Err(DecodeError::TooDeep { limit: self.max_depth }) }
    }

    /// Passes over a value.
    ///
    /// # Errors
    /// It is no CBOR, or nested too deep.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), DecodeError> {
        let mut token = self.next()?;
        while matches!(token, Token::Tag(_)) {
            token = self.next()?;
        }
        let (mut left, per_item) = match token {
            Token::Array(items) => (items, 1),
            Token::Map(pairs) => (pairs, 2),
            _ => return Ok(()),
        };
        let depth = self.enter(depth)?;
        while self.has_more(&mut left)? {
            for _ in 0..per_item {
                self.skip(depth)?;
            }
        }
        Ok(())
    }
}

impl Token<'_> {
    /// The token as messages show it.
    #[cold]
    pub(crate) fn found(&self) -> Found {
        match self {
            Self::Null => Found::kind("null"),
            Self::Bool(v) => Found::new("boolean", &v.to_string()),
            Self::Int(v) => Found::new("integer", &v.to_string()),
            Self::Float(v) => Found::new("float", &v.to_string()),
            Self::Text(text) => Found::new("text", text),
            Self::Bytes(bytes) => {
                // As many as are shown anyway.
                let hex: String = bytes.iter().take(33).map(|b| format!("{b:02x}")).collect();
                Found::new("bytes", &format!("h'{hex}'"))
            }
            Self::Array(_) => Found::kind("array"),
            Self::Map(_) => Found::kind("map"),
            Self::Tag(tag) => Found::new("tag", &tag.to_string()),
            Self::Simple(v) => Found::new("simple value", &v.to_string()),
        }
    }
}
