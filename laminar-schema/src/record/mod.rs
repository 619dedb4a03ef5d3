//! Raw records on their way from a source to a decoder.
//!
//! Lives here: the owned single record of the specification ([`RawRecord`]), the arena that Ring 1 uses
//! ([`RawBatch`]), and what a source hands over ([`SourceBatch`]). Does not live here: anything that looks inside
//! a record's bytes.

mod batch;
mod owned;

pub use batch::{ARENA_PADDING, NewRecord, PartitionInfo, RawBatch, RecordRef};
pub use owned::{RawRecord, SourceMetadata};

use std::{ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{format::Skipped, position::Positions};

/// What one poll of a source yields: content, and the place to resume after it.
///
/// Reused from poll to poll, so that a warm source allocates nothing per record.
#[derive(Debug, Default)]
pub struct SourceBatch {
    content: BatchContent,
    /// Where to resume once everything in this batch is safe downstream.
    pub positions: Positions,
    /// Where columns come from, as far as the source knows: what metadata columns show.
    pub origin: Option<RowsOrigin>,
    /// What a table source left unread on its way to this batch.
    pub skipped: Skipped,
    /// A file that the source has stopped before, since its schema is new ([`Scan::is_new`](crate::Scan::is_new)). The batch
    /// has no rows then, and the stream no others: the source is started anew, behind `positions`.
    pub file: Option<FileSchema>,
}

/// A file and its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSchema {
    /// Its partition: its path.
    pub partition: Arc<str>,
    /// What it says that it has.
    pub schema: SchemaRef,
}

/// Where the rows of a batch of columns come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsOrigin {
    /// Their partition: a file's path.
    pub partition: Arc<str>,
    /// Their numbers in it, in the order of the rows.
    pub rows: Vec<Range<u64>>,
}

/// Either bytes to decode, or columns that a table source already has.
#[derive(Debug)]
pub enum BatchContent {
    /// Records to decode.
    Raw(RawBatch),
    /// Columns of a table source (Parquet, Iceberg, CDC): no decoding, but still projection and evolution.
    Columns(RecordBatch),
}

impl Default for BatchContent {
    fn default() -> Self {
        Self::Raw(RawBatch::new())
    }
}

impl SourceBatch {
    /// An empty batch, to be filled by a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the batch holds.
    pub fn content(&self) -> &BatchContent {
        &self.content
    }

    /// The raw records to append to; columns held before are dropped.
    pub fn raw_mut(&mut self) -> &mut RawBatch {
        if let BatchContent::Columns(_) = self.content {
            self.content = BatchContent::default();
        }
        match &mut self.content {
            BatchContent::Raw(raw) => raw,
            BatchContent::Columns(_) => unreachable!("columns were replaced above"),
        }
    }

    /// Makes the batch one of columns; raw records held before are dropped.
    pub fn set_columns(&mut self, batch: RecordBatch) {
        self.content = BatchContent::Columns(batch);
    }

    /// Empties content and positions, keeping what was allocated.
    pub fn clear(&mut self) {
        match &mut self.content {
            BatchContent::Raw(raw) => raw.clear(),
            BatchContent::Columns(_) => self.content = BatchContent::default(),
        }
        self.positions.clear();
        self.origin = None;
        self.skipped = Skipped::default();
        self.file = None;
    }

    /// Records or rows in the batch.
    pub fn len(&self) -> usize {
        match &self.content {
            BatchContent::Raw(raw) => raw.len(),
            BatchContent::Columns(batch) => batch.num_rows(),
        }
    }

    /// True when the batch holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
