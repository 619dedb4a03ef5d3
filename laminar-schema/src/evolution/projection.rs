//! Where the fields of the new schema come from.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::BatchProjector;
use crate::error::SchemaResult;

/// For each column of the new schema, its index in the old one; `None` for a column to fill with its DEFAULT or null.
///
/// The same for nested fields: of a struct its fields, of a list its item (index 0), of a map its key (0) and value (1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnProjection {
    /// One entry per column of the new schema.
    pub mappings: Vec<Option<usize>>,
    /// By index of the new column: what is inside it, where that is not all in its old place.
    pub nested: BTreeMap<usize, ColumnProjection>,
}

impl ColumnProjection {
    /// A projection of whole columns.
    pub fn of_columns(mappings: Vec<Option<usize>>) -> Self {
        Self { mappings, nested: BTreeMap::new() }
    }

    /// Makes a batch of the new schema of one of the old schema.
    ///
    /// This works out again what to do for every batch; where there are many, make one [`BatchProjector`], which also says
    /// what each column costs.
    ///
    /// # Errors
    /// As [`BatchProjector::new`] and [`BatchProjector::project`].
    pub fn project(&self, batch: &RecordBatch, schema: &SchemaRef) -> SchemaResult<RecordBatch> {
        BatchProjector::new(self, &batch.schema(), schema)?.project(batch)
    }
}
