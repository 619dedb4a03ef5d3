//! Memory of column builders: vectors that stay, and nulls that cost nothing while there are none.

use arrow_array::{ArrowPrimitiveType, PrimitiveArray, types::ByteArrayType};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

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

/// Values of a fixed-width column.
#[derive(Debug)]
pub(super) struct Values<T: ArrowPrimitiveType> {
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
