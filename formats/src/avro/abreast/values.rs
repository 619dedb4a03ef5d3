//! Values of many messages, field by field.

use std::hint::select_unpredictable;

use arrow_schema::Field;
use laminar_schema::ARENA_PADDING;

use super::Places;
use crate::{
    avro::{
        cursor::Cursor,
        program::{Fill, FillWith, Nulls, Op, Record, Size, Skip, Slot, Source},
        run::Run,
    },
    column::{Column, ColumnOps, StructColumn},
};

/// Messages, or items of lists in them, and where the next value of each begins.
pub(super) struct Messages<'m, 'b, 's> {
    /// Of the batch: what is read of one message may go beyond it, which is seen at its end.
    pub(super) bytes: &'b [u8],
    pub(super) next: &'m mut [usize],
    pub(super) ends: &'m [usize],
    /// How many bytes the messages have together.
    pub(super) most: usize,
    pub(super) spare: &'m mut Vec<Places>,
    /// For values that are read one by one.
    pub(super) run: &'m mut Run<'b, 's>,
}

/// The value that `read` reads at a place, which then is behind it.
#[inline(always)]
pub(super) fn read_at<'b, T>(
    bytes: &'b [u8],
    place: &mut usize,
    read: impl Fn(&mut Cursor<'b>) -> Option<T>,
) -> Option<T> {
    let mut cursor = Cursor::new(bytes, *place);
    let value = read(&mut cursor);
    *place = cursor.at;
    value
}

/// The same for a value in a union with null; true where it is null, and then the value is the default.
///
/// What would be a value is read in any case, since whether it is one cannot be foreseen.
#[inline(always)]
pub(super) fn read_or_null<'b, T: Default>(
    bytes: &'b [u8],
    place: &mut usize,
    nulls: Nulls,
    read: impl Fn(&mut Cursor<'b>) -> Option<T>,
) -> Option<(T, bool)> {
    let mut cursor = Cursor::new(bytes, *place);
    let is_null = cursor.is_null(nulls)?;
    let behind_branch = cursor.at;
    let value = match read(&mut cursor) {
        Some(value) => value,
        None if is_null => T::default(),
        None => return None,
    };
    *place = select_unpredictable(is_null, behind_branch, cursor.at);
    // Only of integers such a choice is no branch.
    Some((select_unpredictable(is_null, T::default(), value), is_null))
}

impl<'b, 's> Messages<'_, 'b, 's> {
    /// Pushes a row for each message; false where something is amiss, and then columns hold any part of it.
    pub(super) fn record(&mut self, record: &Record, row: &mut StructColumn) -> bool {
        for step in &record.steps {
            let is_read = match row.fields.get_mut(step.column as usize) {
                Some(field) => self.slot(&step.slot, &mut field.column, &field.field),
                // It goes nowhere.
                None => match &step.slot.op {
                    Op::Skip(skip) => self.skip(*skip),
                    _ => true,
                },
            };
            if !is_read {
                return false;
            }
        }
        let is_filled = record.fills.iter().all(|fill| self.fill(fill, row));
        row.end_rows(self.next.len());
        is_filled
    }

    /// Pushes what no message has.
    pub(super) fn fill(&mut self, fill: &Fill, row: &mut StructColumn) -> bool {
        let (rows, count) = (row.num_rows(), self.next.len());
        let field = &mut row.fields[fill.column as usize];
        match &fill.with {
            // Each is gone through.
            FillWith::Rescued { always: true } => return false,
            // Everything fits so far.
            FillWith::Null | FillWith::Rescued { always: false } => (0..count).for_each(|_| field.column.push_null()),
            FillWith::Default => {
                (0..count).for_each(|_| field.column.push_null());
                field.default_rows.extend(rows as u32..(rows + count) as u32);
            }
            FillWith::Datum(datum, slot) => return self.defaults(datum, slot, &mut field.column, &field.field),
        }
        true
    }

    /// Passes over a value of each message.
    pub(super) fn skip(&mut self, skip: Skip) -> bool {
        let bytes = self.bytes;
        macro_rules! pass {
            ($pass:ident) => {
                self.next.iter_mut().all(|place| read_at(bytes, place, |cursor| cursor.$pass().ok()).is_some())
            };
        }
        match skip {
            Skip::Long => pass!(skip_long),
            Skip::Int => pass!(int),
            Skip::Boolean => pass!(boolean),
            // What is long is compared with what is there, so that no message has the bytes of others looked at.
            _ => self.one_by_one(|run| run.skip(skip).is_ok()),
        }
    }

    /// Pushes the reader's default for each message: a datum that is read as often.
    fn defaults(&mut self, datum: &[u8], slot: &Slot, column: &mut Column, field: &Field) -> bool {
        let count = self.next.len();
        let mut found = self.spare.pop().unwrap_or_default();
        found.clear();
        found.next.resize(count, 0);
        found.ends.resize(count, datum.len());
        let most = datum.len() * count;
        let (Places { next, ends }, mut run) = (&mut found, self.run.of_default(datum));
        let is_read =
            Messages { bytes: datum, next, ends, most, spare: self.spare, run: &mut run }.slot(slot, column, field);
        self.spare.push(found);
        is_read
    }

    /// Pushes a row for each message, all of it; false where something is amiss, and then columns hold any part of it.
    #[inline(always)]
    pub(super) fn whole(&mut self, record: &Record, row: &mut StructColumn) -> bool {
        self.record(record, row) && self.all_ended()
    }

    /// Whether all of them are read, and end where they should.
    pub(super) fn all_ended(&self) -> bool {
        self.next == self.ends
    }

    /// Pushes a value of each message.
    pub(super) fn slot(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> bool {
        let (bytes, most, nulls) = (self.bytes, self.most, slot.nulls);
        macro_rules! push {
            ($rows:expr, $read:ident) => {
                match nulls {
                    Nulls::Never => {
                        $rows.push_each(self.next, |place| read_at(bytes, place, |cursor| cursor.$read().ok()))
                    }
                    _ => $rows.push_each_or_null(self.next, |place| {
                        read_or_null(bytes, place, nulls, |cursor| cursor.$read().ok())
                    }),
                }
            };
        }
        macro_rules! push_bytes {
            ($rows:ident) => {{
                let length = |cursor: &mut Cursor<'_>| cursor.length().ok();
                match nulls {
                    Nulls::Never => {
                        $rows.push_each(bytes, self.next, most, |place| Some((read_at(bytes, place, length)?, false)))
                    }
                    _ => $rows.push_each(bytes, self.next, most, |place| read_or_null(bytes, place, nulls, length)),
                }
            }};
        }
        if slot.is_required && nulls != Nulls::Never {
            // Null where it may not be is an error of its own.
            return self.value_by_value(slot, column, field);
        }
        match (&slot.op, &mut *column) {
            (Op::Int64, Column::Int64(rows)) => push!(rows.values_mut(), long),
            (Op::Scalar(Source::Int), Column::Int64(rows)) => {
                let read = |cursor: &mut Cursor<'_>| cursor.int().ok().map(i64::from);
                match nulls {
                    Nulls::Never => rows.values_mut().push_each(self.next, |place| read_at(bytes, place, read)),
                    _ => {
                        rows.values_mut().push_each_or_null(self.next, |place| read_or_null(bytes, place, nulls, read))
                    }
                }
            }
            (Op::Float64, Column::Float64(rows)) if nulls == Nulls::Never => push!(rows.values_mut(), double),
            (Op::Float64, Column::Float64(rows)) => rows.values_mut().push_each_or_null(self.next, |place| {
                let read = |cursor: &mut Cursor<'_>| cursor.array().ok().map(u64::from_le_bytes);
                let (bits, is_null) = read_or_null(bytes, place, nulls, read)?;
                Some((f64::from_bits(bits), is_null))
            }),
            (Op::Int32, Column::Int32(rows)) => push!(rows.values_mut(), int),
            (Op::Float32, Column::Float32(rows)) => push!(rows.values_mut(), float),
            (Op::Boolean, Column::Boolean(rows)) if nulls == Nulls::Never => push!(rows, boolean),
            (Op::Boolean, Column::Boolean(rows)) => rows.push_each_or_null(self.next, |place| {
                // Behind a null, any byte may stand.
                let read = |cursor: &mut Cursor<'_>| cursor.array::<1>().ok().map(|[byte]| byte);
                let (byte, is_null) = read_or_null(bytes, place, nulls, read)?;
                (byte <= 1).then_some((byte == 1, is_null))
            }),
            (Op::Timestamp, Column::TimestampMicrosecond(rows)) => push!(rows.values_mut(), long),
            (Op::Timestamp, Column::TimestampMillisecond(rows)) => push!(rows.values_mut(), long),
            (Op::Date, Column::Date32(rows)) => push!(rows.values_mut(), int),
            (Op::Text, Column::Utf8(rows)) => push_bytes!(rows),
            (Op::Bytes, Column::Binary(rows)) => push_bytes!(rows),
            (Op::Decimal { size, scale }, Column::Decimal128(rows)) if rows.is_small(*scale) => {
                let read = |cursor: &mut Cursor<'_>| {
                    let len = match size {
                        Size::Fixed(size) => *size as usize,
                        Size::Length => cursor.length().ok()?,
                    };
                    let digits = cursor.big_endian(len)?;
                    cursor.at += len;
                    Some(digits)
                };
                rows.push_each_or_null(self.next, |place| match nulls {
                    Nulls::Never => Some((read_at(bytes, place, read)?, false)),
                    _ => read_or_null(bytes, place, nulls, read),
                })
            }
            (Op::Enum(symbols), Column::Dictionary(rows)) => {
                let text = |number: usize| symbols.get(number)?.as_deref();
                let read = |cursor: &mut Cursor<'_>| usize::try_from(cursor.short().ok()?).ok();
                rows.push_each_numbered(self.next, text, |place| match nulls {
                    Nulls::Never => Some((read_at(bytes, place, read)?, false)),
                    _ => read_or_null(bytes, place, nulls, read),
                })
            }
            (Op::Record(record), Column::Struct(row)) if nulls == Nulls::Never => self.record(record, row),
            (Op::List(items), Column::List(rows)) => match &items.strides {
                Some(strides) => self.list(items, strides, nulls, rows),
                None => self.value_by_value(slot, column, field),
            },
            (Op::Map(items), Column::Map(rows)) => match &items.strides {
                Some(strides) if matches!(rows.key(), Column::Utf8(_)) => self.map(items, strides, nulls, rows),
                _ => self.value_by_value(slot, column, field),
            },
            _ => self.value_by_value(slot, column, field),
        }
    }

    /// Values as only a run reads them.
    #[inline(never)]
    fn value_by_value(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> bool {
        self.one_by_one(|run| run.slot(slot, column, field).is_ok()) && self.run.rescue.places.is_empty()
    }

    #[inline(always)]
    fn one_by_one(&mut self, mut read: impl FnMut(&mut Run<'_, '_>) -> bool) -> bool {
        for (place, end) in self.next.iter_mut().zip(self.ends) {
            self.run.cursor = Cursor::new(readable(self.bytes, *end), *place);
            if !read(self.run) || self.run.cursor.has_spent() {
                return false;
            }
            *place = self.run.cursor.at;
        }
        true
    }
}

/// What is read of a message that ends at `end`, no further than a wide load reaches: what it claims to hold is compared with
/// what is there.
#[inline(always)]
pub(super) fn readable(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(..end + ARENA_PADDING).unwrap_or(bytes)
}
