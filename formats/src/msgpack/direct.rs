//! The direct way: plain records, from bytes to columns, without an error that anybody would see.
//!
//! What is out of the ordinary in any way is left to the [`Walker`](super::walk::Walker), which takes the record from its
//! start and knows every policy; both fill the same columns alike.
//!
//! A place in a record is what is left of it, with the [`SLACK`] bytes behind it: a window that reaches beyond the slack is
//! there just where the record has not ended, so that one comparison sees to both. Reads may go beyond the record, into its
//! slack; then less than the slack is left, and no more windows are there.

use arrow_schema::Field;
use laminar_schema::{ARENA_PADDING, RawBatch};

use super::{
    instant::{EXT_TYPE, Instant},
    integer::{self, integer},
    json_text::JsonText,
    order::Passed,
    skip::Skipper,
    token::{Token, token},
};
use crate::{
    column::{Column, ColumnOps, MapColumn, Mismatch, Scalar, StructColumn, is_ascii, is_text},
    json::push_absent_fields,
};

/// Readable bytes behind every record.
const SLACK: usize = ARENA_PADDING;
const WINDOW: usize = SLACK + 1;

/// Pairs of a MAP up to which keys are compared each with each; MAPs of more are the walker's.
const FEW: usize = 8;

/// Integers up to this magnitude are DOUBLEs, exactly.
const EXACT_BITS: u32 = 53;

/// What the direct way needs beside the columns.
pub(super) struct Direct<'s> {
    pub(super) max_depth: usize,
    pub(super) max_record_bytes: usize,
    /// Whether fields that the schema lacks are passed over.
    pub(super) ignores_unknown: bool,
    /// The column for what is rescued, which is nothing here.
    pub(super) rescue: Option<usize>,
    pub(super) skipper: &'s mut Skipper,
    pub(super) json: &'s mut JsonText,
}

impl Direct<'_> {
    /// Pushes the rows of records from `first` on, up to the first that is the walker's, and returns its number. Parts of its
    /// row may have been pushed, and nobody has seen yet whether texts are UTF-8: see [`StructColumn::check_text`].
    #[inline]
    pub(super) fn records(&mut self, root: &mut StructColumn, batch: &RawBatch, first: usize) -> usize {
        let arena = batch.padded_values();
        for record in first..batch.len() {
            let span = batch.span(record);
            if span.len() > self.max_record_bytes
                || self.record(root, arena.get(span.start..span.end + SLACK)).is_none()
            {
                return record;
            }
        }
        batch.len()
    }

    #[inline]
    fn record(&mut self, root: &mut StructColumn, record: Option<&[u8]>) -> Option<()> {
        let (len, inside) = map_head(record?)?;
        let behind = self.object(root, inside, len, 0)?;
        if behind.len() != SLACK {
            return None;
        }
        if let Some(rescue) = self.rescue {
            root.fields.get_mut(rescue)?.column.push_null();
        }
        Some(())
    }

    /// Pushes the map of `len` fields that begin at `rest`, inside `depth` containers; returns what is behind it.
    fn object<'b>(&mut self, row: &mut StructColumn, rest: &'b [u8], len: usize, depth: usize) -> Option<&'b [u8]> {
        if depth >= self.max_depth {
            return None;
        }
        let rows = row.num_rows();
        let (mut rest, mut passed, mut seen) = (rest, Passed::NOTHING, 0_u64);
        for _ in 0..len {
            let window: &[u8; WINDOW] = rest.first_chunk()?;
            (passed, rest) = match row.order.expected(passed, window.first_chunk()?) {
                Some((passed, len)) => (passed, rest.get(len..)?),
                None => self.key(row, passed, rest)?,
            };
            let index = passed.field();
            let Some(field) = row.fields.get_mut(index) else {
                rest = self.unknown(rest, depth)?;
                continue;
            };
            seen |= 1_u64.wrapping_shl(index as u32);
            rest = match plain_value(&mut field.column, rows, rest.first_chunk()?) {
                Some(len) => rest.get(len..)?,
                None => self.value(&mut field.column, field.field.is_nullable(), rows, rest, depth + 1)?,
            };
        }
        // No field has two values here: the second one would not have been of the next row.
        if Some(seen) != row.all_seen() {
            push_absent_fields(row, rows, seen)?;
        }
        row.end_row();
        Some(rest)
    }

    /// Reads a key that was not expected.
    #[inline(never)]
    fn key<'b>(&mut self, row: &mut StructColumn, passed: Passed, rest: &'b [u8]) -> Option<(Passed, &'b [u8])> {
        let (key, rest) = text(rest)?;
        let passed = row.order.learn(&row.keys, passed, key)?;
        Some((passed, rest))
    }

    /// Pushes any value as that of row `rows`; only some columns have values that are plain.
    #[inline(never)]
    fn value<'b>(
        &mut self,
        column: &mut Column,
        nullable: bool,
        rows: usize,
        rest: &'b [u8],
        depth: usize,
    ) -> Option<&'b [u8]> {
        // A column that has this row's value already has got it from the same key.
        if column.num_rows() != rows {
            return None;
        }
        if *rest.first()? == 0xc0 {
            nullable.then(|| column.push_null())?;
            return rest.get(1..);
        }
        match column {
            Column::Struct(row) => {
                let (len, inside) = map_head(rest)?;
                self.object(row, inside, len, depth)
            }
            Column::List(list) => {
                let behind = self.items(list.item_and_field(), rest, depth)?;
                list.end_row().ok().map(|()| behind)
            }
            Column::LargeList(list) => {
                let behind = self.items(list.item_and_field(), rest, depth)?;
                list.end_row().ok().map(|()| behind)
            }
            Column::FixedSizeList(list) => {
                let behind = self.items(list.item_and_field(), rest, depth)?;
                list.end_row().ok().map(|()| behind)
            }
            Column::Map(map) => self.map(map, rest, depth),
            Column::Json(json) => {
                let end = self.json.value(in_record(rest)?, 0, depth, self.max_depth).ok()?;
                json.push_document(self.json.as_str()).ok()?;
                rest.get(end..)
            }
            Column::Utf8(texts) => {
                let (text, rest) = text(rest)?;
                texts.push_unchecked(text).ok()?;
                Some(rest)
            }
            // Their plain values were pushed before.
            Column::Int64(_) | Column::Float64(_) | Column::Boolean(_) => None,
            _ => {
                let (token, end) = token(in_record(rest)?, 0).ok()?;
                push_token(column, token)?.ok()?;
                rest.get(end..)
            }
        }
    }

    /// Pushes the items of the array that begins at `rest`, and returns what is behind it.
    fn items<'b>(&mut self, (item, field): (&mut Column, &Field), rest: &'b [u8], depth: usize) -> Option<&'b [u8]> {
        let (len, mut rest) = array_head(rest)?;
        if depth >= self.max_depth {
            return None;
        }
        let (first, nullable) = (item.num_rows(), field.is_nullable());
        for rows in first..first + len {
            rest = match plain_value(item, rows, rest.first_chunk()?) {
                Some(len) => rest.get(len..)?,
                None => self.value(item, nullable, rows, rest, depth + 1)?,
            };
        }
        Some(rest)
    }

    /// Pushes a MAP of few pairs whose keys are texts, none twice.
    fn map<'b>(&mut self, map: &mut MapColumn, rest: &'b [u8], depth: usize) -> Option<&'b [u8]> {
        let (len, mut rest) = map_head(rest)?;
        if depth >= self.max_depth || len > FEW {
            return None;
        }
        let mut keys: [&[u8]; FEW] = [&[]; FEW];
        for at in 0..len {
            let (key, value) = text(rest)?;
            if keys[..at].contains(&key) {
                return None;
            }
            keys[at] = key;
            match map.key_and_field().0 {
                Column::Utf8(texts) => texts.push_unchecked(key).ok()?,
                column => column.push_scalar(Scalar::Text(std::str::from_utf8(key).ok()?)).ok()?,
            }
            let (column, field) = map.value_and_field();
            let rows = column.num_rows();
            rest = match plain_value(column, rows, value.first_chunk()?) {
                Some(len) => value.get(len..)?,
                None => self.value(column, field.is_nullable(), rows, value, depth + 1)?,
            };
        }
        map.end_row().ok()?;
        Some(rest)
    }

    /// Passes over the value of a key that the schema lacks, inside `depth` containers and a map.
    #[inline]
    fn unknown<'b>(&mut self, rest: &'b [u8], depth: usize) -> Option<&'b [u8]> {
        if !self.ignores_unknown {
            return None;
        }
        let window: &[u8; WINDOW] = rest.first_chunk()?;
        let head = window[0];
        let len = usize::from(head & 0x1f);
        if head & 0xe0 == 0xa0 && is_ascii(window[1..].first_chunk()?, len) {
            return rest.get(1 + len..);
        }
        match integer::SHAPES[usize::from(head)].len {
            0 => self.rarely_unknown(rest, head, depth),
            len => rest.get(usize::from(len)..),
        }
    }

    #[inline(never)]
    fn rarely_unknown<'b>(&mut self, rest: &'b [u8], head: u8, depth: usize) -> Option<&'b [u8]> {
        match head {
            0xc0 | 0xc2 | 0xc3 => rest.get(1..),
            0xcb => rest.get(9..),
            0xca => rest.get(5..),
            _ => match text(rest) {
                Some((text, rest)) => is_text(text).then_some(rest),
                None => rest.get(self.skipper.skip(in_record(rest)?, 0, depth + 1, self.max_depth).ok()?..),
            },
        }
    }
}

/// Pushes the value that the window begins with as that of row `rows`, if it is one that the column has most often, and
/// returns its length.
#[inline(always)]
fn plain_value(column: &mut Column, rows: usize, window: &[u8; WINDOW]) -> Option<usize> {
    let head = window[0];
    match column {
        Column::Utf8(texts) => {
            let len = usize::from(head & 0x1f);
            let is_plain = head & 0xe0 == 0xa0 && texts.push_window::<32>(rows, window[1..].first_chunk()?, len);
            is_plain.then_some(1 + len)
        }
        Column::Int64(integers) => {
            let (v, len) = integer(window.first_chunk()?)?;
            integers.push_at(rows, v).then_some(len)
        }
        Column::Float64(floats) => {
            if head == 0xcb {
                let v = f64::from_be_bytes(*window[1..].first_chunk()?);
                return floats.push_at(rows, v).then_some(9);
            }
            let (v, len) = if head == 0xca {
                (f32::from_be_bytes(*window[1..].first_chunk()?).into(), 5)
            } else {
                let (v, len) = integer(window.first_chunk()?)?;
                if v.unsigned_abs() >> EXACT_BITS != 0 {
                    return None;
                }
                (v as f64, len)
            };
            floats.push_at(rows, v).then_some(len)
        }
        Column::Boolean(booleans) => (head & 0xfe == 0xc2 && booleans.push_at(rows, head == 0xc3)).then_some(1),
        _ => None,
    }
}

/// Pushes a value by its token; `None` where the walker must look at it.
#[inline]
fn push_token(column: &mut Column, token: Token<'_>) -> Option<Result<(), Mismatch>> {
    Some(match token {
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
    })
}

/// What is left of the record itself.
#[inline]
fn in_record(rest: &[u8]) -> Option<&[u8]> {
    rest.get(..rest.len().checked_sub(SLACK)?)
}

#[inline(always)]
fn map_head(rest: &[u8]) -> Option<(usize, &[u8])> {
    match *rest.first()? {
        head @ 0x80..=0x8f => Some((usize::from(head & 0x0f), rest.get(1..)?)),
        0xde => length16(rest),
        _ => None,
    }
}

#[inline(always)]
fn array_head(rest: &[u8]) -> Option<(usize, &[u8])> {
    match *rest.first()? {
        head @ 0x90..=0x9f => Some((usize::from(head & 0x0f), rest.get(1..)?)),
        0xdc => length16(rest),
        _ => None,
    }
}

/// The text at `rest`, which may be no UTF-8, and what is behind it.
#[inline(always)]
fn text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = match *rest.first()? {
        head @ 0xa0..=0xbf => (usize::from(head & 0x1f), rest.get(1..)?),
        0xd9 => (usize::from(*rest.get(1)?), rest.get(2..)?),
        0xda => length16(rest)?,
        _ => return None,
    };
    rest.split_at_checked(len)
}

/// The length of two bytes behind a head, and what is behind it.
#[inline(always)]
fn length16(rest: &[u8]) -> Option<(usize, &[u8])> {
    let ([_, high, low], rest) = rest.split_first_chunk()?;
    Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
}
