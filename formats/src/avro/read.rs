//! Datums → columns.

use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::Field;
use laminar_schema::{DecodeError, Found, SchemaError, SchemaResult};

use super::{
    cursor::Cursor,
    json_text,
    options::AvroMismatch,
    program::{Action, Program, RecordPlan, Root, Step, name_of},
    types::{Type, TypeId, Types},
};
use crate::{
    cell::temporal::per_second,
    column::{Column, ColumnOps, Mismatch, OnAbsent, Scalar, StructColumn},
    json::{in_item, null_field},
};

/// What reading needs beside program and columns; kept from record to record.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) type_mismatch: AvroMismatch,
    /// JSON text that is being written.
    pub(super) json: Vec<u8>,
}

/// Reads the datum at the cursor into a row: the root of everything that happens per record.
///
/// # Errors
/// Why the datum does not fit; the columns may then hold parts of it, and the cursor is anywhere in it.
#[inline(never)]
pub(super) fn datum(
    cursor: &mut Cursor<'_>,
    program: &Program,
    row: &mut StructColumn,
    scratch: &mut Scratch,
) -> SchemaResult<()> {
    cursor.begin();
    let mut reader = Reader { types: &program.types, scratch };
    match &program.root {
        Root::Record(plan) => reader.record(cursor, plan, row),
        Root::Value(action) => {
            let column = &mut row.fields[0];
            let read = reader.value(cursor, action, &mut column.column, &column.field);
            read.map_err(|e| e.in_field(column.field.name()))?;
            row.end_row();
            Ok(())
        }
    }
}

struct Reader<'p, 's> {
    types: &'p Types,
    scratch: &'s mut Scratch,
}

impl Reader<'_, '_> {
    fn record(&mut self, cursor: &mut Cursor<'_>, plan: &RecordPlan, row: &mut StructColumn) -> SchemaResult<()> {
        let rows = row.num_rows();
        for step in &plan.steps {
            match step {
                Step::Read { column, action } => {
                    let column = &mut row.fields[*column];
                    if let Err(error) = self.value(cursor, action, &mut column.column, &column.field) {
                        return Err(in_field(error, &column.field));
                    }
                }
                Step::Skip(ty) => cursor.skip(self.types, *ty, 0)?,
            }
        }
        for column in &plan.absent {
            let column = &mut row.fields[*column];
            match column.on_absent {
                OnAbsent::Null => column.column.push_null(),
                OnAbsent::Default => {
                    column.column.push_null();
                    // A batch has fewer than 2^32 rows.
                    column.default_rows.push(rows as u32);
                }
                OnAbsent::Reject => return Err(missing(&column.field)),
                OnAbsent::Decoder => {}
            }
        }
        row.end_row();
        Ok(())
    }

    #[inline]
    fn value(&mut self, cursor: &mut Cursor<'_>, action: &Action, column: &mut Column, f: &Field) -> SchemaResult<()> {
        match action {
            Action::Scalar(id) => self.scalar(cursor, *id, column, f),
            Action::Union(branches) => match &branches[cursor.index(branches.len())?] {
                Some(Action::Scalar(id)) => self.scalar(cursor, *id, column, f),
                Some(action) => self.value(cursor, action, column, f),
                None => push_null(column, f),
            },
            Action::Struct(plan) => match column {
                Column::Struct(row) => self.record(cursor, plan, row),
                _ => Err(mismatch(Mismatch::Type, f, Found::kind("record"))),
            },
            Action::List(item) => self.list(cursor, item, column, f),
            Action::Map(value) => self.map(cursor, value, column, f),
            Action::Json(id) => {
                self.scratch.json.clear();
                json_text::write(cursor, self.types, *id, 0, &mut self.scratch.json)?;
                let text = std::str::from_utf8(&self.scratch.json).unwrap_or("");
                let Column::Json(rows) = column else { return Err(mismatch(Mismatch::Type, f, Found::kind("value"))) };
                if text == "null" {
                    return push_null(column, f);
                }
                rows.push_document(text).map_err(|m| mismatch(m, f, Found::kind("value")))
            }
        }
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, item: &Action, column: &mut Column, f: &Field) -> SchemaResult<()> {
        let mut index = 0;
        loop {
            let count = cursor.block()?;
            if count == 0 {
                break;
            }
            let (items, item_field) = match column {
                Column::List(list) => list.item_and_field(),
                Column::LargeList(list) => list.item_and_field(),
                Column::FixedSizeList(list) => list.item_and_field(),
                _ => return Err(mismatch(Mismatch::Type, f, Found::kind("array"))),
            };
            for _ in 0..count {
                let start = cursor.at;
                self.value(cursor, item, items, item_field).map_err(|e| in_item(e, index))?;
                cursor.item_since(start)?;
                index += 1;
            }
        }
        let ended = match column {
            Column::List(list) => list.end_row(),
            Column::LargeList(list) => list.end_row(),
            Column::FixedSizeList(list) => list.end_row(),
            _ => Err(Mismatch::Type),
        };
        ended.or_else(|m| self.unfit(m, column, f, Found::kind("array")))
    }

    fn map(&mut self, cursor: &mut Cursor<'_>, action: &Action, column: &mut Column, f: &Field) -> SchemaResult<()> {
        let Column::Map(map) = column else { return Err(mismatch(Mismatch::Type, f, Found::kind("map"))) };
        loop {
            let count = cursor.block()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                let key = cursor.text()?;
                map.key().push_scalar(Scalar::Str(key)).map_err(|m| mismatch(m, f, Found::new("string", key)))?;
                let (value, value_field) = map.value_and_field();
                self.value(cursor, action, value, value_field).map_err(|e| e.in_field(key))?;
            }
        }
        map.end_row().map_err(|m| mismatch(m, f, Found::kind("map")))
    }

    #[inline]
    fn scalar(&mut self, cursor: &mut Cursor<'_>, id: TypeId, column: &mut Column, f: &Field) -> SchemaResult<()> {
        let start = cursor.at;
        let ty = &self.types.get(id);
        let pushed = match ty {
            Type::Null => return push_null(column, f),
            Type::Boolean => column.push_scalar(Scalar::Bool(cursor.boolean()?)),
            Type::Int => integer(column, cursor.int()?.into()),
            Type::Long => integer(column, cursor.long()?),
            Type::Float => float(column, f32::from_le_bytes(cursor.array()?)),
            Type::Double => double(column, f64::from_le_bytes(cursor.array()?)),
            Type::Bytes => match column {
                Column::Utf8(_) | Column::LargeUtf8(_) | Column::Utf8View(_) | Column::Dictionary(_) => {
                    column.push_scalar(Scalar::Str(cursor.text()?))
                }
                _ => column.push_scalar(Scalar::Bytes(cursor.bytes()?)),
            },
            Type::String | Type::Json | Type::Uuid => match column {
                Column::Binary(_) | Column::LargeBinary(_) => {
                    column.push_scalar(Scalar::Bytes(cursor.text()?.as_bytes()))
                }
                _ => column.push_scalar(Scalar::Str(cursor.text()?)),
            },
            Type::Fixed(size) => column.push_scalar(Scalar::Bytes(cursor.take(*size)?)),
            Type::UuidBytes => column.push_scalar(Scalar::Bytes(cursor.take(16)?)),
            Type::Decimal { scale, size, .. } => {
                let bytes = match size {
                    Some(size) => cursor.take(*size)?,
                    None => cursor.bytes()?,
                };
                decimal(column, bytes, *scale)
            }
            Type::Date => date(column, cursor.int()?),
            Type::TimeMillis => time(column, cursor.int()?.into(), 1_000),
            Type::TimeMicros => time(column, cursor.long()?, 1_000_000),
            Type::Timestamp(unit, _) => timestamp(column, cursor.long()?, per_second(*unit)),
            Type::Duration => {
                let [months, days, millis] = json_text::duration(cursor.array()?);
                match (column, i32::try_from(months), i32::try_from(days)) {
                    (Column::IntervalMonthDayNano(rows), Ok(months), Ok(days)) => {
                        let nanos = i64::from(millis) * 1_000_000;
                        rows.push_interval(IntervalMonthDayNano::new(months, days, nanos));
                        return Ok(());
                    }
                    (column, ..) => return self.unfit(Mismatch::Range, column, f, Found::kind("duration")),
                }
            }
            Type::Enum(symbols) => column.push_scalar(Scalar::Str(&symbols[cursor.index(symbols.len())?])),
            Type::Array(_) | Type::Map(_) | Type::Record(_) | Type::Union(_) => Err(Mismatch::Type),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => {
                let found = self.found(cursor, id, start);
                self.unfit(mismatch, column, f, found)
            }
        }
    }

    /// The value that began at `start`, for people.
    #[cold]
    #[inline(never)]
    fn found(&self, cursor: &mut Cursor<'_>, id: TypeId, start: usize) -> Found {
        let end = std::mem::replace(&mut cursor.at, start);
        let mut text = Vec::new();
        let shown = json_text::write(cursor, self.types, id, 0, &mut text);
        cursor.at = end;
        let text = if shown.is_ok() { String::from_utf8_lossy(&text).into_owned() } else { String::new() };
        let kind = match self.types.get(id) {
            Type::Boolean => "boolean",
            Type::Int | Type::Long | Type::Float | Type::Double | Type::Decimal { .. } => "number",
            Type::Bytes | Type::Fixed(_) => "bytes",
            Type::String | Type::Json | Type::Uuid | Type::UuidBytes | Type::Enum(_) => "value",
            _ => "time",
        };
        debug_assert!(!name_of(self.types.get(id)).is_empty());
        Found::new(kind, &text)
    }

    #[cold]
    #[inline(never)]
    fn unfit(&self, why: Mismatch, column: &mut Column, f: &Field, found: Found) -> SchemaResult<()> {
        if self.scratch.type_mismatch == AvroMismatch::Null && f.is_nullable() {
            column.push_null();
            return Ok(());
        }
        Err(mismatch(why, f, found))
    }
}

#[inline]
fn push_null(column: &mut Column, f: &Field) -> SchemaResult<()> {
    if !f.is_nullable() {
        return Err(null_field(f));
    }
    column.push_null();
    Ok(())
}

#[inline]
fn integer(column: &mut Column, value: i64) -> Result<(), Mismatch> {
    let pushed = match column {
        Column::Int64(rows) => rows.push_at(rows.num_rows(), value),
        Column::Int32(rows) => rows.push_at(rows.num_rows(), value),
        _ => false,
    };
    if pushed { Ok(()) } else { column.push_scalar(Scalar::I64(value)) }
}

#[inline]
fn float(column: &mut Column, value: f32) -> Result<(), Mismatch> {
    match column {
        Column::Float32(rows) => rows.push_value(value),
        Column::Float64(rows) => rows.push_value(value.into()),
        _ => return column.push_scalar(Scalar::F64(value.into())),
    }
    Ok(())
}

#[inline]
fn double(column: &mut Column, value: f64) -> Result<(), Mismatch> {
    match column {
        Column::Float64(rows) => rows.push_value(value),
        Column::Float32(rows) if value.is_nan() || f64::from(value as f32) == value => rows.push_value(value as f32),
        // Rounding would lose digits.
        Column::Float32(_) => return Err(Mismatch::Range),
        _ => return column.push_scalar(Scalar::F64(value)),
    }
    Ok(())
}

fn decimal(column: &mut Column, bytes: &[u8], scale: i8) -> Result<(), Mismatch> {
    let number = json_text::unscaled(bytes).ok_or(Mismatch::Range)?;
    if let (Column::Decimal128(rows), Some(number)) = (&mut *column, number.to_i128()) {
        if rows.push_unscaled(number, scale) {
            return Ok(());
        }
    }
    column.push_scalar(Scalar::Number(&json_text::decimal_text(number, scale)))
}

fn date(column: &mut Column, days: i32) -> Result<(), Mismatch> {
    match column {
        Column::Date32(rows) => rows.push_count(days),
        Column::Date64(rows) => rows.push_count(i64::from(days) * 86_400_000),
        _ => return Err(Mismatch::Type),
    }
    Ok(())
}

fn time(column: &mut Column, count: i64, per_second: i64) -> Result<(), Mismatch> {
    if !(0..86_400 * per_second).contains(&count) {
        return Err(Mismatch::Range);
    }
    let nanos = count * (1_000_000_000 / per_second);
    let in_units = |unit: i64| if nanos % unit == 0 { Ok(nanos / unit) } else { Err(Mismatch::Range) };
    // A day has fewer milliseconds than 32 bits count.
    match column {
        Column::Time32Second(rows) => rows.push_count(in_units(1_000_000_000)? as i32),
        Column::Time32Millisecond(rows) => rows.push_count(in_units(1_000_000)? as i32),
        Column::Time64Microsecond(rows) => rows.push_count(in_units(1_000)?),
        Column::Time64Nanosecond(rows) => rows.push_count(nanos),
        _ => return Err(Mismatch::Type),
    }
    Ok(())
}

#[inline]
fn timestamp(column: &mut Column, count: i64, per_second: i64) -> Result<(), Mismatch> {
    let seconds = count.div_euclid(per_second);
    let nanos = (count.rem_euclid(per_second) * (1_000_000_000 / per_second)) as u32;
    match column {
        Column::TimestampSecond(rows) => rows.push_instant(seconds, nanos),
        Column::TimestampMillisecond(rows) => rows.push_instant(seconds, nanos),
        Column::TimestampMicrosecond(rows) => rows.push_instant(seconds, nanos),
        Column::TimestampNanosecond(rows) => rows.push_instant(seconds, nanos),
        _ => Err(Mismatch::Type),
    }
}

#[cold]
#[inline(never)]
fn in_field(error: SchemaError, f: &Field) -> SchemaError {
    error.in_field(laminar_schema::field::payload_key(f))
}

#[cold]
#[inline(never)]
fn missing(f: &Field) -> SchemaError {
    in_field(DecodeError::MissingField { expected: f.data_type().clone() }.into(), f)
}

#[cold]
#[inline(never)]
fn mismatch(why: Mismatch, f: &Field, found: Found) -> SchemaError {
    why.into_error(f.data_type().clone(), found).into()
}
