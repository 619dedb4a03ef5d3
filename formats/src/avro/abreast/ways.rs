//! Messages of several writers abreast: fields that not all of them wrote in one way.
//!
//! A version has made a field nullable, or an `int` a `long`: its bytes differ from the others' in no more than whether a branch
//! stands before the value. Which writer wrote the next message cannot be foreseen, so that nothing here depends on it.

use std::{hint::select_unpredictable, iter::zip};

use super::{
    some::{Absent, Owners},
    values::{Messages, read_at, read_or_null},
};
use crate::{
    avro::{
        cursor::Cursor,
        merged::Way,
        program::{FillWith, Nulls, Op, Slot, Source},
    },
    column::{Column, StructField},
};

/// Of each message the bits of its writer, and which of all bits say what of a field.
#[derive(Clone, Copy)]
struct Ways<'m> {
    masks: &'m [u64],
    /// The writer has it.
    all: u64,
    /// It stands in a union with null, and null comes second there.
    unions: u64,
    seconds: u64,
    /// It is an `int` in a column of longs.
    ints: u64,
}

impl<'m> Ways<'m> {
    /// `None` where some may be null and the column takes no nulls.
    fn of<'s>(masks: &'m [u64], slots: impl Iterator<Item = (&'s Slot, u64)>) -> Option<Self> {
        let mut ways = Self { masks, all: 0, unions: 0, seconds: 0, ints: 0 };
        for (slot, bit) in slots {
            ways.all |= bit;
            match slot.nulls {
                Nulls::Never => {}
                // Null where it may not be is an error of its own.
                _ if slot.is_required => return None,
                Nulls::First => ways.unions |= bit,
                Nulls::Second => (ways.unions, ways.seconds) = (ways.unions | bit, ways.seconds | bit),
            }
            // All others are plain, or they would not have been merged.
            if matches!(slot.op, Op::Scalar(Source::Int)) {
                ways.ints |= bit;
            }
        }
        Some(ways)
    }

    /// Where null stands, if that is the same for all and only ints among longs are not.
    fn one_but_for_ints(self) -> Option<Nulls> {
        match (self.ints, self.unions, self.seconds) {
            (0, ..) => None,
            (_, 0, _) => Some(Nulls::Never),
            (_, unions, 0) if unions == self.all => Some(Nulls::First),
            (_, _, seconds) if seconds == self.all => Some(Nulls::Second),
            _ => None,
        }
    }

    /// Reads the value of each message in turn, and whether it is null; `read` is told whether it is an `int`. Of a message that
    /// has none, nothing is read, among zeros at the place behind the bytes.
    #[inline(always)]
    fn values<'b, T: Copy + Default>(
        self,
        (bytes, zeros): (&'b [u8], usize),
        absent: Absent<T>,
        read: impl Fn(&mut Cursor<'b>, bool) -> Option<T>,
    ) -> impl FnMut(&mut usize) -> Option<(T, bool)> {
        let mut masks = self.masks.iter();
        move |place| {
            let mask = *masks.next()?;
            let (has, is_union) = (mask & self.all != 0, mask & self.unions != 0);
            let mut cursor = Cursor::new(bytes, select_unpredictable(has, *place, zeros));
            let branch = *bytes.get(cursor.at)?;
            if is_union & (branch & !2 != 0) {
                return None;
            }
            let of_value = select_unpredictable(mask & self.seconds != 0, Nulls::Second, Nulls::First).value_branch();
            let is_null = is_union & (branch != of_value);
            cursor.at += usize::from(is_union);
            let behind_branch = cursor.at;
            let value = match read(&mut cursor, mask & self.ints != 0) {
                Some(value) => value,
                None if is_null => T::default(),
                None => return None,
            };
            let behind = select_unpredictable(is_null, behind_branch, cursor.at);
            *place = select_unpredictable(has, behind, *place);
            let value = select_unpredictable(is_null, T::default(), value);
            Some((select_unpredictable(has, value, absent.value), select_unpredictable(has, is_null, absent.is_null)))
        }
    }
}

/// What `fill` puts where a field is lacking; `None` where that is more than a plain value, or none that the column takes.
fn absent<T: Copy + Default>(
    fill: Option<&FillWith>,
    read: impl for<'d> Fn(&mut Cursor<'d>, bool) -> Option<T>,
) -> Option<Absent<T>> {
    match fill {
        None | Some(FillWith::Null | FillWith::Default) => Some(Absent { value: T::default(), is_null: true }),
        Some(FillWith::Datum(datum, slot)) if slot.op.is_plain() => {
            let read = |cursor: &mut Cursor<'_>| read(cursor, false);
            let (value, is_null) = match slot.nulls {
                Nulls::Never => (read_at(datum, &mut 0, read)?, false),
                // The column takes nulls: some of the ways have them, and those of a column that does not were refused above.
                nulls => read_or_null(datum, &mut 0, nulls, read)?,
            };
            Some(Absent { value, is_null })
        }
        Some(FillWith::Datum(..) | FillWith::Rescued { .. }) => None,
    }
}

impl<'s> Messages<'_, '_, 's> {
    /// Pushes a value of each message in the way that its writer wrote it, one of `ways` whose steps `of` yields; for those that
    /// have none, what `fill` says.
    #[inline(never)]
    pub(super) fn slot_by_way(
        &mut self,
        (ways, of): (&[(Way, u64)], impl Fn(Way) -> Option<&'s Slot>),
        masks: &[u64],
        fill: Option<&FillWith>,
        rows: usize,
        field: &mut StructField,
    ) -> bool {
        let slots = ways.iter().filter_map(|(way, bit)| Some((of(*way)?, *bit)));
        let is_read = match Ways::of(masks, slots) {
            Some(plain) => match plain.one_but_for_ints() {
                Some(nulls) => return self.longs_and_ints(plain, nulls, fill, rows, field),
                None => self.plain_by_way(plain, fill, &mut field.column),
            },
            None => None,
        };
        let is_read = is_read.unwrap_or_else(|| {
            let slot = |mask: &u64| ways.iter().find(|(_, bit)| mask & bit != 0).and_then(|(way, _)| of(*way));
            self.each_or_instead(masks.iter().map(slot), fill, field)
        });
        if is_read && matches!(fill, Some(FillWith::Default)) {
            let all = ways.iter().fold(0, |all, (_, bit)| all | bit);
            field
                .default_rows
                .extend(zip(rows as u32.., masks).filter(|(_, mask)| *mask & all == 0).map(|(row, _)| row));
        }
        is_read
    }

    /// Longs, some of which were written as ints: the same bytes, of which an int has no more than it has room for.
    fn longs_and_ints(
        &mut self,
        ways: Ways<'_>,
        nulls: Nulls,
        fill: Option<&FillWith>,
        rows: usize,
        field: &mut StructField,
    ) -> bool {
        let slot = Slot { nulls, is_required: false, op: Op::Int64 };
        let is_read = match fill {
            Some(fill) => {
                let is_alike = matches!(fill, FillWith::Datum(_, slot) if slot.op.is_plain());
                let owners = Owners { masks: ways.masks, bit: ways.all };
                self.slot_of_some(&slot, owners, (fill, is_alike), rows, field)
            }
            None => self.slot(&slot, &mut field.column, &field.field),
        };
        let Column::Int64(values) = &mut field.column else { return false };
        let fits = |(value, mask): (&i64, &u64)| (mask & ways.ints == 0) | (i64::from(*value as i32) == *value);
        is_read && zip(values.values_mut().last(ways.masks.len()), ways.masks).all(fits)
    }

    /// Values of the column's plain type; `None` where what some have in their place is none, and then nothing was read.
    fn plain_by_way(&mut self, ways: Ways<'_>, fill: Option<&FillWith>, column: &mut Column) -> Option<bool> {
        let (bytes, most, from) = (self.bytes, self.most, (self.bytes, self.zeros()));
        macro_rules! push {
            ($rows:ident, $read:expr, $value:expr) => {{
                let absent = absent(fill, $read)?;
                let mut read = ways.values(from, absent, $read);
                let Column::$rows(rows) = column else { return None };
                push!(@of $rows, rows).push_each_or_null(self.next, |place| {
                    let (value, is_null) = read(place)?;
                    Some(($value(value)?, is_null))
                })
            }};
            (@of Boolean, $rows:ident) => {
                $rows
            };
            (@of $column:ident, $rows:ident) => {
                $rows.values_mut()
            };
        }
        macro_rules! push_bytes {
            ($rows:ident) => {{
                let length = |cursor: &mut Cursor<'_>, _| cursor.length().ok();
                // What stands in its place is not in these bytes.
                let absent = absent(fill, length).filter(|absent| absent.value == 0)?;
                let read = ways.values(from, absent, length);
                let Column::$rows(rows) = column else { return None };
                rows.push_each(bytes, self.next, most, read)
            }};
        }
        Some(match column {
            Column::Int64(_) => {
                let read = |cursor: &mut Cursor<'_>, is_int: bool| {
                    let value = cursor.long().ok()?;
                    (!is_int | (i64::from(value as i32) == value)).then_some(value)
                };
                push!(Int64, read, Some)
            }
            Column::TimestampMicrosecond(_) => {
                push!(TimestampMicrosecond, |cursor: &mut Cursor<'_>, _| cursor.long().ok(), Some)
            }
            Column::TimestampMillisecond(_) => {
                push!(TimestampMillisecond, |cursor: &mut Cursor<'_>, _| cursor.long().ok(), Some)
            }
            Column::Int32(_) => push!(Int32, |cursor: &mut Cursor<'_>, _| cursor.int().ok(), Some),
            Column::Date32(_) => push!(Date32, |cursor: &mut Cursor<'_>, _| cursor.int().ok(), Some),
            // Only of integers a choice is no branch.
            Column::Float64(_) => {
                let read = |cursor: &mut Cursor<'_>, _| cursor.array().ok().map(u64::from_le_bytes);
                push!(Float64, read, |bits| Some(f64::from_bits(bits)))
            }
            Column::Float32(_) => {
                let read = |cursor: &mut Cursor<'_>, _| cursor.array().ok().map(u32::from_le_bytes);
                push!(Float32, read, |bits| Some(f32::from_bits(bits)))
            }
            Column::Boolean(_) => {
                // Behind a null, any byte may stand.
                let read = |cursor: &mut Cursor<'_>, _| cursor.array::<1>().ok().map(|[byte]| byte);
                push!(Boolean, read, |byte: u8| (byte <= 1).then_some(byte == 1))
            }
            Column::Utf8(_) => push_bytes!(Utf8),
            Column::Binary(_) => push_bytes!(Binary),
            _ => return None,
        })
    }
}
