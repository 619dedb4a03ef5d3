//! Columns of JSON text (`arrow.json`).

use std::sync::Arc;

use arrow_array::ArrayRef;

use super::{ColumnOps, Mismatch, Scalar, number::IntegerText, utf8::Utf8Rows};
use crate::json::syntax::Scanner;

/// Builds a column of JSON text. Text from elsewhere, such as a CSV field, must be one JSON document.
#[derive(Debug, Default)]
pub struct JsonColumn {
    rows: Utf8Rows<i32>,
    scanner: Scanner,
}

impl JsonColumn {
    /// Appends text that is known to be one JSON document.
    ///
    /// # Errors
    /// The column is full.
    #[inline]
    pub fn push_document(&mut self, text: &str) -> Result<(), Mismatch> {
        if self.rows.push(text) { Ok(()) } else { Err(Mismatch::Range) }
    }
}

impl ColumnOps for JsonColumn {
    #[inline]
    fn num_rows(&self) -> usize {
        self.rows.num_rows()
    }

    #[inline]
    fn push_null(&mut self) {
        self.rows.push_null();
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        match scalar {
            Scalar::Bool(v) => self.push_document(if v { "true" } else { "false" }),
            Scalar::I64(v) => self.push_document(IntegerText::new(i128::from(v)).as_str()),
            Scalar::U64(v) => self.push_document(IntegerText::new(i128::from(v)).as_str()),
            Scalar::F64(v) if v.is_finite() => self.push_document(ryu::Buffer::new().format(v)),
            Scalar::F64(_) => Err(Mismatch::Range),
            Scalar::Number(text) | Scalar::Str(text) | Scalar::Text(text) => {
                if !self.scanner.is_document(text.as_bytes()) {
                    return Err(Mismatch::Type);
                }
                self.push_document(text)
            }
            Scalar::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.push_scalar(Scalar::Text(text)),
                Err(_) => Err(Mismatch::Type),
            },
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.rows.finish())
    }
}
