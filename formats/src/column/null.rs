//! Columns of type NULL, which inference gives a field that was null in every sample.

use std::sync::Arc;

use arrow_array::{ArrayRef, NullArray};

use super::{ColumnOps, Mismatch, Scalar};

/// Builds a column that can hold nulls only.
#[derive(Debug, Default)]
pub struct NullColumn {
    rows: usize,
}

impl ColumnOps for NullColumn {
    fn num_rows(&self) -> usize {
        self.rows
    }

    fn push_null(&mut self) {
        self.rows += 1;
    }

    fn push_scalar(&mut self, _: Scalar<'_>) -> Result<(), Mismatch> {
        Err(Mismatch::Type)
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(NullArray::new(std::mem::take(&mut self.rows)))
    }
}
