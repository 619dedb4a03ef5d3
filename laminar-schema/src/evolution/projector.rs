//! Making batches of the new schema of batches of the old one.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, RecordBatch, RecordBatchOptions,
    StructArray, UInt32Array, cast::AsArray as _, new_null_array,
};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields, SchemaRef};
use arrow_select::{filter::filter, take::take};

use super::{
    EvolutionError,
    conversion::Misfit,
    plan::{Column, Step},
};
use crate::{
    ColumnProjection,
    error::{Location, SchemaError, SchemaResult},
};

/// Makes batches of one schema of batches of another. What can be worked out once is: the way of each column, and its
/// DEFAULT.
///
/// Cost per column:
/// - of the same type, wherever it stands: one `Arc` is cloned, nothing is copied;
/// - a struct, list or map in which fields are dropped, renamed, moved or added: a new container around the same buffers, and
///   what its fields cost;
/// - widened, or in another layout: one cast, O(rows), and nothing is copied where Arrow shares the buffers (text → bytes of
///   the same offsets, timestamps of the same unit);
/// - narrowed: two casts and a comparison, O(rows); inside a list also a copy of the values that rows refer to;
/// - made NOT NULL: its nulls are counted;
/// - new: one array of `rows` values, from a DEFAULT that was evaluated once.
#[derive(Debug, Clone)]
pub struct BatchProjector {
    from: SchemaRef,
    to: SchemaRef,
    columns: Vec<Column>,
}

impl BatchProjector {
    /// Works out how each column of `to` comes from those of `from`.
    ///
    /// # Errors
    /// The projection does not fit the schemas; a new column is NOT NULL without DEFAULT, or its DEFAULT is no value of its
    /// type; no conversion keeps the values of a column. Each names the column's path.
    pub fn new(projection: &ColumnProjection, from: &SchemaRef, to: &SchemaRef) -> SchemaResult<Self> {
        let columns = Column::of_struct("", from.fields(), to.fields(), Some(projection), 0)?;
        Ok(Self { from: Arc::clone(from), to: Arc::clone(to), columns })
    }

    /// The schema of the batches that come out.
    pub fn schema(&self) -> &SchemaRef {
        &self.to
    }

    /// Makes a batch of the new schema.
    ///
    /// # Errors
    /// [`EvolutionError::WrongProjection`] for a batch of another schema; [`EvolutionError::ValueDoesNotFit`] and
    /// [`EvolutionError::UnexpectedNull`] with row and path for a value that has no place in the new schema.
    pub fn project(&self, batch: &RecordBatch) -> SchemaResult<RecordBatch> {
        if !Arc::ptr_eq(&self.from, batch.schema_ref()) && self.from.fields() != batch.schema_ref().fields() {
            let text = crate::fingerprint::canonical_text;
            let (expected, found) = (text(&self.from), text(batch.schema_ref()));
            return Err(EvolutionError::WrongProjection { expected, found }.into());
        }
        let rows = batch.num_rows();
        let columns: Result<Vec<_>, Failure> =
            self.columns.iter().map(|c| convert(c, batch.columns(), rows, None)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.map_err(SchemaError::from)?;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.to), columns, &options)?)
    }
}

/// A value that has no place in the new schema.
struct Failure {
    /// Row in the array at hand; each level translates it to its own.
    row: Option<usize>,
    path: String,
    error: SchemaError,
}

impl Failure {
    #[cold]
    fn new(column: &Column, row: Option<usize>, error: impl Into<SchemaError>) -> Self {
        Self { row, path: column.path.clone(), error: error.into() }
    }

    #[cold]
    fn in_row(self, of: impl FnOnce(usize) -> usize) -> Self {
        Self { row: self.row.map(of), ..self }
    }
}

impl From<Failure> for SchemaError {
    fn from(f: Failure) -> Self {
        f.error.at(Location { row: f.row.map(|r| r as u64), ..Location::field(f.path) })
    }
}

/// One column of the new schema. Rows that are null in `visible` are hidden by a null around them: nothing there is an error.
fn convert(
    column: &Column,
    arrays: &[ArrayRef],
    rows: usize,
    visible: Option<&NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let Some(array) = column.source.and_then(|i| arrays.get(i)) else { return filled(column, rows) };
    if column.forbids_null
        && let Some(nulls) = array.logical_nulls()
        && let Some(row) = (0..rows).find(|row| nulls.is_null(*row) && visible.is_none_or(|v| v.is_valid(*row)))
    {
        let expected = column.field.data_type().clone();
        return Err(Failure::new(column, Some(row), EvolutionError::UnexpectedNull { expected }));
    }
    let arrow = |e: ArrowError| Failure::new(column, None, e);
    match &column.step {
        Step::Keep => Ok(Arc::clone(array)),
        Step::Json => match first_no_json(array, visible).map_err(arrow)? {
            None => Ok(Arc::clone(array)),
            Some((row, found)) => Err(misfit(column, row, found)),
        },
        Step::Convert(conversion) => conversion.run(array, visible).map_err(|e| match e {
            Misfit::Value { row, found } => misfit(column, row, found),
            Misfit::Arrow(e) => arrow(e),
        }),
        Step::Struct(fields, children) => structure(column, array.as_struct(), fields, children, visible),
        Step::List { layout, item } => {
            let array = match layout {
                None => Arc::clone(array),
                Some(conversion) => conversion.run(array, visible).map_err(|e| match e {
                    Misfit::Value { row, found } => misfit(column, row, found),
                    Misfit::Arrow(e) => arrow(e),
                })?,
            };
            match column.field.data_type() {
                DataType::FixedSizeList(_, length) => {
                    fixed_list(column, array.as_fixed_size_list(), *length, item, visible)
                }
                DataType::LargeList(_) => list(column, array.as_list::<i64>(), item, visible),
                _ => list(column, array.as_list::<i32>(), item, visible),
            }
        }
        Step::Map { entries, sorted, parts } => map(column, array.as_map(), (entries, *sorted), parts, visible),
    }
}

#[cold]
fn misfit(column: &Column, row: usize, found: String) -> Failure {
    let expected = Arc::clone(&column.field);
    Failure::new(column, Some(row), EvolutionError::ValueDoesNotFit { expected, found })
}

/// A column that no old one becomes.
fn filled(column: &Column, rows: usize) -> Result<ArrayRef, Failure> {
    match &column.fill {
        None => Ok(new_null_array(column.field.data_type(), rows)),
        Some(value) => take(value, &UInt32Array::from(vec![0; rows]), None).map_err(|e| Failure::new(column, None, e)),
    }
}

fn structure(
    column: &Column,
    array: &StructArray,
    fields: &Fields,
    children: &[Column],
    visible: Option<&NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let rows = array.len();
    let (nulls, inner) = hidden(column, array.nulls(), visible);
    let arrays =
        children.iter().map(|c| convert(c, array.columns(), rows, inner.as_ref())).collect::<Result<_, _>>()?;
    let new = StructArray::try_new_with_length(fields.clone(), arrays, nulls, rows);
    Ok(Arc::new(new.map_err(|e| Failure::new(column, None, e))?))
}

/// The nulls of the new array, and what hides its children. Where a child can fail, a row that is hidden from outside is null
/// itself, so that Arrow too sees that nothing in it counts.
fn hidden(
    column: &Column,
    own: Option<&NullBuffer>,
    visible: Option<&NullBuffer>,
) -> (Option<NullBuffer>, Option<NullBuffer>) {
    let all = if column.can_fail { NullBuffer::union(own, visible) } else { own.cloned() };
    (all.clone(), all)
}

fn fixed_list(
    column: &Column,
    array: &FixedSizeListArray,
    length: i32,
    item: &Column,
    visible: Option<&NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let (nulls, inner) = hidden(column, array.nulls(), visible);
    let size = usize::try_from(length).unwrap_or(0);
    let inner = inner.map(|n| n.expand(size));
    let values = array.values();
    let values = convert(item, std::slice::from_ref(values), values.len(), inner.as_ref())
        .map_err(|e| e.in_row(|k| k.checked_div(size).unwrap_or(0)))?;
    let new = FixedSizeListArray::try_new_with_length(Arc::clone(&item.field), length, values, nulls, array.len());
    Ok(Arc::new(new.map_err(|e| Failure::new(column, None, e))?))
}

fn list<O: OffsetSizeTrait>(
    column: &Column,
    array: &GenericListArray<O>,
    item: &Column,
    visible: Option<&NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let arrow = |e: ArrowError| Failure::new(column, None, e);
    let (offsets, values) = if item.can_fail {
        let (offsets, kept) = referenced(array.offsets(), array.nulls(), visible);
        (offsets, kept.keep(array.values()).map_err(arrow)?)
    } else {
        (array.offsets().clone(), Arc::clone(array.values()))
    };
    let values =
        convert(item, &[Arc::clone(&values)], values.len(), None).map_err(|e| e.in_row(|k| row_of(&offsets, k)))?;
    let new = GenericListArray::try_new(Arc::clone(&item.field), offsets, values, array.nulls().cloned());
    Ok(Arc::new(new.map_err(arrow)?))
}

fn map(
    column: &Column,
    array: &MapArray,
    (entries, sorted): (&FieldRef, bool),
    parts: &[Column],
    visible: Option<&NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let arrow = |e: ArrowError| Failure::new(column, None, e);
    let mut columns = vec![Arc::clone(array.keys()), Arc::clone(array.values())];
    let mut offsets = array.offsets().clone();
    if parts.iter().any(|p| p.can_fail) {
        let (compact, kept) = referenced(&offsets, array.nulls(), visible);
        offsets = compact;
        columns = columns.iter().map(|c| kept.keep(c)).collect::<Result<_, _>>().map_err(arrow)?;
    }
    let rows = columns[0].len();
    let new = parts.iter().map(|p| convert(p, &columns, rows, None)).collect::<Result<Vec<_>, _>>();
    let new = new.map_err(|e| e.in_row(|k| row_of(&offsets, k)))?;
    let fields = Fields::from_iter(parts.iter().map(|p| Arc::clone(&p.field)));
    let inner = StructArray::try_new_with_length(fields, new, None, rows).map_err(arrow)?;
    let new = MapArray::try_new(Arc::clone(entries), offsets, inner, array.nulls().cloned(), sorted);
    Ok(Arc::new(new.map_err(arrow)?))
}

/// The row in whose range the value is.
fn row_of<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, value: usize) -> usize {
    offsets.partition_point(|o| o.as_usize() <= value).saturating_sub(1)
}

/// Which values of a list its rows refer to.
struct Referenced {
    start: usize,
    mask: BooleanBuffer,
}

impl Referenced {
    fn keep(&self, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let window = values.slice(self.start, self.mask.len());
        if self.mask.count_set_bits() == self.mask.len() {
            return Ok(window);
        }
        filter(&window, &self.mask.clone().into())
    }
}

/// The offsets of a list without the values that no row shows: those before the first row and behind the last, and those that
/// a null hides. What nobody can see must not be what a conversion fails at.
fn referenced<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
    nulls: Option<&NullBuffer>,
    visible: Option<&NullBuffer>,
) -> (OffsetBuffer<O>, Referenced) {
    let shown = NullBuffer::union(nulls, visible);
    let is_shown = |row: usize| shown.as_ref().is_none_or(|n| n.is_valid(row));
    let start = offsets[0].as_usize();
    let mut mask = BooleanBufferBuilder::new(offsets[offsets.len() - 1].as_usize() - start);
    let mut lengths = Vec::with_capacity(offsets.len() - 1);
    for (row, range) in offsets.windows(2).enumerate() {
        let length = range[1].as_usize() - range[0].as_usize();
        mask.append_n(length, is_shown(row));
        lengths.push(if is_shown(row) { length } else { 0 });
    }
    (OffsetBuffer::from_lengths(lengths), Referenced { start, mask: mask.finish() })
}

/// The first text that is no JSON. Texts are nested at most 128 levels, which is serde's limit.
fn first_no_json(array: &ArrayRef, visible: Option<&NullBuffer>) -> Result<Option<(usize, String)>, ArrowError> {
    let texts = arrow_cast::cast(array, &DataType::LargeUtf8)?;
    let texts = texts.as_string::<i64>();
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let found = texts.iter().enumerate().find_map(|(row, text)| {
        let text = text.filter(|t| visible.is_none_or(|v| v.is_valid(row)) && !is_json(t))?;
        Some((row, text.to_owned()))
    });
    Ok(found)
}
