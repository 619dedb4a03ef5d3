//! Tokens → columns: one pass over a record, in step with the schema.

use arrow_array::OffsetSizeTrait;
use arrow_schema::Field;
use laminar_schema::{DecodeError, Found, Location, SchemaError, SchemaResult};

use super::{
    instant::{EXT_TYPE, Instant},
    json_text::{JsonText, key_text, push_scalar},
    skip::{Fault, Skipper},
    token::{Malformed, Token, token},
};
use crate::{
    column::{Column, ColumnOps, FixedListColumn, IntegerText, JsonColumn, ListColumn, Mismatch, Scalar, StructColumn},
    json::{DuplicateFields, Misfits, Rescue, duplicate, in_item, null_field, push_absent, unknown},
    policy::{RescueReason, TypeMismatch, UnknownFields},
};

/// What a walk needs beside the record and the columns; kept from record to record.
#[derive(Debug)]
pub(super) struct WalkState {
    pub(super) type_mismatch: TypeMismatch,
    pub(super) unknown_fields: UnknownFields,
    pub(super) duplicate_fields: DuplicateFields,
    pub(super) coerce_strings: bool,
    pub(super) max_depth: usize,
    pub(super) rescue: Rescue,
    pub(super) skipper: Skipper,
    pub(super) json: JsonText,
    /// Counts maps, so that a field knows whether it was seen in this one.
    pub(super) objects: u64,
    /// Where the keys to pass over begin in the MAPs that are being walked, the innermost one's last.
    pub(super) map_keys: Vec<u32>,
    /// The text of a key that is no text.
    pub(super) key: Vec<u8>,
}

/// One walk over one record.
pub(super) struct Walker<'r, 's> {
    pub(super) bytes: &'r [u8],
    pub(super) state: &'s mut WalkState,
}

/// A value in the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Where it begins.
    pub(super) at: usize,
    /// Where its token ends, and its values begin.
    pub(super) inside: usize,
    /// Containers around it.
    pub(super) depth: usize,
}

impl<'r> Walker<'r, '_> {
    /// The token of the value at `at`.
    #[inline(always)]
    pub(super) fn token(&self, at: usize) -> SchemaResult<(Token<'r>, usize)> {
        match token(self.bytes, at) {
            Ok(found) => Ok(found),
            Err(why) => Err(self.fault(Fault { at, why })),
        }
    }

    /// Pushes one row: the map of `len` fields at `place`. Returns where it ends.
    pub(super) fn object(&mut self, row: &mut StructColumn, place: Place, len: u32) -> SchemaResult<usize> {
        self.check_depth(place)?;
        self.state.objects += 1;
        let object = self.state.objects;
        let (rows, depth) = (row.num_rows(), place.depth + 1);
        let (mut at, mut previous, mut absent) = (place.inside, None, row.fields.len());
        let mut misfits = Misfits::default();
        for _ in 0..len {
            let key_at = at;
            let (key, value_at) = self.token(at)?;
            let found = match key {
                Token::Str(key) => row.keys.find_bytes(key, previous),
                odd => self.odd_key(row, odd, key_at, previous)?,
            };
            let Some(index) = found else {
                at = match self.unknown(key, key_at, value_at, depth) {
                    Ok(end) => end,
                    Err(e) => self.pass_over(&mut misfits, None, value_at, depth, e)?,
                };
                continue;
            };
            previous = Some(index);
            let (keys, field) = (&row.keys, &mut row.fields[index]);
            if field.seen == object {
                if self.state.duplicate_fields == DuplicateFields::Reject {
                    return Err(self.at(duplicate(keys.key(index)), key_at));
                }
                // Of a value that did not fit, too, parts may have been pushed.
                field.column.truncate(rows);
                self.state.rescue.forget(field.rescued.clone());
                misfits.forget(index);
            } else {
                field.seen = object;
                absent -= 1;
            }
            let end = if self.state.rescue.enabled {
                let (mark, from) = (self.state.rescue.enter_field(keys.key(index)), self.state.rescue.len());
                let end = self.value(&mut field.column, &field.field, value_at, depth);
                field.rescued = from..self.state.rescue.len();
                self.state.rescue.leave(mark);
                end
            } else {
                self.value(&mut field.column, &field.field, value_at, depth)
            };
            at = match end {
                Ok(end) => end,
                Err(e) => self.pass_over(&mut misfits, Some(index), value_at, depth, e.in_field(keys.key(index)))?,
            };
        }
        misfits.finish()?;
        if absent > 0 {
            push_absent(row, object).map_err(|e| self.at(e, place.at))?;
        }
        row.end_row();
        Ok(at)
    }

    /// The field whose key is no `str`.
    #[cold]
    #[inline(never)]
    fn odd_key(
        &mut self,
        row: &mut StructColumn,
        key: Token<'_>,
        at: usize,
        previous: Option<usize>,
    ) -> SchemaResult<Option<usize>> {
        if !key_text(&mut self.state.key, key) {
            return Err(self.fault(Fault { at, why: Malformed::Key }));
        }
        Ok(row.keys.find_bytes(&self.state.key, previous))
    }

    /// Passes over the value at `at`, which is refused, as long as a later one may overwrite it.
    #[cold]
    #[inline(never)]
    fn pass_over(
        &mut self,
        misfits: &mut Misfits,
        field: Option<usize>,
        at: usize,
        depth: usize,
        reason: SchemaError,
    ) -> SchemaResult<usize> {
        if self.state.duplicate_fields == DuplicateFields::Reject {
            return Err(reason);
        }
        misfits.keep(field, at, reason);
        self.skip(at, depth)
    }

    /// Pushes the value at `at`, which lies inside `depth` containers, and returns where it ends.
    pub(super) fn value(&mut self, column: &mut Column, field: &Field, at: usize, depth: usize) -> SchemaResult<usize> {
        if let Column::Json(json) = column {
            return self.json(json, field, at, depth);
        }
        let (token, inside) = self.token(at)?;
        let place = Place { at, inside, depth };
        let pushed = match token {
            Token::Int(v) => column.push_scalar(Scalar::I64(v)),
            Token::Str(text) => return self.text(column, field, place, text),
            Token::F64(v) if column.wants_exact_numbers() => push_digits(column, v),
            Token::F64(v) => column.push_scalar(Scalar::F64(v)),
            Token::Nil => return self.null(column, field, place),
            Token::Bool(v) => column.push_scalar(Scalar::Bool(v)),
            Token::Uint(v) => column.push_scalar(Scalar::U64(v)),
            Token::F32(v) if column.wants_exact_numbers() => push_digits(column, v.into()),
            Token::F32(v) => column.push_scalar(Scalar::F64(v.into())),
            Token::Bin(data) => column.push_scalar(Scalar::Bytes(data)),
            Token::Map(len) => match column {
                Column::Struct(row) => return self.object(row, place, len),
                Column::Map(map) => return self.map(map, field, place, len),
                _ => Err(Mismatch::Type),
            },
            Token::Array(len) => match column {
                Column::List(list) => return self.list(list, field, place, len),
                Column::LargeList(list) => return self.list(list, field, place, len),
                Column::FixedSizeList(list) => return self.fixed_list(list, field, place, len),
                _ => Err(Mismatch::Type),
            },
            Token::Ext(EXT_TYPE, data) => match Instant::read(data) {
                Some(instant) => push_instant(column, instant),
                None => Err(Mismatch::Type),
            },
            Token::Ext(..) => Err(Mismatch::Type),
        };
        match pushed {
            Ok(()) => Ok(inside),
            Err(mismatch) => self.mismatch(column, field, place, mismatch),
        }
    }

    #[inline]
    fn text(&mut self, column: &mut Column, field: &Field, place: Place, text: &[u8]) -> SchemaResult<usize> {
        let pushed = match column {
            // Writers from before there was `bin` have no other type for bytes.
            Column::Binary(_) | Column::LargeBinary(_) | Column::FixedSizeBinary(_) => {
                column.push_scalar(Scalar::Bytes(text))
            }
            Column::Utf8(rows) => match rows.push_utf8(text) {
                Some(pushed) => pushed,
                None => return Err(self.fault(Fault { at: place.at, why: Malformed::InvalidUtf8 })),
            },
            _ => {
                let Ok(text) = std::str::from_utf8(text) else {
                    return Err(self.fault(Fault { at: place.at, why: Malformed::InvalidUtf8 }));
                };
                let coerced = self.state.coerce_strings || is_decimal(column);
                column.push_scalar(if coerced { Scalar::Text(text) } else { Scalar::Str(text) })
            }
        };
        match pushed {
            Ok(()) => Ok(place.inside),
            Err(mismatch) => self.mismatch(column, field, place, mismatch),
        }
    }

    #[inline]
    fn null(&mut self, column: &mut Column, field: &Field, place: Place) -> SchemaResult<usize> {
        if !field.is_nullable() {
            return Err(self.at(null_field(field), place.at));
        }
        column.push_null();
        Ok(place.inside)
    }

    fn json(&mut self, column: &mut JsonColumn, field: &Field, at: usize, depth: usize) -> SchemaResult<usize> {
        let (token, inside) = self.token(at)?;
        if token == Token::Nil {
            if !field.is_nullable() {
                return Err(self.at(null_field(field), at));
            }
            column.push_null();
            return Ok(inside);
        }
        let end = self.json_text(at, depth)?;
        match column.push_document(self.state.json.as_str()) {
            Ok(()) => Ok(end),
            Err(mismatch) => Err(self.error(field, at, mismatch)),
        }
    }

    /// Pushes the items of a list, and returns where they end.
    fn items(&mut self, column: &mut Column, field: &Field, place: Place, len: u32) -> SchemaResult<usize> {
        self.check_depth(place)?;
        let mut at = place.inside;
        for index in 0..len as usize {
            let mark = if self.state.rescue.enabled { self.state.rescue.enter_item(index) } else { 0 };
            at = self.value(column, field, at, place.depth + 1).map_err(|e| in_item(e, index))?;
            if self.state.rescue.enabled {
                self.state.rescue.leave(mark);
            }
        }
        Ok(at)
    }

    fn list<O: OffsetSizeTrait>(
        &mut self,
        list: &mut ListColumn<O>,
        field: &Field,
        place: Place,
        len: u32,
    ) -> SchemaResult<usize> {
        let (item, item_field) = list.item_and_field();
        let end = self.items(item, item_field, place, len)?;
        list.end_row().map_err(|mismatch| self.error(field, place.at, mismatch))?;
        Ok(end)
    }

    fn fixed_list(&mut self, list: &mut FixedListColumn, field: &Field, place: Place, len: u32) -> SchemaResult<usize> {
        let (item, item_field) = list.item_and_field();
        let end = self.items(item, item_field, place, len)?;
        if list.end_row().is_ok() {
            return Ok(end);
        }
        if !self.forgives(field, place)? {
            return Err(self.error(field, place.at, Mismatch::Range));
        }
        list.push_null();
        Ok(end)
    }

    /// The value at `place` does not fit: null where that is asked for and possible, an error otherwise.
    #[cold]
    #[inline(never)]
    fn mismatch(&mut self, column: &mut Column, field: &Field, place: Place, why: Mismatch) -> SchemaResult<usize> {
        if !self.forgives(field, place)? {
            return Err(self.error(field, place.at, why));
        }
        column.push_null();
        self.skip(place.at, place.depth)
    }

    /// Whether a value that does not fit may become null; it is rescued then if that is asked for.
    fn forgives(&mut self, field: &Field, place: Place) -> SchemaResult<bool> {
        if !field.is_nullable() || self.state.type_mismatch == TypeMismatch::Reject {
            return Ok(false);
        }
        if self.state.type_mismatch == TypeMismatch::Rescue {
            self.json_text(place.at, place.depth)?;
            self.state.rescue.keep(self.state.json.as_str(), RescueReason::TypeMismatch);
        }
        Ok(true)
    }

    /// A field that the schema lacks; its value is at `at`. Returns where that ends.
    #[inline]
    fn unknown(&mut self, key: Token<'_>, key_at: usize, at: usize, depth: usize) -> SchemaResult<usize> {
        let text = match key {
            Token::Str(text) => std::str::from_utf8(text),
            // Put there by whoever looked for the field.
            _ => std::str::from_utf8(&self.state.key),
        };
        let Ok(text) = text else { return Err(self.fault(Fault { at: key_at, why: Malformed::InvalidUtf8 })) };
        match self.state.unknown_fields {
            UnknownFields::Ignore => self.skip(at, depth),
            UnknownFields::Reject => Err(self.at(unknown(text), key_at)),
            UnknownFields::Rescue => {
                let mark = self.state.rescue.enter_field(text);
                let end = self.json_text(at, depth);
                if end.is_ok() {
                    self.state.rescue.keep(self.state.json.as_str(), RescueReason::UnknownField);
                }
                self.state.rescue.leave(mark);
                end
            }
        }
    }

    /// Where the value at `at` ends, which lies inside `depth` containers.
    #[inline]
    pub(super) fn skip(&mut self, at: usize, depth: usize) -> SchemaResult<usize> {
        let end = self.state.skipper.skip(self.bytes, at, depth, self.state.max_depth);
        end.map_err(|fault| self.fault(fault))
    }

    /// Makes JSON text of the value at `at`, and returns where that ends.
    pub(super) fn json_text(&mut self, at: usize, depth: usize) -> SchemaResult<usize> {
        let end = self.state.json.value(self.bytes, at, depth, self.state.max_depth);
        end.map_err(|fault| self.fault(fault))
    }

    #[inline]
    pub(super) fn check_depth(&self, place: Place) -> SchemaResult<()> {
        if place.depth < self.state.max_depth {
            return Ok(());
        }
        Err(self.fault(Fault { at: place.at, why: Malformed::TooDeep }))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fault(&self, fault: Fault) -> SchemaError {
        let error = match fault.why {
            Malformed::TooDeep => DecodeError::TooDeep { limit: self.state.max_depth },
            Malformed::InvalidUtf8 => DecodeError::InvalidUtf8,
            why => DecodeError::Syntax { reason: why.to_string() },
        };
        self.at(error.into(), fault.at)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn error(&self, field: &Field, at: usize, mismatch: Mismatch) -> SchemaError {
        self.at(mismatch.into_error(field.data_type().clone(), self.found(at)).into(), at)
    }

    /// The error, at the token that it is about.
    #[cold]
    #[inline(never)]
    pub(super) fn at(&self, error: SchemaError, at: usize) -> SchemaError {
        let end = token(self.bytes, at).map_or(at + 1, |(_, end)| end);
        error.at(Location { span: Some(at..end), ..Location::default() })
    }

    /// What stands at `at`, for a message.
    #[cold]
    #[inline(never)]
    pub(super) fn found(&self, at: usize) -> Found {
        let Ok((token, _)) = token(self.bytes, at) else { return Found::kind("nothing") };
        let kind = match token {
            Token::Nil => return Found::kind("nil"),
            Token::Array(_) => return Found::kind("array"),
            Token::Map(_) => return Found::kind("map"),
            Token::Str(text) => return Found::new("string", &String::from_utf8_lossy(text)),
            Token::Bool(_) => "boolean",
            Token::Int(_) | Token::Uint(_) => "integer",
            Token::F32(_) | Token::F64(_) => "float",
            Token::Bin(_) => "bytes",
            Token::Ext(EXT_TYPE, _) => "timestamp",
            Token::Ext(..) => "extension",
        };
        let mut text = Vec::new();
        push_scalar(&mut text, token);
        Found::new(kind, String::from_utf8_lossy(&text).trim_matches('"'))
    }
}

/// Pushes a float into a column that wants its digits: those of the integer that it is, or else of the shortest text that
/// is this DOUBLE.
#[inline(never)]
fn push_digits(column: &mut Column, v: f64) -> Result<(), Mismatch> {
    if v.fract() == 0.0 && v.abs() < MAX_INTEGER {
        return column.push_scalar(Scalar::Number(IntegerText::new(v as i128).as_str()));
    }
    if v.is_finite() {
        return column.push_scalar(Scalar::Number(ryu::Buffer::new().format_finite(v)));
    }
    // Numbers that they are, they have no digits; a column of another kind says so.
    match column.push_scalar(Scalar::F64(v)) {
        Err(Mismatch::Type) if is_decimal(column) => Err(Mismatch::Range),
        pushed => pushed,
    }
}

/// Floats below 2^126 and without a fraction are integers of 128 bits, exactly.
const MAX_INTEGER: f64 = (1_u128 << 126) as f64;

fn is_decimal(column: &Column) -> bool {
    matches!(column, Column::Decimal32(_) | Column::Decimal64(_) | Column::Decimal128(_) | Column::Decimal256(_))
}

#[inline(never)]
fn push_instant(column: &mut Column, instant: Instant) -> Result<(), Mismatch> {
    let Instant { seconds, nanos } = instant;
    match column {
        Column::TimestampSecond(c) => c.push_instant(seconds, nanos),
        Column::TimestampMillisecond(c) => c.push_instant(seconds, nanos),
        Column::TimestampMicrosecond(c) => c.push_instant(seconds, nanos),
        Column::TimestampNanosecond(c) => c.push_instant(seconds, nanos),
        Column::Utf8(_) | Column::LargeUtf8(_) | Column::Utf8View(_) | Column::Dictionary(_) => {
            column.push_scalar(Scalar::Str(instant.text().as_str()))
        }
        // Of a column that holds text and bytes.
        Column::Binary(_) | Column::LargeBinary(_) => {
            column.push_scalar(Scalar::Bytes(instant.text().as_str().as_bytes()))
        }
        _ => Err(Mismatch::Type),
    }
}
