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
    program::{FillWith, Items, Nulls, Op, Record, Size, Slot},
    run::Run,
    stride::{Stride, pass},
    writers::{Writer, Writers},
};
use crate::column::{Column, ColumnOps, ListColumn, MapColumn, StructColumn};

/// Most messages at a time: so few that their bytes stay in the nearest cache from one field to the next.
const MOST: usize = 128;

/// Fewer messages of one writer are not worth it.
const LEAST: usize = 4;

/// Most bytes of them, which bounds what is noted of their items, too.
const MOST_BYTES: usize = 32 << 10;

/// Messages that lie behind each other and have one writer.
#[derive(Debug, Default)]
pub(super) struct Abreast {
    messages: Places,
    /// Room for items of lists in them.
    spare: Vec<Places>,
    /// Messages in front of this one are read one by one: something was amiss among them.
    alone_until: usize,
}

/// Where values are that are read abreast.
#[derive(Debug, Default)]
struct Places {
    /// Where the next value of each begins.
    next: Vec<usize>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Places {
    fn clear(&mut self) {
        self.next.clear();
        self.ends.clear();
    }
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
        let Self { messages: Places { next, ends }, spare, alone_until } = self;
        let (count, before) = (next.len(), row.num_rows());
        if count >= LEAST {
            let bytes = batch.padded_values();
            let most = ends[count - 1] - batch.span(first).start;
            let mut run = Run::new(writer, scratch, rules, Cursor::new(bytes, 0));
            let mut messages = Messages { bytes, next, ends, most, spare, run: &mut run };
            if messages.record(&writer.program, row) && messages.all_ended() {
                return count;
            }
            row.truncate(before);
        }
        *alone_until = first + count;
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
        self.messages.clear();
        let bytes = batch.padded_values();
        let most_end = batch.span(first).start + MOST_BYTES;
        let mut of_first = None;
        for record in first..batch.len().min(first + MOST) {
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes || span.end > most_end {
                break;
            }
            let Some(header) = Writers::header(rules, &bytes[span.clone()]) else { break };
            if *of_first.get_or_insert(header) != header {
                break;
            }
            self.messages.next.push(span.start + header.len);
            self.messages.ends.push(span.end);
        }
        writers.of_header(of_first?)
    }
}

/// Messages, or items of lists in them, and where the next value of each begins.
struct Messages<'m, 'b, 's> {
    /// Of the batch: what is read of one message may go beyond it, which is seen at its end.
    bytes: &'b [u8],
    next: &'m mut [usize],
    ends: &'m [usize],
    /// How many bytes the messages have together.
    most: usize,
    spare: &'m mut Vec<Places>,
    /// For values that are read one by one.
    run: &'m mut Run<'b, 's>,
}

/// The value that `read` reads at a place, which then is behind it.
#[inline(always)]
fn read_at<'b, T>(bytes: &'b [u8], place: &mut usize, read: impl Fn(&mut Cursor<'b>) -> Option<T>) -> Option<T> {
    let mut cursor = Cursor::new(bytes, *place);
    let value = read(&mut cursor);
    *place = cursor.at;
    value
}

/// The same for a value in a union with null; true where it is null, and then the value is the default.
///
/// What would be a value is read in any case, since whether it is one cannot be foreseen.
#[inline(always)]
fn read_or_null<'b, T: Default>(
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
        let count = self.next.len();
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

    /// Whether all of them are read, and end where they should.
    fn all_ended(&self) -> bool {
        self.next == self.ends
    }

    /// Pushes a value of each message.
    fn slot(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> bool {
        let (bytes, most, nulls) = (self.bytes, self.most, slot.nulls);
        macro_rules! push {
            ($rows:ident, $read:ident) => {
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
            (Op::Int64, Column::Int64(rows)) => push!(rows, long),
            (Op::Float64, Column::Float64(rows)) if nulls == Nulls::Never => push!(rows, double),
            (Op::Float64, Column::Float64(rows)) => rows.push_each_or_null(self.next, |place| {
                let read = |cursor: &mut Cursor<'_>| cursor.array().ok().map(u64::from_le_bytes);
                let (bits, is_null) = read_or_null(bytes, place, nulls, read)?;
                Some((f64::from_bits(bits), is_null))
            }),
            (Op::Int32, Column::Int32(rows)) => push!(rows, int),
            (Op::Float32, Column::Float32(rows)) => push!(rows, float),
            (Op::Boolean, Column::Boolean(rows)) if nulls == Nulls::Never => push!(rows, boolean),
            (Op::Boolean, Column::Boolean(rows)) => rows.push_each_or_null(self.next, |place| {
                // Behind a null, any byte may stand.
                let read = |cursor: &mut Cursor<'_>| cursor.array::<1>().ok().map(|[byte]| byte);
                let (byte, is_null) = read_or_null(bytes, place, nulls, read)?;
                (byte <= 1).then_some((byte == 1, is_null))
            }),
            (Op::Timestamp, Column::TimestampMicrosecond(rows)) => push!(rows, long),
            (Op::Timestamp, Column::TimestampMillisecond(rows)) => push!(rows, long),
            (Op::Date, Column::Date32(rows)) => push!(rows, int),
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

    /// Pushes a list of each message: all items of all of them abreast.
    #[inline(never)]
    fn list(&mut self, items: &Items, strides: &[Stride], nulls: Nulls, rows: &mut ListColumn<i32>) -> bool {
        let mut found = self.spare.pop().unwrap_or_default();
        let is_read = self.find_items(items, strides, nulls, &mut found, |count| match count {
            Some(count) => rows.end_row_of(count),
            None => {
                rows.push_null();
                true
            }
        }) && {
            let (column, field) = rows.item_and_field();
            let mut messages = self.of_items(&mut found);
            messages.slot(&items.slot, column, field) && messages.all_ended()
        };
        self.spare.push(found);
        is_read
    }

    /// Pushes a map of each message: all entries of all of them abreast.
    #[inline(never)]
    fn map(&mut self, items: &Items, strides: &[Stride], nulls: Nulls, rows: &mut MapColumn) -> bool {
        let mut found = self.spare.pop().unwrap_or_default();
        let is_read = self.find_items(items, strides, nulls, &mut found, |count| match count {
            Some(count) => rows.end_row_of(count),
            None => {
                rows.push_null();
                true
            }
        }) && {
            let mut messages = self.of_items(&mut found);
            let text = Slot { nulls: Nulls::Never, is_required: true, op: Op::Text };
            let (keys, field) = rows.key_and_field();
            messages.slot(&text, keys, field) && {
                let (values, field) = rows.value_and_field();
                messages.slot(&items.slot, values, field) && messages.all_ended()
            }
        };
        self.spare.push(found);
        is_read
    }

    /// Passes over a list of each message and notes where its items are; `end_row` takes how many, or none for null.
    #[inline(always)]
    fn find_items(
        &mut self,
        items: &Items,
        strides: &[Stride],
        nulls: Nulls,
        found: &mut Places,
        mut end_row: impl FnMut(Option<usize>) -> bool,
    ) -> bool {
        found.clear();
        for (place, end) in self.next.iter_mut().zip(self.ends) {
            let mut cursor = Cursor::new(readable(self.bytes, *end), *place);
            let is_null = match nulls {
                Nulls::Never => false,
                _ => match cursor.is_null(nulls) {
                    Some(is_null) => is_null,
                    None => return false,
                },
            };
            let before = found.next.len();
            while !is_null {
                let Ok(count) = cursor.block(items.least) else { return false };
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    found.next.push(cursor.at);
                    if pass(&mut cursor, strides).is_none() {
                        return false;
                    }
                    found.ends.push(cursor.at);
                }
            }
            if cursor.has_spent() || !end_row((!is_null).then_some(found.next.len() - before)) {
                return false;
            }
            *place = cursor.at;
        }
        true
    }

    /// Items that were found, to be read as messages are.
    fn of_items<'n>(&'n mut self, found: &'n mut Places) -> Messages<'n, 'b, 's> {
        let Places { next, ends } = found;
        Messages { bytes: self.bytes, next, ends, most: self.most, spare: self.spare, run: self.run }
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
fn readable(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(..end + ARENA_PADDING).unwrap_or(bytes)
}
