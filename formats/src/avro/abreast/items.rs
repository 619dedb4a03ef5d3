//! Lists and maps of many messages: where their items are, which are then read as messages are.

use super::{
    Places,
    values::{Messages, readable},
};
use crate::{
    avro::{
        cursor::Cursor,
        program::{Items, Nulls, Op, Slot},
        stride::{Stride, fixed, pass},
    },
    column::{ListColumn, MapColumn},
};

impl<'b, 's> Messages<'_, 'b, 's> {
    /// Pushes a list of each message: all items of all of them abreast.
    #[inline(never)]
    pub(super) fn list(&mut self, items: &Items, strides: &[Stride], nulls: Nulls, rows: &mut ListColumn<i32>) -> bool {
        let mut found = self.spare.pop().unwrap_or_default();
        let is_read = self.find_items((items, strides, nulls), &mut found, |count| rows.end_row_of(count)) && {
            let (column, field) = rows.item_and_field();
            let mut messages = self.of_items(&mut found);
            messages.slot(&items.slot, column, field) && messages.all_ended()
        };
        self.spare.push(found);
        is_read
    }

    /// Pushes a map of each message: all entries of all of them abreast.
    #[inline(never)]
    pub(super) fn map(&mut self, items: &Items, strides: &[Stride], nulls: Nulls, rows: &mut MapColumn) -> bool {
        let mut found = self.spare.pop().unwrap_or_default();
        let is_read = self.find_items((items, strides, nulls), &mut found, |count| rows.end_row_of(count)) && {
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

    /// Passes over a list of each message and notes where its items are; `end_row` takes how many, or none for null. False
    /// where something is amiss.
    #[inline(always)]
    fn find_items(
        &mut self,
        (items, strides, nulls): (&Items, &[Stride], Nulls),
        found: &mut Places,
        mut end_row: impl FnMut(Option<usize>) -> bool,
    ) -> bool {
        found.clear();
        for (place, end) in self.next.iter_mut().zip(self.ends) {
            let mut cursor = Cursor::new(readable(self.bytes, *end), *place);
            let is_null = match nulls {
                Nulls::Never => Some(false),
                _ => cursor.is_null(nulls),
            };
            let count = match is_null {
                Some(false) => note_items(&mut cursor, items.least, strides, found).map(Some),
                Some(true) => Some(None),
                None => None,
            };
            if cursor.has_spent() || !count.is_some_and(&mut end_row) {
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
}

/// Notes where the items of a list are, and yields how many; `None` where something is amiss.
#[inline(always)]
fn note_items(cursor: &mut Cursor<'_>, least: usize, strides: &[Stride], found: &mut Places) -> Option<usize> {
    let before = found.next.len();
    loop {
        let count = cursor.block(least).ok()?;
        if count == 0 {
            return Some(found.next.len() - before);
        }
        if let Some(size) = fixed(strides) {
            let first = cursor.at;
            let end = count.checked_mul(size)?.checked_add(first).filter(|end| *end <= cursor.bytes.len())?;
            found.next.extend((0..count).map(|index| first + index * size));
            found.ends.extend((1..=count).map(|index| first + index * size));
            cursor.at = end;
            continue;
        }
        for _ in 0..count {
            found.next.push(cursor.at);
            pass(cursor, strides)?;
            found.ends.push(cursor.at);
        }
    }
}
