//! BOOLEAN columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, Buffer};

use super::{
    ColumnOps, Mismatch, Scalar,
    some::{push_some, push_some_or_null},
    storage::{NullRows, push_each, push_each_or_null},
};

/// Builds a BOOLEAN column. Untyped text is `true` or `false` in any case; a number is never a boolean.
#[derive(Debug, Default)]
pub struct BooleanColumn {
    /// A byte each, which is less work per row than a bit each.
    values: Vec<bool>,
    nulls: NullRows,
}

impl BooleanColumn {
    /// Appends the value of row `row`; false when that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, value: bool) -> bool {
        let is_next = self.values.len() == row;
        if is_next {
            self.push(value);
        }
        is_next
    }

    /// Appends a value.
    #[inline]
    pub(crate) fn push(&mut self, value: bool) {
        self.values.push(value);
    }

    /// Appends a row for each place, whose value `read` yields; false where it yields none, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_each(&mut self, places: &mut [usize], read: impl FnMut(&mut usize) -> Option<bool>) -> bool {
        push_each(&mut self.values, places, read)
    }

    /// The same for rows that may be null, which `read` says behind the value, which then is the default.
    #[inline(always)]
    pub(crate) fn push_each_or_null(
        &mut self,
        places: &mut [usize],
        read: impl FnMut(&mut usize) -> Option<(bool, bool)>,
    ) -> bool {
        push_each_or_null(&mut self.values, &mut self.nulls, places, read)
    }

    /// Appends a row for each place: at those whose numbers are `some`, what `read` yields, and at the others `rest`. False where
    /// it yields none, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_some(
        &mut self,
        places: &mut [usize],
        some_and_rest: (&[u8], bool),
        read: impl FnMut(&mut usize) -> Option<bool>,
    ) -> bool {
        push_some(&mut self.values, places, some_and_rest, read)
    }

    /// The same for rows that may be null, which `read` says behind the value; `rest` is where it is none.
    #[inline(always)]
    pub(crate) fn push_some_or_null(
        &mut self,
        places: &mut [usize],
        some_and_rest: (&[u8], Option<bool>),
        read: impl FnMut(&mut usize) -> Option<(bool, bool)>,
    ) -> bool {
        push_some_or_null(&mut self.values, &mut self.nulls, places, some_and_rest, read)
    }
}

impl ColumnOps for BooleanColumn {
    #[inline]
    fn num_rows(&self) -> usize {
        self.values.len()
    }

    #[inline]
    fn push_null(&mut self) {
        self.nulls.push(self.values.len());
        self.push(false);
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let value = match scalar {
            Scalar::Bool(value) => value,
            Scalar::Text(text) if text.eq_ignore_ascii_case("true") => true,
            Scalar::Text(text) if text.eq_ignore_ascii_case("false") => false,
            _ => return Err(Mismatch::Type),
        };
        self.push(value);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        let rows = self.values.len();
        let nulls = self.nulls.finish(rows);
        let (whole, rest) = self.values.as_chunks::<8>();
        let mut bits = Vec::with_capacity(rows.div_ceil(8));
        bits.extend(whole.iter().map(packed));
        if !rest.is_empty() {
            let mut last = [false; 8];
            last[..rest.len()].copy_from_slice(rest);
            bits.push(packed(&last));
        }
        self.values.clear();
        Arc::new(BooleanArray::new(BooleanBuffer::new(Buffer::from_vec(bits), 0, rows), nulls))
    }
}

/// Eight values as bits, the first one in the lowest.
#[inline]
fn packed(values: &[bool; 8]) -> u8 {
    // Each product moves a value's bit to its place in the top byte.
    const PLACES: u64 = 0x0102_0408_1020_4080;
    (u64::from_le_bytes(values.map(u8::from)).wrapping_mul(PLACES) >> 56) as u8
}
