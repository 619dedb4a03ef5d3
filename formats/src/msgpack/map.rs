//! Maps of data: MAP columns, whose keys are values of a type.

use std::cmp::Ordering;

use arrow_schema::Field;
use laminar_schema::SchemaResult;

use super::{
    json_text::key_text,
    skip::Fault,
    token::{Malformed, Token, token},
    walk::{Place, Walker},
};
use crate::{
    column::{Column, ColumnOps, MapColumn, Mismatch, Scalar},
    json::{DuplicateFields, duplicate},
};

/// Pairs up to which keys are compared each with each.
const FEW: u32 = 8;

impl Walker<'_, '_> {
    /// Pushes a map as pairs; of pairs with the same key the last counts.
    pub(super) fn map(&mut self, map: &mut MapColumn, field: &Field, place: Place, len: u32) -> SchemaResult<usize> {
        self.check_depth(place)?;
        let from = self.state.map_keys.len();
        let end = self.pairs(map, field, place, len, from);
        // Where it failed, too: the walk goes on behind a value that is overwritten.
        self.state.map_keys.truncate(from);
        end
    }

    /// Pushes the pairs of the map at `place`, whose keys to pass over begin at `from` in `map_keys`.
    fn pairs(
        &mut self,
        map: &mut MapColumn,
        field: &Field,
        place: Place,
        len: u32,
        from: usize,
    ) -> SchemaResult<usize> {
        let depth = place.depth + 1;
        if len > 1 {
            self.mark_duplicate_keys(place, len)?;
        }
        let mut at = place.inside;
        for _ in 0..len {
            let key_at = at;
            let (key, value_at) = self.token(at)?;
            // Maps within this one have removed their own keys again.
            if self.state.map_keys.len() > from && self.state.map_keys[from..].binary_search(&(key_at as u32)).is_ok() {
                at = self.skip(value_at, depth)?;
                continue;
            }
            let (column, key_field) = map.key_and_field();
            self.key(column, key_field, key, key_at)?;
            let (column, value_field) = map.value_and_field();
            let mark = if self.state.rescue.enabled {
                key_text(&mut self.state.key, key);
                self.state.rescue.enter_field(std::str::from_utf8(&self.state.key).unwrap_or(""))
            } else {
                0
            };
            at = self.value(column, value_field, value_at, depth).map_err(|e| in_pair(e, key))?;
            if self.state.rescue.enabled {
                self.state.rescue.leave(mark);
            }
        }
        map.end_row().map_err(|mismatch| self.error(field, place.at, mismatch))?;
        Ok(at)
    }

    /// Pushes a key: as the value that it is where the column takes that, else as its text.
    #[inline]
    fn key(&mut self, column: &mut Column, field: &Field, key: Token<'_>, at: usize) -> SchemaResult<()> {
        let pushed = match key {
            Token::Str(text) => match std::str::from_utf8(text) {
                Ok(text) => column.push_scalar(Scalar::Text(text)),
                Err(_) => return Err(self.fault(Fault { at, why: Malformed::InvalidUtf8 })),
            },
            Token::Int(v) => column.push_scalar(Scalar::I64(v)),
            Token::Uint(v) => column.push_scalar(Scalar::U64(v)),
            Token::Bin(data) => column.push_scalar(Scalar::Bytes(data)),
            _ => Err(Mismatch::Type),
        };
        match pushed {
            Err(Mismatch::Type) => self.key_as_text(column, field, key, at),
            Err(mismatch) => Err(self.error(field, at, mismatch)),
            Ok(()) => Ok(()),
        }
    }

    #[inline(never)]
    fn key_as_text(&mut self, column: &mut Column, field: &Field, key: Token<'_>, at: usize) -> SchemaResult<()> {
        if !key_text(&mut self.state.key, key) {
            return Err(self.fault(Fault { at, why: Malformed::Key }));
        }
        let text = std::str::from_utf8(&self.state.key).unwrap_or("");
        column.push_scalar(Scalar::Text(text)).map_err(|mismatch| self.error(field, at, mismatch))
    }

    /// Appends to `map_keys` where keys begin that stand again further on, in growing order.
    fn mark_duplicate_keys(&mut self, place: Place, len: u32) -> SchemaResult<()> {
        // Taken out while values are passed over, and given back whatever happens.
        let mut all = std::mem::take(&mut self.state.map_keys);
        let marked = self.duplicate_keys(&mut all, place, len);
        self.state.map_keys = all;
        marked
    }

    fn duplicate_keys(&mut self, all: &mut Vec<u32>, place: Place, len: u32) -> SchemaResult<()> {
        let from = all.len();
        let mut next = place.inside;
        for _ in 0..len {
            all.push(next as u32);
            let value_at = self.token(next)?.1;
            next = self.skip(value_at, place.depth + 1)?;
        }
        let bytes = self.bytes;
        let key = |at: u32| token(bytes, at as usize).map_or(Token::Nil, |(key, _)| key);
        let keys = &mut all[from..];
        if len <= FEW && (1..keys.len()).all(|i| keys[..i].iter().all(|other| order(key(*other), key(keys[i])).is_ne()))
        {
            all.truncate(from);
            return Ok(());
        }
        keys.sort_unstable_by(|a, b| order(key(*a), key(*b)).then(a.cmp(b)));
        let mut kept = 0;
        for i in 1..keys.len() {
            if order(key(keys[i - 1]), key(keys[i])) == Ordering::Equal {
                keys[kept] = keys[i - 1];
                kept += 1;
            }
        }
        if kept > 0 && self.state.duplicate_fields == DuplicateFields::Reject {
            let mut text = Vec::new();
            key_text(&mut text, key(keys[0]));
            let at = keys[0] as usize;
            return Err(self.at(duplicate(&String::from_utf8_lossy(&text)), at));
        }
        keys[..kept].sort_unstable();
        all.truncate(from + kept);
        Ok(())
    }
}

/// Orders keys, so that equal ones stand together; floats by their bits.
fn order(a: Token<'_>, b: Token<'_>) -> Ordering {
    rank(a).cmp(&rank(b))
}

fn rank(token: Token<'_>) -> (u8, u64, &[u8]) {
    match token {
        Token::Str(text) => (0, 0, text),
        Token::Bin(data) => (1, 0, data),
        Token::Int(v) => (2, v.cast_unsigned(), &[]),
        Token::Uint(v) => (3, v, &[]),
        Token::F64(v) => (4, v.to_bits(), &[]),
        Token::F32(v) => (5, u64::from(v.to_bits()), &[]),
        Token::Bool(v) => (6, u64::from(v), &[]),
        Token::Nil => (7, 0, &[]),
        Token::Ext(kind, data) => (8, u64::from(kind.cast_unsigned()), data),
        // No keys, which whoever reads them finds out.
        Token::Array(len) => (9, u64::from(len), &[]),
        Token::Map(len) => (10, u64::from(len), &[]),
    }
}

#[cold]
#[inline(never)]
fn in_pair(error: laminar_schema::SchemaError, key: Token<'_>) -> laminar_schema::SchemaError {
    let mut text = Vec::new();
    key_text(&mut text, key);
    error.in_field(&String::from_utf8_lossy(&text))
}
