//! Values of many rows at a time, of which only some are read: the others have all the same.

use std::hint::select_unpredictable;

use super::storage::NullRows;

/// Appends a value for each place: at those whose numbers are `some`, what `read` yields, and at the others `rest`; false where
/// `read` yields none, and then nothing is appended.
#[inline(never)]
pub(super) fn push_some<T: Copy>(
    values: &mut Vec<T>,
    places: &mut [usize],
    (some, rest): (&[u8], T),
    mut read: impl FnMut(&mut usize) -> Option<T>,
) -> bool {
    let first = values.len();
    values.resize(first + places.len(), rest);
    for number in some {
        let number = usize::from(*number);
        let place = places.get_mut(number);
        let (Some(read), Some(value)) = (place.and_then(&mut read), values.get_mut(first + number)) else {
            values.truncate(first);
            return false;
        };
        *value = read;
    }
    true
}

/// As [`push_some`], for values that may be null, as is `rest` where it is none.
#[inline(never)]
pub(super) fn push_some_or_null<T: Copy + Default>(
    values: &mut Vec<T>,
    nulls: &mut NullRows,
    places: &mut [usize],
    (some, rest): (&[u8], Option<T>),
    mut read: impl FnMut(&mut usize) -> Option<(T, bool)>,
) -> bool {
    /// Stands where no null row does.
    const NO_ROW: usize = usize::MAX;
    let (first, nulls_before) = (values.len(), nulls.count());
    values.resize(first + places.len(), rest.unwrap_or_default());
    let null_rows = nulls.room(places.len());
    for (row, null_row) in (first..).zip(null_rows.iter_mut()) {
        *null_row = if rest.is_none() { row } else { NO_ROW };
    }
    for number in some {
        let number = usize::from(*number);
        let row = first + number;
        let place = places.get_mut(number);
        let (Some((read, is_null)), Some(value), Some(null_row)) =
            (place.and_then(&mut read), values.get_mut(row), null_rows.get_mut(number))
        else {
            values.truncate(first);
            nulls.keep(nulls_before);
            return false;
        };
        *value = read;
        *null_row = select_unpredictable(is_null, row, NO_ROW);
    }
    let mut count = 0;
    for number in 0..null_rows.len() {
        let row = null_rows[number];
        null_rows[count] = row;
        count += usize::from(row != NO_ROW);
    }
    nulls.keep(nulls_before + count);
    true
}
