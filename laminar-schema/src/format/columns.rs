//! Formats whose files hold columns: read as such, without records in between.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};

use crate::{
    error::SchemaResult,
    evolution::{self, SchemaChange},
    field::payload_key,
    predicate::Predicate,
};

/// What of a table is wanted. A source that can leaves the rest unread; one that cannot ignores it.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The frozen schema.
    pub schema: SchemaRef,
    /// Indices of its columns that anybody looks at, growing. Others need not be in what is read.
    pub columns: Vec<usize>,
    /// What is true of every row that anybody wants. The pipeline drops all other rows whether or not a source yields
    /// them; a source may leave those unread that it knows to be dropped. Indices at and beyond the number of columns
    /// of `schema` are metadata columns.
    pub predicate: Option<Predicate>,
    /// Whether anybody looks at the headers of records: a metadata column, or dead letters. A decoder does not: its records
    /// may come without them.
    pub headers: bool,
    /// Schemas that files may have. A source of files that say theirs stops before the first one that has more than each of
    /// these ([`Scan::is_new`]), and yields it in place of its rows ([`SourceBatch::file`](crate::SourceBatch::file)). Where
    /// there are none, nobody asks: it leaves out what the frozen schema lacks.
    pub known: Vec<SchemaRef>,
}

impl Scan {
    /// All columns and rows.
    pub fn all(schema: SchemaRef) -> Self {
        let columns = (0..schema.fields().len()).collect();
        Self { schema, columns, predicate: None, headers: true, known: Vec::new() }
    }

    /// Whether a file's schema has fields, at any depth, that all known schemas lack, or types that hold more than theirs.
    pub fn is_new(&self, file: &Schema) -> bool {
        let has_more = |change: &SchemaChange| {
            matches!(change, SchemaChange::ColumnAdded { .. } | SchemaChange::TypeWidened { .. })
        };
        // A schema is no change of itself, even where a comparison finds one: fields that share an id have no counterparts. A source
        // that stopped before it again would never come to its rows.
        let covers = |known: &SchemaRef| {
            known.fields() == file.fields() || !evolution::diff(&of_payload(known), file).iter().any(has_more)
        };
        !self.known.is_empty() && !self.known.iter().any(covers)
    }
}

/// The columns under the names that files have for them.
fn of_payload(schema: &Schema) -> Schema {
    let named = |field: &std::sync::Arc<Field>| field.as_ref().clone().with_name(payload_key(field));
    Schema::new(schema.fields().iter().map(named).collect::<Vec<_>>())
}

/// How a file of columns is read.
#[derive(Debug, Clone, Copy)]
pub struct ColumnsRequest<'a> {
    /// What is wanted of it. Without it, all that the file has, as the file has it.
    pub scan: Option<&'a Scan>,
    /// The first row to yield: how many rows of the file come before it. This is a position too; which part of the file
    /// it lies in follows from what the file says of itself.
    pub from_row: u64,
    /// Rows of a batch, at most.
    pub max_batch_rows: usize,
    /// Bytes of a batch, about, as far as the file tells how large its rows are.
    pub max_batch_bytes: usize,
}

/// A file of columns that is being read.
///
/// Dispatched at run time: one virtual call per batch, none per row. What it yields are columns already, so nothing per
/// row is left to dispatch.
pub trait ColumnsReader: Send {
    /// The next rows; `None` behind the last one.
    ///
    /// # Errors
    /// The file cannot be read, or does not fit the frozen schema. Nothing comes behind an error.
    fn next(&mut self) -> SchemaResult<Option<ColumnsBatch>>;
}

/// Rows of a file of columns.
#[derive(Debug, Clone)]
pub struct ColumnsBatch {
    /// The columns wanted, in the types of the frozen schema. Without rows where the rest of the file is left unread.
    pub columns: RecordBatch,
    /// Which rows of the file they are, in growing order.
    pub rows: Vec<Range<u64>>,
    /// Where reading goes on behind them: rows of the file before it, also those that were left unread.
    pub next_row: u64,
    /// What was left unread since the batch before.
    pub skipped: Skipped,
}

/// What was left unread because the predicate is true of none of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Whole groups of rows, as the format has them.
    pub row_groups: u64,
    /// Rows, in those groups and in others.
    pub rows: u64,
}

impl Skipped {
    /// Adds what was left unread elsewhere.
    pub fn add(&mut self, other: Self) {
        self.row_groups += other.row_groups;
        self.rows += other.rows;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::DataType;

    use super::*;
    use crate::field::{FIELD_ID_METADATA, KEY_METADATA};

    #[test]
    fn a_schema_that_is_known_is_not_new() {
        let field = |name: &str, key: &str, value: &str| {
            let metadata = [(key.to_owned(), value.to_owned())].into();
            Field::new(name, DataType::Int64, true).with_metadata(metadata)
        };
        for (what, fields) in [
            (
                "ids of fields that are no ids",
                vec![field("a", FIELD_ID_METADATA, "0"), field("b", FIELD_ID_METADATA, "0")],
            ),
            ("a payload's name, written along", vec![field("p_a", KEY_METADATA, "a")]),
        ] {
            let file = Arc::new(Schema::new(fields));
            let other = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, true)]));
            let with = |known: Vec<SchemaRef>| Scan { known, ..Scan::all(Arc::clone(&other)) };
            assert!(with(vec![Arc::clone(&other)]).is_new(&file), "{what}");
            assert!(!with(vec![Arc::clone(&other), Arc::clone(&file)]).is_new(&file), "{what}");
        }
    }
}
