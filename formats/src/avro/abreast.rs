//! Messages → columns, many messages abreast: a program carried out for all of them, field by field.
//!
//! What a field takes is then decided once for many values instead of once for each; and since no value waits for where the
//! one before it in its own message ends, the processor works on several messages at a time.
//!
//! This is the way of messages in which nothing is amiss. Where anything is, the rows are taken back, and their messages are
//! read one by one, which finds the one at fault and says what is wrong with it.

use std::hint::select_unpredictable;

use arrow_schema::Field;
use laminar_schema::{ARENA_PADDING, RawBatch};

use super::{
    cursor::Cursor,
    decode::{Rules, Scratch},
    program::{FillWith, Nulls, Op, Record, Size, Slot},
    run::Run,
    writers::{Writer, Writers},
};
use crate::column::{Column, ColumnOps, StructColumn};

/// Most messages at a time: so few that their bytes stay in the nearest cache from one field to the next.
const MOST: usize = 128;

/// Fewer messages of one writer are not worth it.
const LEAST: usize = 4;

/// Messages that lie behind each other and have one writer.
#[derive(Debug, Default)]
pub(super) struct Abreast {
    /// Where the next value of each begins.
    places: Vec<usize>,
    /// Where each ends.
    ends: Vec<usize>,
    /// Messages in front of this one are read one by one: something was amiss among them.
    alone_until: usize,
}

impl Abreast {
    /// Begins a batch.
    pub(super) fn restart(&mut self) {
        self.alone_until = 0;
    }

    /// Decodes messages from `first` on, a row each, and yields how many: none where they are to be read one by one, and then
    /// rows are as before.
    #[inline(never)]
    pub(super) fn decode(
        &mut self,
        batch: &RawBatch,
        first: usize,
        (writers, rules, scratch): (&mut Writers, Rules, &mut Scratch),
        row: &mut StructColumn,
    ) -> usize {
        if first < self.alone_until || rules.checks_text {
            return 0;
        }
        let Some(writer) = self.gather(batch, first, writers, rules) else { return 0 };
        let (count, before) = (self.places.len(), row.num_rows());
        if count < LEAST {
            self.alone_until = first + count;
            return 0;
        }
        let bytes = batch.padded_values();
        let Self { places, ends, .. } = self;
        let most = ends.last().copied().unwrap_or_default().saturating_sub(batch.span(first).start);
        let run = Run::new(writer, scratch, rules, Cursor::new(bytes, 0));
        let mut messages = Messages { bytes, places, ends, most, run };
        if messages.record(&writer.program, row) && messages.places == messages.ends {
            return count;
        }
        row.truncate(before);
        self.alone_until = first + count;
        0
    }

    /// Notes the messages from `first` on that have the writer of the first one, and yields it.
    #[inline(always)]
    fn gather<'w>(
        &mut self,
        batch: &RawBatch,
        first: usize,
        writers: &'w mut Writers,
        rules: Rules,
    ) -> Option<&'w Writer> {
        self.places.clear();
        self.ends.clear();
        let bytes = batch.padded_values();
        let mut of_first = None;
        for record in first..batch.len().min(first + MOST) {
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes {
                break;
            }
            let Some(header) = Writers::header(rules, &bytes[span.clone()]) else { break };
            if *of_first.get_or_insert(header) != header {
                break;
            }
            self.places.push(span.start + header.len);
            self.ends.push(span.end);
        }
        writers.of_header(of_first?)
    }
}

/// Messages, and where the next value of each begins.
struct Messages<'m, 'b, 's> {
    /// Of the batch: what is read of one message may go beyond it, which is seen at its end.
    bytes: &'b [u8],
    places: &'m mut [usize],
    ends: &'m [usize],
    /// How many bytes they have together.
    most: usize,
    /// For values that are read one by one.
    run: Run<'b, 's>,
}

/// The value that `read` reads at a place, which then is behind it.
#[inline(always)]
fn read_at<'b, T>(bytes: &'b [u8], place: &mut usize, read: impl Fn(&mut Cursor<'b>) -> Option<T>) -> Option<T> {
    let mut cursor = Cursor::new(bytes, *place);
    let value = read(&mut cursor);
    *place = cursor.at;
    value
}

/// The same for a value in a union with null; true where it is null, and then the value is anything.
///
/// `value_branch` is the byte of the other branch. What would be a value is read in any case, since whether it is one cannot be
/// foreseen.
#[inline(always)]
fn read_or_null<'b, T: Default>(
    bytes: &'b [u8],
    place: &mut usize,
    value_branch: u8,
    read: impl Fn(&mut Cursor<'b>) -> Option<T>,
) -> Option<(T, bool)> {
    let branch = *bytes.get(*place)?;
    if branch & !2 != 0 {
        return None;
    }
    let is_null = branch != value_branch;
    let mut cursor = Cursor::new(bytes, *place + 1);
    let value = match read(&mut cursor) {
        Some(value) => value,
        None if is_null => T::default(),
        None => return None,
    };
    *place = select_unpredictable(is_null, *place + 1, cursor.at);
    Some((value, is_null))
}

/// The byte of the branch that is not null.
#[inline]
fn value_branch(nulls: Nulls) -> u8 {
    match nulls {
        Nulls::Never | Nulls::First => 2,
        Nulls::Second => 0,
    }
}

impl Messages<'_, '_, '_> {
    /// Pushes a row for each message; false where something is amiss, and then columns hold any part of it.
    fn record(&mut self, record: &Record, row: &mut StructColumn) -> bool {
        for step in &record.steps {
            let is_read = match row.fields.get_mut(step.column as usize) {
                Some(field) => self.slot(&step.slot, &mut field.column, &field.field),
                // It goes nowhere.
                None => match &step.slot.op {
                    Op::Skip(skip) => self.one_by_one(|run| run.skip(*skip).is_ok()),
                    _ => true,
                },
            };
            if !is_read {
                return false;
            }
        }
        let count = self.places.len();
        for fill in &record.fills {
            let rows = row.num_rows();
            let field = &mut row.fields[fill.column as usize];
            for index in 0..count {
                match &fill.with {
                    // Everything fits so far.
                    FillWith::Null | FillWith::Rescued => field.column.push_null(),
                    FillWith::Default => {
                        field.column.push_null();
                        field.default_rows.push((rows + index) as u32);
                    }
                    FillWith::Datum(bytes, slot) => {
                        if self.run.constant(bytes, slot, &mut field.column, &field.field).is_err() {
                            return false;
                        }
                    }
                }
            }
        }
        row.end_rows(count);
        true
    }

    /// Pushes a value of each message.
    fn slot(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> bool {
        macro_rules! read {
            ($rows:ident, $read:ident) => {
                self.each(slot, |bytes, places, other| match other {
                    None => $rows.push_each(places, |place| read_at(bytes, place, |cursor| cursor.$read().ok())),
                    Some(other) => $rows.push_each_or_null(places, |place| {
                        read_or_null(bytes, place, other, |cursor| cursor.$read().ok())
                    }),
                })
            };
        }
        macro_rules! read_bytes {
            ($rows:ident) => {{
                let most = self.most;
                let length = |cursor: &mut Cursor<'_>| cursor.length().ok();
                self.each(slot, |bytes, places, other| match other {
                    None => $rows.push_each(bytes, places, most, |place| Some((read_at(bytes, place, length)?, false))),
                    Some(other) => $rows.push_each(bytes, places, most, |place| {
                        let (len, is_null) = read_or_null(bytes, place, other, length)?;
                        Some((select_unpredictable(is_null, 0, len), is_null))
                    }),
                })
            }};
        }
        if slot.is_required && slot.nulls != Nulls::Never {
            // Null where it may not be is an error of its own.
            return self.value_by_value(slot, column, field);
        }
        match (&slot.op, &mut *column) {
            (Op::Int64, Column::Int64(rows)) => read!(rows, long),
            (Op::Float64, Column::Float64(rows)) => read!(rows, double),
            (Op::Int32, Column::Int32(rows)) => read!(rows, int),
            (Op::Float32, Column::Float32(rows)) => read!(rows, float),
            (Op::Boolean, Column::Boolean(rows)) => read!(rows, boolean),
            (Op::Timestamp, Column::TimestampMicrosecond(rows)) => read!(rows, long),
            (Op::Timestamp, Column::TimestampMillisecond(rows)) => read!(rows, long),
            (Op::Date, Column::Date32(rows)) => read!(rows, int),
            (Op::Text, Column::Utf8(rows)) => read_bytes!(rows),
            (Op::Bytes, Column::Binary(rows)) => read_bytes!(rows),
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
                self.each(slot, |bytes, places, other| match other {
                    None => rows.push_each_or_null(places, |place| Some((read_at(bytes, place, read)?, false))),
                    Some(other) => rows.push_each_or_null(places, |place| read_or_null(bytes, place, other, read)),
                })
            }
            (Op::Enum(symbols), Column::Dictionary(rows)) => {
                let text = |number: usize| symbols.get(number)?.as_deref();
                let read = |cursor: &mut Cursor<'_>| usize::try_from(cursor.short().ok()?).ok();
                self.each(slot, |bytes, places, other| match other {
                    None => rows.push_each_numbered(places, text, |place| Some((read_at(bytes, place, read)?, false))),
                    Some(other) => {
                        rows.push_each_numbered(places, text, |place| read_or_null(bytes, place, other, read))
                    }
                })
            }
            (Op::Record(record), Column::Struct(row)) if slot.nulls == Nulls::Never => self.record(record, row),
            _ => self.value_by_value(slot, column, field),
        }
    }

    /// Hands out places, and the byte of the branch that is not null where there is a union.
    #[inline(always)]
    fn each(&mut self, slot: &Slot, push: impl FnOnce(&[u8], &mut [usize], Option<u8>) -> bool) -> bool {
        let other = (slot.nulls != Nulls::Never).then(|| value_branch(slot.nulls));
        push(self.bytes, self.places, other)
    }

    /// Values as only a run reads them.
    #[inline(never)]
    fn value_by_value(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> bool {
        self.one_by_one(|run| run.slot(slot, column, field).is_ok()) && self.run.rescue.places.is_empty()
    }

    #[inline(always)]
    fn one_by_one(&mut self, mut read: impl FnMut(&mut Run<'_, '_>) -> bool) -> bool {
        for (place, end) in self.places.iter_mut().zip(self.ends) {
            // No further than a wide load reaches: what a message claims to hold is compared with what is there.
            let readable = self.bytes.get(..end + ARENA_PADDING).unwrap_or(self.bytes);
            self.run.cursor = Cursor::new(readable, *place);
            if !read(&mut self.run) || self.run.cursor.has_spent() {
                return false;
            }
            *place = self.run.cursor.at;
        }
        true
    }
}
