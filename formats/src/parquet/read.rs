//! One file as batches of the frozen schema's columns, row group by row group.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{ColumnsBatch, ColumnsReader, ColumnsRequest, FormatFile, SchemaError, SchemaResult, Skipped};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
    },
};

use super::{
    ParquetOptions,
    describe::footer,
    error::{ParquetReadError, guarded},
    file::SharedFile,
    project::Projection,
    prune,
};

/// A batch that is larger than asked for by more than this factor has the next ones made smaller.
const MAX_EXCESS: usize = 4;

/// Reads a file.
///
/// Memory: one batch, and of each wanted column one page with its dictionary.
#[derive(Debug)]
pub(super) struct ParquetColumns {
    file: SharedFile<'static>,
    footer: ArrowReaderMetadata,
    projection: Projection,
    mask: ProjectionMask,
    groups: VecDeque<Group>,
    reading: Option<Reading>,
    max_batch_rows: usize,
    max_batch_bytes: usize,
    /// Where reading goes on, and where the last batch said so.
    next_row: u64,
    told_row: u64,
    skipped: Skipped,
}

/// A row group, and what of it is to be read: rows of the file, in growing order.
#[derive(Debug, Clone)]
struct Group {
    index: usize,
    rows: Range<u64>,
    wanted: VecDeque<Range<u64>>,
}

/// A row group that is being read.
struct Reading {
    group: Group,
    reader: ParquetRecordBatchReader,
    batch_rows: usize,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("group", &self.group).finish_non_exhaustive()
    }
}

impl ParquetColumns {
    /// Opens a file: reads its footer, and decides what of it is to be read.
    ///
    /// # Errors
    /// It is no Parquet file; its columns do not fit the frozen schema; it has fewer rows than were read of it.
    pub(super) fn open(
        file: Box<dyn FormatFile>,
        options: &ParquetOptions,
        request: &ColumnsRequest<'_>,
    ) -> SchemaResult<Self> {
        let file = SharedFile::new(file).map_err(|e| ParquetReadError::of_file(e.to_string()))?;
        let predicate = request.scan.and_then(|scan| scan.predicate.as_ref()).filter(|_| options.prune);
        let footer = footer(&file, options, predicate.is_some())?;
        let projection = match request.scan {
            Some(scan) => Projection::new(footer.schema(), scan, options)?,
            None => Projection::of_file(footer.schema())?,
        };
        if options.unknown_fields == crate::policy::UnknownFields::Reject {
            check_unknown(footer.schema(), request)?;
        }
        let mask = ProjectionMask::roots(footer.parquet_schema(), projection.roots.iter().copied());
        let (mut groups, num_rows) = groups(&footer, request.from_row)?;
        if request.from_row > num_rows {
            let read = request.from_row;
            let reason = format!("it has {num_rows} rows, and {read} had been read; it was replaced");
            return Err(ParquetReadError::of_file(reason).into());
        }
        let mut skipped = Skipped::default();
        if let (Some(scan), Some(predicate)) = (request.scan, predicate) {
            let pruner = prune::Pruner::new(&file, &footer, &scan.schema, predicate);
            let kept = pruner.row_groups(groups.iter().map(|g| g.index));
            for (group, kept) in groups.iter_mut().zip(kept) {
                let before = count(&group.wanted);
                if !kept {
                    group.wanted.clear();
                    skipped.row_groups += 1;
                } else if let Some(pages) = pruner.pages(group.index, group.rows.start) {
                    group.wanted = intersection(&group.wanted, &pages);
                    skipped.row_groups += u64::from(group.wanted.is_empty());
                }
                skipped.rows += before - count(&group.wanted);
            }
        }
        Ok(Self {
            file,
            footer,
            projection,
            mask,
            groups: groups.into(),
            reading: None,
            max_batch_rows: request.max_batch_rows.max(1),
            max_batch_bytes: request.max_batch_bytes.max(1),
            next_row: request.from_row,
            told_row: request.from_row,
            skipped,
        })
    }

    /// Schema of the batches.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.projection.schema
    }

    fn start(&self, group: Group, batch_rows: usize) -> Result<Reading, SchemaError> {
        let reader = guarded(|| self.reader(&group, self.mask.clone(), batch_rows))
            .map_err(|reason| self.failed(&group, reason))?;
        Ok(Reading { group, reader, batch_rows })
    }

    fn reader(
        &self,
        group: &Group,
        mask: ProjectionMask,
        batch_rows: usize,
    ) -> parquet::errors::Result<ParquetRecordBatchReader> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
            .with_row_groups(vec![group.index])
            .with_projection(mask)
            .with_batch_size(batch_rows);
        let is_whole = group.wanted.len() == 1 && group.wanted[0] == group.rows;
        let builder = if is_whole { builder } else { builder.with_row_selection(selection(group)) };
        builder.build()
    }

    /// Rows per batch so that a batch has about the bytes asked for, as far as the row group tells.
    fn batch_rows(&self, group: &Group) -> usize {
        let chunks = self.footer.metadata().row_group(group.index).columns().iter().enumerate();
        let wanted = chunks.filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        let bytes: u64 = wanted.map(|(_, chunk)| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum();
        let per_row = bytes / (group.rows.end - group.rows.start).max(1);
        let rows = (self.max_batch_bytes as u64 / per_row.max(1)).max(1);
        usize::try_from(rows).unwrap_or(usize::MAX).min(self.max_batch_rows)
    }

    /// Names the column that cannot be read, by reading each alone.
    #[cold]
    fn failed(&self, group: &Group, reason: String) -> SchemaError {
        let schema = self.footer.parquet_schema();
        for root in &self.projection.roots {
            let alone = guarded(|| {
                let reader = self.reader(group, ProjectionMask::roots(schema, [*root]), self.max_batch_rows)?;
                for batch in reader {
                    batch?;
                }
                Ok(())
            });
            if let Err(reason) = alone {
                let column = self.footer.schema().field(*root).name();
                return ParquetReadError::of_column(column, reason).in_row_group(group.index).into();
            }
        }
        ParquetReadError::of_file(reason).in_row_group(group.index).into()
    }

    fn yielded(&mut self, columns: RecordBatch, rows: Vec<Range<u64>>) -> ColumnsBatch {
        self.told_row = self.next_row;
        ColumnsBatch { columns, rows, next_row: self.next_row, skipped: std::mem::take(&mut self.skipped) }
    }
}

impl ColumnsReader for ParquetColumns {
    fn next(&mut self) -> SchemaResult<Option<ColumnsBatch>> {
        loop {
            let Some(mut reading) = self.reading.take() else {
                match self.groups.pop_front() {
                    Some(group) if group.wanted.is_empty() => self.next_row = group.rows.end,
                    Some(group) => {
                        let batch_rows = self.batch_rows(&group);
                        self.reading = Some(self.start(group, batch_rows)?);
                    }
                    // What was left unread at the end has been dealt with too.
                    None if self.next_row > self.told_row || self.skipped != Skipped::default() => {
                        let nothing = RecordBatch::new_empty(Arc::clone(self.schema()));
                        return Ok(Some(self.yielded(nothing, Vec::new())));
                    }
                    None => return Ok(None),
                }
                continue;
            };
            let read = guarded(|| reading.reader.next().transpose().map_err(Into::into));
            match read.map_err(|reason| self.failed(&reading.group, reason))? {
                Some(batch) if batch.num_rows() > 0 => {
                    if batch.num_rows() as u64 > count(&reading.group.wanted) {
                        let reason = "it has more rows than the footer promises";
                        return Err(ParquetReadError::of_file(reason).in_row_group(reading.group.index).into());
                    }
                    let rows = take(&mut reading.group.wanted, batch.num_rows());
                    let in_group = |e: SchemaError| in_row_group(e, reading.group.index);
                    let columns = self.projection.project(&batch).map_err(in_group)?;
                    self.next_row = match reading.group.wanted.front() {
                        Some(next) => next.start,
                        None => reading.group.rows.end,
                    };
                    let bytes = columns.get_array_memory_size();
                    let allowed = self.max_batch_bytes.saturating_mul(MAX_EXCESS);
                    // A group without further rows is asked once more: it may have some that nobody promised.
                    let goes_on = !reading.group.wanted.is_empty();
                    self.reading = if goes_on && bytes > allowed && reading.batch_rows > 1 {
                        let fewer = (reading.batch_rows * self.max_batch_bytes / bytes).max(1);
                        Some(self.start(reading.group, fewer)?)
                    } else {
                        Some(reading)
                    };
                    return Ok(Some(self.yielded(columns, rows)));
                }
                _ if reading.group.wanted.is_empty() => self.next_row = reading.group.rows.end,
                _ => {
                    let missing = count(&reading.group.wanted);
                    let reason = format!("{missing} rows are missing that the footer promises");
                    return Err(ParquetReadError::of_file(reason).in_row_group(reading.group.index).into());
                }
            }
        }
    }
}

/// The row groups behind `from_row`, and how many rows the file has.
fn groups(footer: &ArrowReaderMetadata, from_row: u64) -> Result<(Vec<Group>, u64), ParquetReadError> {
    let (mut groups, mut start) = (Vec::new(), 0_u64);
    for (index, group) in footer.metadata().row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows()).ok().and_then(|rows| start.checked_add(rows));
        let Some(end) = rows.filter(|end| *end <= i64::MAX as u64) else {
            let reason = format!("the footer says it has {} rows", group.num_rows());
            return Err(ParquetReadError::of_file(reason).in_row_group(index));
        };
        let wanted = from_row.max(start)..end;
        if !wanted.is_empty() {
            groups.push(Group { index, rows: start..end, wanted: VecDeque::from([wanted]) });
        }
        start = end;
    }
    Ok((groups, start))
}

/// The first `num_rows` of `wanted`, taken out of it.
fn take(wanted: &mut VecDeque<Range<u64>>, num_rows: usize) -> Vec<Range<u64>> {
    let (mut missing, mut taken) = (num_rows as u64, Vec::new());
    while missing > 0 {
        let Some(first) = wanted.front_mut() else { break };
        let end = first.end.min(first.start + missing);
        taken.push(first.start..end);
        missing -= end - first.start;
        first.start = end;
        if first.is_empty() {
            wanted.pop_front();
        }
    }
    taken
}

fn count(ranges: &VecDeque<Range<u64>>) -> u64 {
    ranges.iter().map(|r| r.end - r.start).sum()
}

fn intersection(a: &VecDeque<Range<u64>>, b: &[Range<u64>]) -> VecDeque<Range<u64>> {
    let both = |a: &Range<u64>| {
        let a = a.clone();
        b.iter().map(move |b| a.start.max(b.start)..a.end.min(b.end)).filter(|r| !r.is_empty())
    };
    a.iter().flat_map(both).collect()
}

/// The rows of a group that are to be read, as the crate wants them: runs to skip and to read.
fn selection(group: &Group) -> RowSelection {
    let rows = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let (mut at, mut selectors) = (group.rows.start, Vec::new());
    for range in &group.wanted {
        if range.start > at {
            selectors.push(RowSelector::skip(rows(range.start - at)));
        }
        selectors.push(RowSelector::select(rows(range.end - range.start)));
        at = range.end;
    }
    selectors.into()
}

fn check_unknown(file: &SchemaRef, request: &ColumnsRequest<'_>) -> SchemaResult<()> {
    let Some(scan) = request.scan else { return Ok(()) };
    let is_known = |name: &str| scan.schema.fields().iter().any(|f| laminar_schema::field::payload_key(f) == name);
    match file.fields().iter().find(|f| !is_known(f.name())) {
        Some(unknown) => {
            let reason = "the schema has no such column; declare it, or set `unknown_fields` to 'ignore'";
            Err(ParquetReadError::of_column(unknown.name(), reason).into())
        }
        None => Ok(()),
    }
}

/// Adds the row group to an error about a column.
#[cold]
fn in_row_group(error: SchemaError, row_group: usize) -> SchemaError {
    match std::error::Error::source(&error).and_then(|e| e.downcast_ref::<ParquetReadError>()) {
        Some(known) if known.row_group.is_none() => known.clone().in_row_group(row_group).into(),
        _ => error,
    }
}
