//! BOOLEAN columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, Buffer};

use super::{ColumnOps, Mismatch, Scalar, storage::NullRows};

/// Builds a BOOLEAN column. Untyped text is `true` or `false` in any case; a number is never a boolean.
#[derive(Debug, Default)]
pub struct BooleanColumn {
    bits: Vec<u8>,
    rows: usize,
    nulls: NullRows,
}

impl BooleanColumn {
    /// Appends the value of row `row`; false when that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, value: bool) -> bool {
        let is_next = self.rows == row;
        if is_next {
            self.push(value);
        }
        is_next
    }

    /// Appends a value.
    #[inline]
    pub(crate) fn push(&mut self, value: bool) {
        if self.rows.is_multiple_of(8) {
            self.bits.push(0);
        }
        self.bits[self.rows / 8] |= u8::from(value) << (self.rows % 8);
        self.rows += 1;
    }
}

impl ColumnOps for BooleanColumn {
    #[inline]
    fn num_rows(&self) -> usize {
        self.rows
    }

    #[inline]
    fn push_null(&mut self) {
        self.nulls.push(self.rows);
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
        if rows >= self.rows {
            return;
        }
        self.rows = rows;
        self.bits.truncate(rows.div_ceil(8));
        // Bits of rows to come are written with `or`, so they must be clear.
        if let (Some(last), used @ 1..) = (self.bits.last_mut(), rows % 8) {
            *last &= (1 << used) - 1;
        }
        self.nulls.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        let rows = std::mem::take(&mut self.rows);
        let nulls = self.nulls.finish(rows);
        let bits = Buffer::from_vec(super::storage::take(&mut self.bits));
        Arc::new(BooleanArray::new(BooleanBuffer::new(bits, 0, rows), nulls))
    }
}
