//! VARCHAR columns of views.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray, builder::make_view};
use arrow_buffer::{Buffer, ScalarBuffer};

use super::{
    ColumnOps, Mismatch, Scalar,
    storage::{NullRows, take},
    text::as_text,
};

/// Longest text that lies in the view itself.
const INLINE_BYTES: u32 = 12;

/// Builds a Utf8View column over one data block.
#[derive(Debug, Default)]
pub struct TextViewColumn {
    views: Vec<u128>,
    data: Vec<u8>,
    nulls: NullRows,
}

impl ColumnOps for TextViewColumn {
    #[inline]
    fn num_rows(&self) -> usize {
        self.views.len()
    }

    #[inline]
    fn push_null(&mut self) {
        self.nulls.push(self.views.len());
        self.views.push(0);
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let text = as_text(scalar)?.as_bytes();
        // Views count in 31 bits.
        let offset = i32::try_from(self.data.len()).map_err(|_| Mismatch::Range)?;
        let len = i32::try_from(text.len()).map_err(|_| Mismatch::Range)?;
        self.views.push(make_view(text, 0, offset as u32));
        if len as u32 > INLINE_BYTES {
            self.data.extend_from_slice(text);
        }
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        if rows >= self.views.len() {
            return;
        }
        // The length is in the view's low 32 bits, the offset in its high ones.
        let first_long = self.views[rows..].iter().find(|v| **v as u32 > INLINE_BYTES);
        if let Some(view) = first_long {
            self.data.truncate((view >> 96) as usize);
        }
        self.views.truncate(rows);
        self.nulls.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        let nulls = self.nulls.finish(self.views.len());
        let data = Buffer::from_vec(take(&mut self.data));
        let views = ScalarBuffer::from(take(&mut self.views));
        Arc::new(StringViewArray::new(views, vec![data], nulls))
    }
}
