//! Memory of column builders: vectors that stay, and nulls that cost nothing while there are none.

use arrow_array::{ArrowPrimitiveType, PrimitiveArray, types::ByteArrayType};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::some::{push_some, push_some_or_null};

/// Takes a vector's content, leaving it empty and warm.
///
/// The storage is given away when it is at least half full, and replaced by one of the same capacity; otherwise
/// its content is copied into a tight one. Either way it is one allocation.
pub(super) fn take<T: Copy>(values: &mut Vec<T>) -> Vec<T> {
    let capacity = values.capacity();
    if values.len() >= capacity / 2 {
        return std::mem::replace(values, Vec::with_capacity(capacity));
    }
    let tight = values.as_slice().to_vec();
    values.clear();
    tight
}

/// The null rows of a column: a list, so that a column without nulls does no work per row.
#[derive(Debug, Default)]
pub(super) struct NullRows(Vec<usize>);

impl NullRows {
    #[inline]
    pub(super) fn push(&mut self, row: usize) {
        self.0.push(row);
    }

    /// Room for so many more null rows; [`NullRows::keep`] says how many there are then.
    #[inline(always)]
    pub(super) fn room(&mut self, rows: usize) -> &mut [usize] {
        let before = self.0.len();
        self.0.resize(before + rows, 0);
        &mut self.0[before..]
    }

    /// Forgets what is behind the first `count` null rows.
    #[inline]
    pub(super) fn keep(&mut self, count: usize) {
        self.0.truncate(count);
    }

    /// Puts rows into another order: of each of them, where it is.
    fn reorder(&mut self, order: &[u32]) {
        if !self.0.is_empty() {
            let before = std::mem::take(&mut self.0);
            let is_null = |row: &u32| before.binary_search(&(*row as usize)).is_ok();
            self.0.extend(order.iter().enumerate().filter(|(_, row)| is_null(row)).map(|(index, _)| index));
        }
    }

    /// How many rows are null.
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        while self.0.last().is_some_and(|last| *last >= rows) {
            self.0.pop();
        }
    }

    /// The validity of `rows` rows; `None` when none is null.
    pub(super) fn finish(&mut self, rows: usize) -> Option<NullBuffer> {
        if self.0.is_empty() {
            return None;
        }
        let mut bits = vec![0xFF_u8; rows.div_ceil(8)];
        for row in self.0.drain(..) {
            bits[row / 8] &= !(1 << (row % 8));
        }
        Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(bits), 0, rows)))
    }
}

/// Appends a value for each place; false where `read` yields none, and then nothing is appended.
// A function of its own for each kind of values, so that the loop has all registers.
#[inline(never)]
pub(super) fn push_each<T: Copy + Default>(
    values: &mut Vec<T>,
    places: &mut [usize],
    mut read: impl FnMut(&mut usize) -> Option<T>,
) -> bool {
    let first = values.len();
    values.resize(first + places.len(), T::default());
    for (value, place) in values[first..].iter_mut().zip(places) {
        let Some(read) = read(place) else {
            values.truncate(first);
            return false;
        };
        *value = read;
    }
    true
}

/// Appends a value or a null for each place, without a branch on which of them it is; false where `read` yields neither, and
/// then nothing is appended.
#[inline(never)]
pub(super) fn push_each_or_null<T: Copy + Default>(
    values: &mut Vec<T>,
    nulls: &mut NullRows,
    places: &mut [usize],
    mut read: impl FnMut(&mut usize) -> Option<(T, bool)>,
) -> bool {
    let (first, nulls_before) = (values.len(), nulls.count());
    values.resize(first + places.len(), T::default());
    let null_rows = nulls.room(places.len());
    let mut count = 0;
    for (index, (value, place)) in values[first..].iter_mut().zip(places).enumerate() {
        let Some((read, is_null)) = read(place) else {
            values.truncate(first);
            nulls.keep(nulls_before);
            return false;
        };
        *value = read;
        // Written in any case, and counted where it is one: there is a place for each row.
        if let Some(null_row) = null_rows.get_mut(count) {
            *null_row = first + index;
        }
        count += usize::from(is_null);
    }
    nulls.keep(nulls_before + count);
    true
}

/// Values of a fixed-width column.
#[derive(Debug)]
pub(crate) struct Values<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullRows,
}

impl<T: ArrowPrimitiveType> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new(), nulls: NullRows::default() }
    }
}

impl<T: ArrowPrimitiveType> Values<T> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values of the last `count` rows.
    pub(crate) fn last(&self, count: usize) -> &[T::Native] {
        &self.values[self.values.len().saturating_sub(count)..]
    }

    #[inline]
    pub(super) fn push(&mut self, value: T::Native) {
        self.values.push(value);
    }

    /// Appends the value of row `row`; false when that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(super) fn push_at(&mut self, row: usize, value: T::Native) -> bool {
        let is_next = self.values.len() == row;
        if is_next {
            self.values.push(value);
        }
        is_next
    }

    #[inline]
    pub(super) fn push_null(&mut self) {
        self.nulls.push(self.values.len());
        self.values.push(T::Native::default());
    }

    /// Appends a row for each place, whose value `read` yields; false where it yields none, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_each(
        &mut self,
        places: &mut [usize],
        read: impl FnMut(&mut usize) -> Option<T::Native>,
    ) -> bool {
        push_each(&mut self.values, places, read)
    }

    /// The same for rows that may be null, which `read` says behind the value, which then is the default.
    #[inline(always)]
    pub(crate) fn push_each_or_null(
        &mut self,
        places: &mut [usize],
        read: impl FnMut(&mut usize) -> Option<(T::Native, bool)>,
    ) -> bool {
        push_each_or_null(&mut self.values, &mut self.nulls, places, read)
    }

    /// Appends a row for each place: at those whose numbers are `some`, what `read` yields, and at the others `rest`. False where
    /// it yields none, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_some(
        &mut self,
        places: &mut [usize],
        some_and_rest: (&[u8], T::Native),
        read: impl FnMut(&mut usize) -> Option<T::Native>,
    ) -> bool {
        push_some(&mut self.values, places, some_and_rest, read)
    }

    /// The same for rows that may be null, which `read` says behind the value, which then is the default; `rest` is where it is
    /// none.
    #[inline(always)]
    pub(crate) fn push_some_or_null(
        &mut self,
        places: &mut [usize],
        some_and_rest: (&[u8], Option<T::Native>),
        read: impl FnMut(&mut usize) -> Option<(T::Native, bool)>,
    ) -> bool {
        push_some_or_null(&mut self.values, &mut self.nulls, places, some_and_rest, read)
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(rows);
    }

    pub(super) fn finish(&mut self, data_type: DataType) -> PrimitiveArray<T> {
        let nulls = self.nulls.finish(self.values.len());
        PrimitiveArray::new(ScalarBuffer::from(take(&mut self.values)), nulls).with_data_type(data_type)
    }
}

/// Offsets of a variable-width column; the first is 0 always.
#[derive(Debug)]
pub(super) struct Offsets<O> {
    ends: Vec<O>,
}

impl<O: ArrowNativeType + arrow_array::OffsetSizeTrait> Default for Offsets<O> {
    fn default() -> Self {
        Self { ends: vec![O::default()] }
    }
}

impl<O: ArrowNativeType + arrow_array::OffsetSizeTrait> Offsets<O> {
    #[inline]
    pub(super) fn num_rows(&self) -> usize {
        self.ends.len() - 1
    }

    /// Where the last row ends.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.ends[self.ends.len() - 1].as_usize()
    }

    /// Ends a row; false when the offset type cannot count so far.
    #[inline]
    pub(super) fn push(&mut self, end: usize) -> bool {
        match O::from_usize(end) {
            Some(end) => {
                self.ends.push(end);
                true
            }
            None => false,
        }
    }

    /// Ends a row with so many items more, which is null where `is_null` says so; false when the offset type cannot count so far.
    #[inline]
    pub(super) fn push_more(&mut self, items: usize, is_null: bool, nulls: &mut NullRows) -> bool {
        if is_null {
            nulls.push(self.num_rows());
        }
        self.push(self.end() + items)
    }

    /// Ends an empty row.
    #[inline]
    pub(super) fn push_empty(&mut self) {
        self.ends.push(self.ends[self.ends.len() - 1]);
    }

    /// The ends of so many rows more, to be written in place; [`Offsets::truncate`] takes back those that were not.
    #[inline(always)]
    pub(super) fn room(&mut self, rows: usize) -> &mut [O] {
        let len = self.ends.len();
        self.ends.resize(len + rows, O::default());
        &mut self.ends[len..]
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows.saturating_add(1));
    }

    pub(super) fn finish(&mut self) -> OffsetBuffer<O> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(take(&mut self.ends)));
        self.ends.push(O::default());
        offsets
    }
}

/// Variable-width bytes: offsets and data.
#[derive(Debug)]
pub(super) struct ByteRows<O: arrow_array::OffsetSizeTrait> {
    pub(super) data: Vec<u8>,
    pub(super) offsets: Offsets<O>,
    pub(super) nulls: NullRows,
}

impl<O: arrow_array::OffsetSizeTrait> Default for ByteRows<O> {
    fn default() -> Self {
        Self { data: Vec::new(), offsets: Offsets::default(), nulls: NullRows::default() }
    }
}

impl<O: arrow_array::OffsetSizeTrait> ByteRows<O> {
    #[inline]
    pub(super) fn num_rows(&self) -> usize {
        self.offsets.num_rows()
    }

    /// Appends a row; false when the column is full, and then it is as before.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let fits = self.offsets.push(self.data.len() + bytes.len());
        if fits {
            self.data.extend_from_slice(bytes);
        }
        fits
    }

    /// Ends a row whose bytes were appended to `data`; false when the column is full, and then it is as before.
    #[inline]
    pub(super) fn end_row(&mut self) -> bool {
        let fits = self.offsets.push(self.data.len());
        if !fits {
            self.abandon();
        }
        fits
    }

    /// Appends a row for each place in `bytes`: `read` moves the place to where the row begins, and yields how long the row is
    /// and whether it is null. Behind it, places are where rows end.
    ///
    /// False where `read` yields nothing, where rows are not in `bytes` or of more than `most` bytes together, or the column is
    /// full; then nothing is appended.
    #[inline(always)]
    pub(super) fn push_each_or_null(
        &mut self,
        bytes: &[u8],
        places: &mut [usize],
        most: usize,
        read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> bool {
        let (rows, end) = (self.num_rows(), self.data.len());
        let is_appended =
            self.push_each_end(places, most, read).is_some_and(|new_end| self.copy_each(bytes, places, rows, new_end));
        if !is_appended {
            self.data.truncate(end);
            self.truncate(rows);
        }
        is_appended
    }

    /// The first half of it: where rows end. Yields the last end.
    #[inline(never)]
    fn push_each_end(
        &mut self,
        places: &mut [usize],
        most: usize,
        mut read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> Option<usize> {
        let (rows, nulls_before, data_before) = (self.num_rows(), self.nulls.count(), self.data.len());
        self.offsets.ends.resize(rows + 1 + places.len(), O::default());
        let null_rows = self.nulls.room(places.len());
        let (mut end, mut count, mut is_read) = (data_before, 0, true);
        for (index, (row_end, place)) in self.offsets.ends[rows + 1..].iter_mut().zip(places).enumerate() {
            let Some((len, is_null)) = read(place).filter(|(len, _)| *len <= most) else {
                is_read = false;
                break;
            };
            *place += len;
            end += len;
            *row_end = O::usize_as(end);
            // Written in any case, and counted where it is one: there is a place for each row.
            if let Some(null_row) = null_rows.get_mut(count) {
                *null_row = rows + index;
            }
            count += usize::from(is_null);
        }
        self.nulls.keep(nulls_before + count);
        let fits = end - data_before <= most && O::from_usize(end).is_some();
        (is_read && fits).then_some(end)
    }

    /// The second half: the bytes of rows from `rows` on, which end at their places. A known number of bytes is copied faster
    /// than one that depends on the row.
    #[inline(never)]
    fn copy_each(&mut self, bytes: &[u8], places: &[usize], rows: usize, new_end: usize) -> bool {
        const WINDOW: usize = 64;
        let mut start = self.data.len();
        self.data.resize(new_end + WINDOW, 0);
        let data = &mut *self.data;
        for (end, place) in self.offsets.ends[rows + 1..].iter().zip(places) {
            let end = end.as_usize();
            let len = end.wrapping_sub(start);
            let from = place.wrapping_sub(len);
            let window = bytes.get(from..).and_then(<[u8]>::first_chunk::<WINDOW>);
            let room = data.get_mut(start..).and_then(<[u8]>::first_chunk_mut::<WINDOW>);
            match (window, room) {
                (Some(window), Some(room)) if len <= WINDOW => *room = *window,
                _ => match (bytes.get(from..*place), data.get_mut(start..end)) {
                    (Some(row), Some(room)) if row.len() == room.len() => room.copy_from_slice(row),
                    _ => return false,
                },
            }
            start = end;
        }
        self.data.truncate(new_end);
        true
    }

    /// Puts rows into another order: of each of them, where it is.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        const WINDOW: usize = 64;
        let room = Vec::with_capacity(self.data.capacity().max(self.data.len() + WINDOW));
        let before = std::mem::replace(&mut self.data, room);
        let room = Vec::with_capacity(self.offsets.ends.capacity());
        let ends = std::mem::replace(&mut self.offsets.ends, room);
        self.offsets.ends.push(O::default());
        self.data.resize(before.len() + WINDOW, 0);
        let mut at = 0;
        for row in order {
            let row = *row as usize;
            let (start, end) = (ends[row].as_usize(), ends[row + 1].as_usize());
            let behind = at + (end - start);
            let window = before.get(start..).and_then(<[u8]>::first_chunk::<WINDOW>);
            let room = self.data.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<WINDOW>);
            match (window, room) {
                (Some(window), Some(room)) if end - start <= WINDOW => *room = *window,
                _ => self.data[at..behind].copy_from_slice(&before[start..end]),
            }
            self.offsets.ends.push(O::usize_as(behind));
            at = behind;
        }
        self.data.truncate(at);
        self.nulls.reorder(order);
    }

    /// The bytes of a row.
    pub(super) fn row(&self, index: usize) -> &[u8] {
        &self.data[self.offsets.ends[index].as_usize()..self.offsets.ends[index + 1].as_usize()]
    }

    /// Whether no row ends, and the next one begins, within a character of UTF-8.
    pub(super) fn end_at_chars(&self) -> bool {
        let is_inside = |end: &O| self.data.get(end.as_usize()).is_some_and(|byte| byte & 0xc0 == 0x80);
        !self.offsets.ends.iter().any(is_inside)
    }

    /// Drops what was appended to `data` since the last row.
    pub(super) fn abandon(&mut self) {
        self.data.truncate(self.offsets.end());
    }

    #[inline]
    pub(super) fn push_null(&mut self) {
        self.nulls.push(self.num_rows());
        self.offsets.push_empty();
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows);
        self.nulls.truncate(rows);
        self.abandon();
    }

    pub(super) fn finish<T: ByteArrayType<Offset = O>>(&mut self) -> arrow_array::GenericByteArray<T> {
        let (offsets, data, nulls) = self.finish_parts();
        arrow_array::GenericByteArray::new(offsets, data, nulls)
    }

    /// What the array is made of. The last offset is the data's length, and there is one row per offset but the first.
    pub(super) fn finish_parts(&mut self) -> (OffsetBuffer<O>, Buffer, Option<NullBuffer>) {
        let nulls = self.nulls.finish(self.num_rows());
        let data = Buffer::from_vec(take(&mut self.data));
        (self.offsets.finish(), data, nulls)
    }
}
