//! The direct way: plain records, from bytes to columns, without an error that anybody would see.
//!
//! What is out of the ordinary in any way is left to the [`Walker`](super::walk::Walker), which takes the record from its
//! start and knows every policy; both fill the same columns alike. Reads may go beyond the record, into the batch's
//! arena: wherever more values are expected, and at its end, it is seen whether they have.

use arrow_array::OffsetSizeTrait;

use super::{
    instant::{EXT_TYPE, Instant},
    skip::Skipper,
    token::{Token, token},
};
use crate::{
    column::{Column, ColumnOps, ListColumn, Scalar, StructColumn, is_ascii, is_text},
    json::push_absent,
};

/// Integers up to this magnitude are DOUBLEs, exactly.
const EXACT_BITS: u32 = 53;

/// One record on its direct way.
pub(super) struct Direct<'b, 's> {
    /// The batch's arena.
    pub(super) bytes: &'b [u8],
    /// Where the record ends in it.
    pub(super) end: usize,
    pub(super) max_depth: usize,
    /// Whether fields that the schema lacks are passed over.
    pub(super) ignores_unknown: bool,
    pub(super) skipper: &'s mut Skipper,
    pub(super) objects: &'s mut u64,
}

impl<'b> Direct<'b, '_> {
    /// Pushes the row of the record that begins at `at`. Without an answer it is the walker's, and parts of the row may have
    /// been pushed.
    #[inline]
    pub(super) fn record(&mut self, root: &mut StructColumn, at: usize) -> Option<()> {
        let (len, inside) = self.map_head(at)?;
        let end = self.object(root, inside, len, 0)?;
        (end == self.end).then_some(())
    }

    /// Pushes the map of `len` fields that begin at `at`, inside `depth` containers.
    fn object(&mut self, row: &mut StructColumn, at: usize, len: usize, depth: usize) -> Option<usize> {
        if depth >= self.max_depth {
            return None;
        }
        *self.objects += 1;
        let object = *self.objects;
        let (mut at, mut previous, mut absent) = (at, None, row.fields.len());
        for _ in 0..len {
            if at >= self.end {
                return None;
            }
            let (index, value_at) = match row.keys.expected(self.bytes, at, previous) {
                Some(found) => found,
                None => {
                    let (key, value_at) = self.text(at)?;
                    match row.keys.find_bytes(key, previous) {
                        Some(index) => (index, value_at),
                        None => {
                            at = self.unknown(key, value_at, depth)?;
                            continue;
                        }
                    }
                }
            };
            previous = Some(index);
            let field = &mut row.fields[index];
            if field.seen == object {
                return None;
            }
            field.seen = object;
            absent -= 1;
            at = if *self.bytes.get(value_at)? == 0xc0 {
                if !field.field.is_nullable() {
                    return None;
                }
                field.column.push_null();
                value_at + 1
            } else {
                self.value(&mut field.column, value_at, depth + 1)?
            };
        }
        if absent > 0 {
            push_absent(row, object).ok()?;
        }
        row.end_row();
        Some(at)
    }

    /// Pushes the value at `at`, which is not nil.
    #[inline(always)]
    fn value(&mut self, column: &mut Column, at: usize, depth: usize) -> Option<usize> {
        match column {
            Column::Int64(rows) => {
                let (v, end) = self.integer(at)?;
                rows.push_at(rows.num_rows(), v).then_some(end)
            }
            Column::Float64(rows) => {
                let (v, end) = self.float(at)?;
                rows.push_at(rows.num_rows(), v).then_some(end)
            }
            Column::Utf8(rows) => {
                let head = usize::from(*self.bytes.get(at)?);
                if head & 0xe0 == 0xa0
                    && let Some(window) = self.bytes[at + 1..].first_chunk()
                    && rows.push_ascii(window, head & 0x1f)
                {
                    return Some(at + 1 + (head & 0x1f));
                }
                let (text, end) = self.text(at)?;
                rows.push_utf8(text)?.ok()?;
                Some(end)
            }
            Column::Boolean(rows) => {
                let v = match *self.bytes.get(at)? {
                    0xc2 => false,
                    0xc3 => true,
                    _ => return None,
                };
                rows.push_at(rows.num_rows(), v).then_some(at + 1)
            }
            other => self.rare(other, at, depth),
        }
    }

    /// Pushes the value at `at` of the types that are seen less often.
    #[inline(never)]
    fn rare(&mut self, column: &mut Column, at: usize, depth: usize) -> Option<usize> {
        match column {
            Column::Struct(row) => {
                let (len, inside) = self.map_head(at)?;
                self.object(row, inside, len, depth)
            }
            Column::List(list) => self.list(list, at, depth),
            Column::LargeList(list) => self.list(list, at, depth),
            // Whose values are not pushed by a scalar, or in a way of their own.
            Column::Json(_) | Column::Map(_) | Column::FixedSizeList(_) => None,
            _ => {
                let (token, end) = token(self.bytes.get(..self.end)?, at).ok()?;
                match token {
                    Token::Int(v) => column.push_scalar(Scalar::I64(v)),
                    Token::Uint(v) => column.push_scalar(Scalar::U64(v)),
                    Token::F64(v) if !column.wants_exact_numbers() => column.push_scalar(Scalar::F64(v)),
                    Token::F32(v) if !column.wants_exact_numbers() => column.push_scalar(Scalar::F64(v.into())),
                    Token::Bool(v) => column.push_scalar(Scalar::Bool(v)),
                    Token::Bin(data) => column.push_scalar(Scalar::Bytes(data)),
                    Token::Ext(EXT_TYPE, data) => {
                        let Instant { seconds, nanos } = Instant::read(data)?;
                        match column {
                            Column::TimestampMicrosecond(rows) => rows.push_instant(seconds, nanos),
                            Column::TimestampMillisecond(rows) => rows.push_instant(seconds, nanos),
                            Column::TimestampNanosecond(rows) => rows.push_instant(seconds, nanos),
                            Column::TimestampSecond(rows) => rows.push_instant(seconds, nanos),
                            _ => return None,
                        }
                    }
                    _ => return None,
                }
                .ok()?;
                Some(end)
            }
        }
    }

    fn list<O: OffsetSizeTrait>(&mut self, list: &mut ListColumn<O>, at: usize, depth: usize) -> Option<usize> {
        let (len, mut at) = self.array_head(at)?;
        if depth >= self.max_depth {
            return None;
        }
        let (item, field) = list.item_and_field();
        for _ in 0..len {
            if at >= self.end {
                return None;
            }
            at = if *self.bytes.get(at)? == 0xc0 {
                if !field.is_nullable() {
                    return None;
                }
                item.push_null();
                at + 1
            } else {
                self.value(item, at, depth + 1)?
            };
        }
        list.end_row().ok()?;
        Some(at)
    }

    /// Passes over the value of a key that the schema lacks, inside `depth` containers and a map.
    #[inline]
    fn unknown(&mut self, key: &[u8], at: usize, depth: usize) -> Option<usize> {
        if !self.ignores_unknown || !is_text(key) {
            return None;
        }
        let head = *self.bytes.get(at)?;
        let len = usize::from(head & 0x1f);
        match head {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Some(at + 1),
            0xa0..=0xbf if self.bytes[at + 1..].first_chunk().is_some_and(|window| is_ascii(window, len)) => {
                Some(at + 1 + len)
            }
            0xcb | 0xcf | 0xd3 => Some(at + 9),
            0xca | 0xce | 0xd2 => Some(at + 5),
            _ => self.skipper.skip(self.bytes.get(..self.end)?, at, depth + 1, self.max_depth).ok(),
        }
    }

    #[inline(always)]
    fn map_head(&self, at: usize) -> Option<(usize, usize)> {
        match *self.bytes.get(at)? {
            head @ 0x80..=0x8f => Some((usize::from(head & 0x0f), at + 1)),
            0xde => Some((usize::from(u16::from_be_bytes(self.fixed(at + 1)?)), at + 3)),
            _ => None,
        }
    }

    #[inline(always)]
    fn array_head(&self, at: usize) -> Option<(usize, usize)> {
        match *self.bytes.get(at)? {
            head @ 0x90..=0x9f => Some((usize::from(head & 0x0f), at + 1)),
            0xdc => Some((usize::from(u16::from_be_bytes(self.fixed(at + 1)?)), at + 3)),
            _ => None,
        }
    }

    /// The text at `at`, which may be no UTF-8.
    #[inline(always)]
    fn text(&self, at: usize) -> Option<(&'b [u8], usize)> {
        let (len, start) = match *self.bytes.get(at)? {
            head @ 0xa0..=0xbf => (usize::from(head & 0x1f), at + 1),
            0xd9 => (usize::from(*self.bytes.get(at + 1)?), at + 2),
            0xda => (usize::from(u16::from_be_bytes(self.fixed(at + 1)?)), at + 3),
            _ => return None,
        };
        Some((self.bytes.get(start..start + len)?, start + len))
    }

    #[inline(always)]
    fn integer(&self, at: usize) -> Option<(i64, usize)> {
        let head = *self.bytes.get(at)?;
        Some(match head {
            0x00..=0x7f => (i64::from(head), at + 1),
            0xe0..=0xff => (i64::from(head.cast_signed()), at + 1),
            0xcc => (i64::from(*self.bytes.get(at + 1)?), at + 2),
            0xcd => (i64::from(u16::from_be_bytes(self.fixed(at + 1)?)), at + 3),
            0xce => (i64::from(u32::from_be_bytes(self.fixed(at + 1)?)), at + 5),
            0xcf => (i64::try_from(u64::from_be_bytes(self.fixed(at + 1)?)).ok()?, at + 9),
            0xd0 => (i64::from(self.bytes.get(at + 1)?.cast_signed()), at + 2),
            0xd1 => (i64::from(i16::from_be_bytes(self.fixed(at + 1)?)), at + 3),
            0xd2 => (i64::from(i32::from_be_bytes(self.fixed(at + 1)?)), at + 5),
            0xd3 => (i64::from_be_bytes(self.fixed(at + 1)?), at + 9),
            _ => return None,
        })
    }

    #[inline(always)]
    fn float(&self, at: usize) -> Option<(f64, usize)> {
        match *self.bytes.get(at)? {
            0xcb => Some((f64::from_be_bytes(self.fixed(at + 1)?), at + 9)),
            0xca => Some((f32::from_be_bytes(self.fixed(at + 1)?).into(), at + 5)),
            _ => {
                let (v, end) = self.integer(at)?;
                (v.unsigned_abs() >> EXACT_BITS == 0).then_some((v as f64, end))
            }
        }
    }

    #[inline(always)]
    fn fixed<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }
}
