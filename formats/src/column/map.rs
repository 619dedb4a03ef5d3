//! MAP columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, MapArray, StructArray};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use laminar_schema::{SchemaResult, resolve::ResolveError, types::field_type_name};

use super::{
    Column, ColumnOps, ColumnOptions, Mismatch, Scalar,
    storage::{NullRows, Offsets},
};

/// Builds a MAP column: push keys and values in pairs, then [`MapColumn::end_row`].
#[derive(Debug)]
pub struct MapColumn {
    entries: FieldRef,
    pair: Fields,
    sorted: bool,
    key: Box<Column>,
    value: Box<Column>,
    offsets: Offsets<i32>,
    nulls: NullRows,
}

impl MapColumn {
    /// A builder of maps with `entries` of two fields, key and value.
    ///
    /// # Errors
    /// As [`Column::new`], for keys and values; entries that are no pair; keys that are no scalars.
    pub fn new(entries: &FieldRef, sorted: bool, options: &ColumnOptions) -> SchemaResult<Self> {
        let unsupported = || ResolveError::UnsupportedType {
            column: entries.name().clone(),
            data_type: field_type_name(entries),
            help: "a MAP has scalar keys and one value for each",
        };
        let DataType::Struct(pair) = entries.data_type() else { return Err(unsupported().into()) };
        let [key, value] = &pair[..] else { return Err(unsupported().into()) };
        if key.data_type().is_nested() || key.is_nullable() && key.data_type().is_null() {
            return Err(unsupported().into());
        }
        Ok(Self {
            entries: Arc::clone(entries),
            pair: pair.clone(),
            sorted,
            key: Box::new(Column::new(key, options)?),
            value: Box::new(Column::new(value, options).map_err(|e| e.in_field("[]"))?),
            offsets: Offsets::default(),
            nulls: NullRows::default(),
        })
    }

    /// The builder of the keys.
    #[inline]
    pub fn key(&mut self) -> &mut Column {
        &mut self.key
    }

    /// The builder of the values.
    #[inline]
    pub fn value(&mut self) -> &mut Column {
        &mut self.value
    }

    /// The builder of the keys and their field.
    #[inline]
    pub fn key_and_field(&mut self) -> (&mut Column, &Field) {
        (&mut self.key, &self.pair[0])
    }

    /// The builder of the values and their field.
    #[inline]
    pub fn value_and_field(&mut self) -> (&mut Column, &Field) {
        (&mut self.value, &self.pair[1])
    }

    /// Ends a row with so many pairs, which are pushed later, or a null one; false where the offsets cannot count so far.
    #[inline]
    pub(crate) fn end_row_of(&mut self, pairs: Option<usize>) -> bool {
        self.offsets.push_more(pairs.unwrap_or(0), pairs.is_none(), &mut self.nulls)
    }

    /// Ends a row with the pairs pushed since the last one.
    ///
    /// # Errors
    /// More pairs in the batch than the offsets can count; the row is dropped.
    #[inline]
    pub fn end_row(&mut self) -> Result<(), Mismatch> {
        if self.offsets.push(self.key.num_rows()) {
            return Ok(());
        }
        self.drop_open_pairs();
        Err(Mismatch::Range)
    }

    fn drop_open_pairs(&mut self) {
        self.key.truncate(self.offsets.end());
        self.value.truncate(self.offsets.end());
    }
}

impl ColumnOps for MapColumn {
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
        self.drop_open_pairs();
    }

    fn finish(&mut self) -> ArrayRef {
        let nulls = self.nulls.finish(self.num_rows());
        let columns = vec![self.key.finish(), self.value.finish()];
        let pairs = StructArray::new(self.pair.clone(), columns, None);
        Arc::new(MapArray::new(Arc::clone(&self.entries), self.offsets.finish(), pairs, nulls, self.sorted))
    }
}
