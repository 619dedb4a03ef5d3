//! Where the columns of the new schema come from.

/// For each column of the new schema, its index in the old one; `None` for a column to fill with its DEFAULT or null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnProjection {
    /// One entry per column of the new schema.
    pub mappings: Vec<Option<usize>>,
}
