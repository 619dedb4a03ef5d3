//! The columns of a decoder whose records name their fields.

use arrow_array::{RecordBatch, RecordBatchOptions, UInt32Array, new_empty_array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use laminar_schema::{SchemaResult, default_value::DefaultFiller};

use crate::column::{ColumnOps, ColumnOptions, OnAbsent, StructColumn, StructField};

/// A row per record, in the columns of a schema.
#[derive(Debug)]
pub(crate) struct RootRows {
    schema: SchemaRef,
    /// What the format fills.
    pub(crate) root: StructColumn,
    defaults: DefaultFiller,
}

impl RootRows {
    /// No rows yet. A field that has a DEFAULT gets it where a record lacks the field: [`OnAbsent::Default`].
    ///
    /// # Errors
    /// A column type that no record can fill; a DEFAULT that does not fit.
    pub(crate) fn new(schema: SchemaRef, options: &ColumnOptions) -> SchemaResult<Self> {
        let mut root = StructColumn::new(schema.fields(), options)?;
        let defaults = DefaultFiller::new(&schema)?;
        for (index, field) in root.fields.iter_mut().enumerate() {
            if defaults.has_default(index) {
                field.on_absent = OnAbsent::Default;
            }
        }
        Ok(Self { schema, root, defaults })
    }

    /// The schema of the rows.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows so far.
    #[inline]
    pub(crate) fn num_rows(&self) -> usize {
        self.root.num_rows()
    }

    /// Hands out all rows as [`RootRows::finish`] does, in another order: of each of them, where it is.
    ///
    /// # Errors
    /// Columns that are no batch, which would be the format's fault.
    pub(crate) fn finish_in(&mut self, order: &[u32]) -> SchemaResult<RecordBatch> {
        let in_order = |field: &mut StructField| field.default_rows.is_empty() && field.column.reorder(order);
        let in_order: Vec<bool> = self.root.fields.iter_mut().map(in_order).collect();
        let (schema, mut arrays, rows) = self.finish()?.into_parts();
        let indices = UInt32Array::from(order.to_vec());
        for (array, _) in arrays.iter_mut().zip(in_order).filter(|(_, in_order)| !in_order) {
            *array = take(array, &indices, None)?;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }

    /// Hands out all rows and starts over, warm.
    ///
    /// # Errors
    /// Columns that are no batch, which would be the format's fault.
    pub(crate) fn finish(&mut self) -> SchemaResult<RecordBatch> {
        let rows = self.root.num_rows();
        let mut arrays = self.root.finish_fields();
        for (index, field) in self.root.fields.iter_mut().enumerate() {
            if !field.default_rows.is_empty() {
                let array = std::mem::replace(&mut arrays[index], new_empty_array(field.field.data_type()));
                arrays[index] = self.defaults.fill(index, array, &field.default_rows)?;
                field.default_rows.clear();
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), arrays, &options)?)
    }
}
