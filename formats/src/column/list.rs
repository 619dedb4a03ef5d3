//! List columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeListArray, GenericListArray, OffsetSizeTrait};
use arrow_schema::{Field, FieldRef};
use laminar_schema::SchemaResult;

use super::{
    Column, ColumnOps, ColumnOptions, Mismatch, Scalar,
    storage::{NullRows, Offsets},
};

/// Builds a List or LargeList column: push items into [`ListColumn::item`], then [`ListColumn::end_row`].
#[derive(Debug)]
pub struct ListColumn<O: OffsetSizeTrait> {
    field: FieldRef,
    item: Box<Column>,
    offsets: Offsets<O>,
    nulls: NullRows,
}

impl<O: OffsetSizeTrait> ListColumn<O> {
    /// A builder of lists of `item`.
    ///
    /// # Errors
    /// As [`Column::new`], for the items.
    pub fn new(item: &FieldRef, options: &ColumnOptions) -> SchemaResult<Self> {
        let column = Column::new(item, options).map_err(|e| e.in_field("[]"))?;
        Ok(Self {
            field: Arc::clone(item),
            item: Box::new(column),
            offsets: Offsets::default(),
            nulls: NullRows::default(),
        })
    }

    /// The builder of the items.
    #[inline]
    pub fn item(&mut self) -> &mut Column {
        &mut self.item
    }

    /// The builder of the items and their field.
    #[inline]
    pub fn item_and_field(&mut self) -> (&mut Column, &Field) {
        (&mut self.item, &self.field)
    }

    /// Ends a row with so many items, which are pushed later, or a null one; false where the offsets cannot count so far.
    #[inline]
    pub(crate) fn end_row_of(&mut self, items: Option<usize>) -> bool {
        self.offsets.push_more(items.unwrap_or(0), items.is_none(), &mut self.nulls)
    }

    /// Ends a row with the items pushed since the last one.
    ///
    /// # Errors
    /// More items in the batch than the offsets can count; the row is dropped.
    #[inline]
    pub fn end_row(&mut self) -> Result<(), Mismatch> {
        if self.offsets.push(self.item.num_rows()) {
            return Ok(());
        }
        self.item.truncate(self.offsets.end());
        Err(Mismatch::Range)
    }
}

impl<O: OffsetSizeTrait> ColumnOps for ListColumn<O> {
    fn num_rows(&self) -> usize {
        self.offsets.num_rows()
    }

    fn push_null(&mut self) {
        self.nulls.push(self.num_rows());
        self.offsets.push_empty();
    }

    fn push_scalar(&mut self, _: Scalar<'_>) -> Result<(), Mismatch> {
        Err(Mismatch::Type)
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows);
        self.nulls.truncate(rows);
        self.item.truncate(self.offsets.end());
    }

    fn finish(&mut self) -> ArrayRef {
        let nulls = self.nulls.finish(self.num_rows());
        let items = self.item.finish();
        Arc::new(GenericListArray::<O>::new(Arc::clone(&self.field), self.offsets.finish(), items, nulls))
    }
}

/// Builds a FixedSizeList column: push items, then [`FixedListColumn::end_row`].
#[derive(Debug)]
pub struct FixedListColumn {
    field: FieldRef,
    item: Box<Column>,
    width: usize,
    rows: usize,
    nulls: NullRows,
}

impl FixedListColumn {
    /// A builder of lists of `width` items.
    ///
    /// # Errors
    /// As [`Column::new`], for the items.
    pub fn new(item: &FieldRef, width: i32, options: &ColumnOptions) -> SchemaResult<Self> {
        let column = Column::new(item, options).map_err(|e| e.in_field("[]"))?;
        Ok(Self {
            field: Arc::clone(item),
            item: Box::new(column),
            width: usize::try_from(width).unwrap_or(0),
            rows: 0,
            nulls: NullRows::default(),
        })
    }

    /// The builder of the items.
    #[inline]
    pub fn item(&mut self) -> &mut Column {
        &mut self.item
    }

    /// The builder of the items and their field.
    #[inline]
    pub fn item_and_field(&mut self) -> (&mut Column, &Field) {
        (&mut self.item, &self.field)
    }

    /// Ends a row with the items pushed since the last one.
    ///
    /// # Errors
    /// They are not as many as the type says; the row is dropped.
    pub fn end_row(&mut self) -> Result<(), Mismatch> {
        if self.item.num_rows() == (self.rows + 1) * self.width {
            self.rows += 1;
            return Ok(());
        }
        self.item.truncate(self.rows * self.width);
        Err(Mismatch::Range)
    }
}

impl ColumnOps for FixedListColumn {
    fn num_rows(&self) -> usize {
        self.rows
    }

    fn push_null(&mut self) {
        self.nulls.push(self.rows);
        self.rows += 1;
        for _ in 0..self.width {
            self.item.push_null();
        }
    }

    fn push_scalar(&mut self, _: Scalar<'_>) -> Result<(), Mismatch> {
        Err(Mismatch::Type)
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.nulls.truncate(rows);
        self.item.truncate(self.rows * self.width);
    }

    fn finish(&mut self) -> ArrayRef {
        let rows = std::mem::take(&mut self.rows);
        let nulls = self.nulls.finish(rows);
        let items = self.item.finish();
        debug_assert_eq!(items.len(), rows * self.width);
        // Lists of no items leave the number of rows to be said.
        let width = self.width as i32;
        let array = FixedSizeListArray::try_new_with_length(Arc::clone(&self.field), width, items, nulls, rows);
        match array {
            Ok(array) => Arc::new(array),
            // Lengths agree by `end_row` and `push_null`; items that are null in a NOT NULL item are refused upstream.
            Err(_) => unreachable!("a fixed-size list's items do not match its rows"),
        }
    }
}
