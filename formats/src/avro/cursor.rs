//! Avro's binary encoding, read from the front of bytes that may be anything.
//!
//! Source: Avro 1.12 specification, "Binary Encoding".

use std::ops::Range;

use laminar_schema::{DecodeError, Location, SchemaError, SchemaResult};

use super::types::{Type, TypeId, Types};

/// Items of arrays and maps in one datum that may take no byte at all: a count of 2^60 nulls is eight bytes.
const MAX_EMPTY_ITEMS: usize = 1 << 16;

/// What is still to be read.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    /// Items without bytes that the datum may still have.
    empty_items: usize,
    pub(super) max_depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, max_depth: usize) -> Self {
        Self { bytes, at, empty_items: MAX_EMPTY_ITEMS, max_depth }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Begins the next datum.
    pub(super) fn begin(&mut self) {
        self.empty_items = MAX_EMPTY_ITEMS;
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> SchemaResult<bool> {
        match self.bytes.get(self.at) {
            Some(byte @ (0 | 1)) => {
                self.at += 1;
                Ok(*byte == 1)
            }
            Some(_) => Err(self.broken("a boolean, 0 or 1")),
            None => Err(self.broken("a boolean")),
        }
    }

    #[inline]
    pub(super) fn long(&mut self) -> SchemaResult<i64> {
        // Most numbers are short.
        if let Some(byte @ ..0x80) = self.bytes.get(self.at).copied() {
            self.at += 1;
            return Ok(i64::from(byte >> 1) ^ -i64::from(byte & 1));
        }
        match crate::framing::read_varint(&self.bytes[self.at..]) {
            Ok(Some((value, len))) => {
                self.at += len;
                Ok(value)
            }
            _ => Err(self.broken("a varint of at most 64 bits")),
        }
    }

    #[inline]
    pub(super) fn int(&mut self) -> SchemaResult<i32> {
        let at = self.at;
        let value = self.long()?;
        i32::try_from(value).map_err(|_| {
            self.at = at;
            self.broken("an int of at most 32 bits")
        })
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> SchemaResult<[u8; N]> {
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.broken("more bytes")),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> SchemaResult<&'a [u8]> {
        match self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(self.broken("as many bytes as their length says")),
        }
    }

    /// Bytes behind their length.
    #[inline]
    pub(super) fn bytes(&mut self) -> SchemaResult<&'a [u8]> {
        let at = self.at;
        match usize::try_from(self.long()?) {
            Ok(len) => self.take(len),
            Err(_) => {
                self.at = at;
                Err(self.broken("a length from 0 on"))
            }
        }
    }

    #[inline]
    pub(super) fn text(&mut self) -> SchemaResult<&'a str> {
        let bytes = self.bytes()?;
        simdutf8::basic::from_utf8(bytes).map_err(|_| {
            let span = self.at - bytes.len()..self.at;
            SchemaError::from(DecodeError::InvalidUtf8).at(place(span))
        })
    }

    /// The place of a branch or a symbol among `len`.
    #[inline]
    pub(super) fn index(&mut self, len: usize) -> SchemaResult<usize> {
        let at = self.at;
        let index = self.long()?;
        match usize::try_from(index) {
            Ok(index) if index < len => Ok(index),
            _ => {
                self.at = at;
                Err(self.broken("the place of a union's branch or an enum's symbol"))
            }
        }
    }

    /// The number of items in the next block of an array or a map; 0 ends it.
    #[inline]
    pub(super) fn block(&mut self) -> SchemaResult<u64> {
        let count = self.long()?;
        if count < 0 {
            // The size of the block, for whoever wants to pass over it.
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }

    /// Counts an item that began at `start`.
    #[inline]
    pub(super) fn item_since(&mut self, start: usize) -> SchemaResult<()> {
        if self.at > start {
            return Ok(());
        }
        match self.empty_items.checked_sub(1) {
            Some(left) => {
                self.empty_items = left;
                Ok(())
            }
            None => Err(self.broken("at most 65536 items that take no bytes")),
        }
    }

    /// Passes over a value, which is checked for its structure alone.
    pub(super) fn skip(&mut self, types: &Types, id: TypeId, depth: usize) -> SchemaResult<()> {
        if depth > self.max_depth {
            return Err(DecodeError::TooDeep { limit: self.max_depth }.into());
        }
        match types.get(id) {
            Type::Null => {}
            Type::Boolean => drop(self.boolean()?),
            Type::Int | Type::Date | Type::TimeMillis => drop(self.int()?),
            Type::Long | Type::TimeMicros | Type::Timestamp(..) => drop(self.long()?),
            Type::Float => drop(self.take(4)?),
            Type::Double => drop(self.take(8)?),
            Type::Bytes | Type::Decimal { size: None, .. } => drop(self.bytes()?),
            Type::String | Type::Json | Type::Uuid => drop(self.text()?),
            Type::Fixed(size) | Type::Decimal { size: Some(size), .. } => drop(self.take(*size)?),
            Type::UuidBytes => drop(self.take(16)?),
            Type::Duration => drop(self.take(12)?),
            Type::Enum(symbols) => drop(self.index(symbols.len())?),
            Type::Array(items) => self.skip_items(types, *items, false, depth)?,
            Type::Map(values) => self.skip_items(types, *values, true, depth)?,
            Type::Record(record) => {
                for f in &record.fields {
                    self.skip(types, f.ty, depth + 1)?;
                }
            }
            Type::Union(branches) => {
                let branch = branches[self.index(branches.len())?];
                self.skip(types, branch, depth + 1)?;
            }
        }
        Ok(())
    }

    fn skip_items(&mut self, types: &Types, id: TypeId, has_keys: bool, depth: usize) -> SchemaResult<()> {
        loop {
            let count = self.block()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                let start = self.at;
                if has_keys {
                    self.text()?;
                }
                self.skip(types, id, depth + 1)?;
                self.item_since(start)?;
            }
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn broken(&self, expected: &'static str) -> SchemaError {
        let found = match self.bytes.get(self.at) {
            Some(_) => "other bytes".to_owned(),
            None => "the end of the data".to_owned(),
        };
        let reason = format!("expected {expected}, found {found}; was it written with another schema?");
        SchemaError::from(DecodeError::Syntax { reason })
            .at(place(self.at..(self.at + 1).min(self.bytes.len()).max(self.at)))
    }
}

fn place(span: Range<usize>) -> Location {
    Location { span: Some(span), ..Location::default() }
}
