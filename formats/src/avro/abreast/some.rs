//! Messages of several writers abreast: fields that only some of them have.

use std::{hint::select_unpredictable, iter::zip};

use laminar_schema::ARENA_PADDING;

use super::{
    MOST,
    values::{Messages, read_at, read_or_null, readable},
};
use crate::{
    avro::{
        cursor::Cursor,
        merged::{Merged, Way},
        program::{FillWith, Nulls, Op, Skip, Slot},
        writers::{Unreadable, Writer},
    },
    column::{Column, ColumnOps, StructColumn, StructField},
};

/// Which of the messages have a field: of each the bits of those that it has, and which is the field's.
#[derive(Clone, Copy)]
pub(super) struct Owners<'m> {
    pub(super) masks: &'m [u64],
    pub(super) bit: u64,
}

impl<'m> Owners<'m> {
    fn iter(self) -> impl Iterator<Item = bool> + 'm {
        self.masks.iter().map(move |mask| mask & self.bit != 0)
    }

    /// The numbers of the messages that have it.
    #[inline]
    fn among<'r>(&self, room: &'r mut [u8; MOST]) -> &'r [u8] {
        let mut count = 0;
        for (number, mask) in (0..MOST as u8).zip(self.masks) {
            // Written in any case, and counted where it has it, so that nothing depends on who wrote the message.
            room[count] = number;
            count += usize::from(mask & self.bit != 0);
        }
        &room[..count]
    }
}

/// What a message that lacks a field has in its place.
#[derive(Clone, Copy)]
pub(super) struct Absent<T> {
    pub(super) value: T,
    pub(super) is_null: bool,
}

/// The value at a place where the message has one; otherwise what is `absent`, and the place stays.
///
/// A value is read in any case, since who wrote the next message cannot be foreseen: of nothing, among the zeros at `zeros`.
#[inline(always)]
fn read_if<'b, T: Copy + Default>(
    (bytes, zeros): (&'b [u8], usize),
    place: &mut usize,
    has: bool,
    nulls: Nulls,
    absent: Absent<T>,
    read: impl Fn(&mut Cursor<'b>) -> Option<T>,
) -> Option<(T, bool)> {
    let mut at = select_unpredictable(has, *place, zeros);
    let (value, is_null) = match nulls {
        Nulls::Never => (read_at(bytes, &mut at, read)?, false),
        _ => read_or_null(bytes, &mut at, nulls, read)?,
    };
    *place = select_unpredictable(has, at, *place);
    Some((select_unpredictable(has, value, absent.value), select_unpredictable(has, is_null, absent.is_null)))
}

impl<'b, 's> Messages<'_, 'b, 's> {
    /// Pushes a row for each message, of whichever writer, all of it; false where something is amiss, and then columns hold any
    /// part of it. Of each message, `masks` are its writer's.
    pub(super) fn merged(
        &mut self,
        merged: &Merged,
        writers: &'s [Result<Writer, Unreadable>],
        masks: &[u64],
        row: &mut StructColumn,
    ) -> bool {
        let writer = |index: usize| writers.get(index).and_then(|writer| writer.as_ref().ok());
        let fill_of = |(index, fill): (usize, usize)| Some(&writer(index)?.program.fills.get(fill)?.with);
        let rows = row.num_rows();
        for merged in &merged.steps {
            let step_of =
                |way: Way| writer(way.writer).and_then(|writer| Some((writer, writer.program.steps.get(way.step)?)));
            let Some((writer, step)) = step_of(merged.way) else { return false };
            let owners = Owners { masks, bit: merged.bit };
            // It may be read by its type, which is one of its writer's.
            self.run.turn_to(writer);
            let is_read = match (row.fields.get_mut(step.column as usize), merged.fill.and_then(fill_of), &step.slot.op)
            {
                (Some(field), fill, _) if !merged.ways.is_empty() => {
                    let of = |way| step_of(way).map(|(_, step)| &step.slot);
                    self.slot_by_way((&merged.ways, of), masks, fill, rows, field)
                }
                (Some(field), ..) if merged.bit == 0 => self.slot(&step.slot, &mut field.column, &field.field),
                (Some(field), Some(fill), _) => {
                    self.slot_of_some(&step.slot, owners, (fill, merged.is_alike), rows, field)
                }
                (Some(_), None, _) => false,
                (None, _, Op::Skip(skip)) if merged.bit == 0 => self.skip(*skip),
                (None, _, Op::Skip(skip)) => self.skip_of_some(*skip, owners),
                (None, ..) => true,
            };
            if !is_read {
                return false;
            }
        }
        for (index, fill) in &merged.fills {
            let Some(writer) = writer(*index) else { return false };
            self.run.turn_to(writer);
            if !writer.program.fills.get(*fill).is_some_and(|fill| self.fill(fill, row)) {
                return false;
            }
        }
        row.end_rows(self.next.len());
        self.all_ended()
    }

    /// Passes over a value of each message that has one.
    fn skip_of_some(&mut self, skip: Skip, owners: Owners<'_>) -> bool {
        let (bytes, mut room) = (self.bytes, [0; MOST]);
        let some = owners.among(&mut room);
        macro_rules! pass {
            ($pass:ident) => {
                some.iter().all(|number| {
                    let Some(place) = self.next.get_mut(usize::from(*number)) else { return false };
                    read_at(bytes, place, |cursor| cursor.$pass().ok()).is_some()
                })
            };
        }
        match skip {
            Skip::Long => pass!(skip_long),
            Skip::Int => pass!(int),
            Skip::Boolean => pass!(boolean),
            _ => {
                zip(zip(&mut *self.next, self.ends), owners.iter()).filter(|(_, has)| *has).all(|((place, end), _)| {
                    self.run.cursor = Cursor::new(readable(bytes, *end), *place);
                    let is_passed = self.run.skip(skip).is_ok() && !self.run.cursor.has_spent();
                    *place = self.run.cursor.at;
                    is_passed
                })
            }
        }
    }

    /// Where nothing but zeros stands, which are a value of any type that is read with `read_if`.
    pub(super) fn zeros(&self) -> usize {
        self.bytes.len().saturating_sub(ARENA_PADDING)
    }

    /// Pushes a value of each message that has one, and for the others what `fill` says; `is_alike` where that is a value that
    /// is read in the same way.
    pub(super) fn slot_of_some(
        &mut self,
        slot: &Slot,
        owners: Owners<'_>,
        (fill, is_alike): (&FillWith, bool),
        rows: usize,
        field: &mut StructField,
    ) -> bool {
        let (bytes, from) = (self.bytes, (self.bytes, self.zeros()));
        let mut room = [0; MOST];
        let some = owners.among(&mut room);
        let (nulls, most) = (slot.nulls, self.most);
        let mut of_each = owners.iter();
        let mut has = || of_each.next().unwrap_or_default();
        macro_rules! absent {
            ($read:expr) => {
                match fill {
                    FillWith::Datum(datum, slot) if is_alike => {
                        let read = match slot.nulls {
                            Nulls::Never => read_at(datum, &mut 0, $read).map(|value| (value, false)),
                            nulls => read_or_null(datum, &mut 0, nulls, $read),
                        };
                        // A null that the column does not take is an error of its own.
                        let read = read.filter(|(_, is_null)| !(*is_null && slot.is_required));
                        read.map(|(value, is_null)| Absent { value, is_null })
                    }
                    FillWith::Null | FillWith::Default => Some(Absent { value: Default::default(), is_null: true }),
                    FillWith::Datum(..) | FillWith::Rescued { .. } => None,
                }
            };
        }
        macro_rules! push {
            ($rows:expr, $read:expr, $value:expr) => {
                match absent!($read).map(|absent| (!absent.is_null).then(|| $value(absent.value))) {
                    // No value would be an error of its own.
                    None | Some(Some(None)) => self.each_of_some(slot, owners, fill, field),
                    Some(Some(Some(rest))) if nulls == Nulls::Never => {
                        $rows.push_some(self.next, (some, rest), |place| read_at(bytes, place, $read).and_then($value))
                    }
                    Some(rest) => $rows.push_some_or_null(self.next, (some, rest.flatten()), |place| match nulls {
                        Nulls::Never => Some(($value(read_at(bytes, place, $read)?)?, false)),
                        _ => {
                            let (value, is_null) = read_or_null(bytes, place, nulls, $read)?;
                            Some(($value(value)?, is_null))
                        }
                    }),
                }
            };
            ($rows:expr, $read:ident) => {
                push!($rows, |cursor: &mut Cursor<'_>| cursor.$read().ok(), Some)
            };
        }
        macro_rules! push_bytes {
            ($rows:ident) => {{
                let length = |cursor: &mut Cursor<'_>| cursor.length().ok();
                match absent!(length).filter(|absent| absent.value == 0) {
                    // What stands in its place is not in these bytes.
                    None => self.each_of_some(slot, owners, fill, field),
                    Some(absent) => match nulls {
                        Nulls::Never => $rows.push_each(self.bytes, self.next, most, |place| {
                            read_if(from, place, has(), Nulls::Never, absent, length)
                        }),
                        _ => $rows.push_each(self.bytes, self.next, most, |place| {
                            read_if(from, place, has(), nulls, absent, length)
                        }),
                    },
                }
            }};
        }
        let is_refused = slot.is_required && nulls != Nulls::Never;
        let is_read = match (&slot.op, &mut field.column) {
            // Null where it may not be is an error of its own.
            _ if is_refused => self.each_of_some(slot, owners, fill, field),
            (Op::Int64, Column::Int64(rows)) => push!(rows.values_mut(), long),
            (Op::Timestamp, Column::TimestampMicrosecond(rows)) => push!(rows.values_mut(), long),
            (Op::Timestamp, Column::TimestampMillisecond(rows)) => push!(rows.values_mut(), long),
            (Op::Int32, Column::Int32(rows)) => push!(rows.values_mut(), int),
            (Op::Date, Column::Date32(rows)) => push!(rows.values_mut(), int),
            // Only of integers a choice is no branch.
            (Op::Float64, Column::Float64(rows)) => {
                let read = |cursor: &mut Cursor<'_>| cursor.array().ok().map(u64::from_le_bytes);
                push!(rows.values_mut(), read, |bits| Some(f64::from_bits(bits)))
            }
            (Op::Float32, Column::Float32(rows)) => {
                let read = |cursor: &mut Cursor<'_>| cursor.array().ok().map(u32::from_le_bytes);
                push!(rows.values_mut(), read, |bits| Some(f32::from_bits(bits)))
            }
            (Op::Boolean, Column::Boolean(rows)) => {
                // Behind a null, any byte may stand.
                let read = |cursor: &mut Cursor<'_>| cursor.array::<1>().ok().map(|[byte]| byte);
                push!(rows, read, |byte: u8| (byte <= 1).then_some(byte == 1))
            }
            (Op::Text, Column::Utf8(rows)) => push_bytes!(rows),
            (Op::Bytes, Column::Binary(rows)) => push_bytes!(rows),
            (Op::Enum(symbols), Column::Dictionary(rows)) => {
                let text = |number: usize| symbols.get(number)?.as_deref();
                let read = |cursor: &mut Cursor<'_>| usize::try_from(cursor.short().ok()?).ok();
                match absent!(read) {
                    None => self.each_of_some(slot, owners, fill, field),
                    Some(absent) => rows
                        .push_each_numbered(self.next, text, |place| read_if(from, place, has(), nulls, absent, read)),
                }
            }
            _ => self.each_of_some(slot, owners, fill, field),
        };
        if is_read && matches!(fill, FillWith::Default) {
            let lacking = zip(rows as u32.., owners.iter()).filter(|(_, has)| !has);
            field.default_rows.extend(lacking.map(|(row, _)| row));
        }
        is_read
    }

    /// Values of some, as only a run reads them.
    #[inline(never)]
    fn each_of_some(&mut self, slot: &Slot, owners: Owners<'_>, fill: &FillWith, field: &mut StructField) -> bool {
        self.each_or_instead(owners.iter().map(|has| has.then_some(slot)), Some(fill), field)
    }

    /// Values as only a run reads them, by the slot of each message; for those that have none, what `fill` says.
    #[inline(always)]
    pub(super) fn each_or_instead<'w>(
        &mut self,
        slots: impl Iterator<Item = Option<&'w Slot>>,
        fill: Option<&FillWith>,
        field: &mut StructField,
    ) -> bool {
        let StructField { column, field, .. } = field;
        for ((place, end), slot) in zip(zip(&mut *self.next, self.ends), slots) {
            let is_read = match (slot, fill) {
                (Some(slot), _) => {
                    self.run.cursor = Cursor::new(readable(self.bytes, *end), *place);
                    let is_read = self.run.slot(slot, column, field).is_ok() && !self.run.cursor.has_spent();
                    *place = self.run.cursor.at;
                    is_read
                }
                (None, Some(FillWith::Null | FillWith::Default)) => {
                    column.push_null();
                    true
                }
                (None, Some(FillWith::Datum(datum, slot))) => {
                    self.run.of_default(datum).slot(slot, column, field).is_ok()
                }
                (None, Some(FillWith::Rescued { .. }) | None) => false,
            };
            if !is_read {
                return false;
            }
        }
        self.run.rescue.places.is_empty()
    }
}
