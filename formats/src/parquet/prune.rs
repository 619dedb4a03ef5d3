//! What a predicate lets be left unread: row groups by their statistics and bloom filters, rows by the page index.
//!
//! Only what the predicate is true of no row in may go. Whatever the file does not say counts as possible.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Scalar, UInt64Array,
    cast::AsArray,
    types::{
        Date32Type, Float16Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType,
    },
};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use laminar_schema::{Comparison, Predicate, field::payload_key};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, statistics::StatisticsConverter},
    basic::Type as PhysicalType,
    bloom_filter::Sbbf,
};

use super::{error::guarded, file::SharedFile, project::cast_bounds};

/// Judges parts of one file by one predicate.
pub(super) struct Pruner<'a> {
    file: &'a SharedFile<'static>,
    footer: &'a ArrowReaderMetadata,
    /// The frozen schema, whose columns the predicate numbers.
    schema: &'a SchemaRef,
    predicate: &'a Predicate,
}

/// What a predicate may be in each of several parts of a file: row groups, or pages.
struct Verdict {
    may_be_true: BooleanBuffer,
    may_be_false: BooleanBuffer,
}

/// What is known of one column in each part. Values are in the type of the frozen schema; null where not known.
struct Bounds {
    min: ArrayRef,
    max: ArrayRef,
    nulls: UInt64Array,
    rows: UInt64Array,
}

impl<'a> Pruner<'a> {
    pub(super) fn new(
        file: &'a SharedFile<'static>,
        footer: &'a ArrowReaderMetadata,
        schema: &'a SchemaRef,
        predicate: &'a Predicate,
    ) -> Self {
        Self { file, footer, schema, predicate }
    }

    /// For each of these row groups, whether it may hold a row that is wanted.
    pub(super) fn row_groups(&self, groups: impl Iterator<Item = usize>) -> Vec<bool> {
        let groups: Vec<usize> = groups.collect();
        // Statistics that cannot be read say nothing.
        let verdict = |p: &Predicate| self.verdict(p, groups.len(), &|column| self.group_bounds(column, &groups));
        let by_statistics = verdict(self.predicate).may_be_true;
        let may_hold = |(at, group): (usize, &usize)| by_statistics.value(at) && self.passes_bloom_filters(*group);
        groups.iter().enumerate().map(may_hold).collect()
    }

    /// The rows of a row group, as rows of the file, that the page index does not rule out; `None` where it says
    /// nothing.
    pub(super) fn pages(&self, group: usize, first_row: u64) -> Option<Vec<Range<u64>>> {
        let mut kept: Option<VecDeque<Range<u64>>> = None;
        // The pages of different columns end in different rows, so that a part of the predicate is judged by the pages
        // of its one column.
        for part in self.predicate.conjuncts() {
            let columns: Vec<usize> = part.columns().into_iter().collect();
            let [column] = columns[..] else { continue };
            let Some(bounds) = self.page_bounds(column, group) else { continue };
            let rows = bounds.rows.clone();
            let bounds = std::cell::RefCell::new(Some(bounds));
            // Asked once per comparison; a part with several of one column has the bounds read again.
            let again = |column| bounds.take().or_else(|| self.page_bounds(column, group));
            let verdict = self.verdict(part, rows.len(), &again);
            let ranges = ranges(&verdict.may_be_true, &rows, first_row);
            kept = Some(match kept {
                None => ranges,
                Some(before) => intersection(&before, &ranges),
            });
        }
        kept.map(Into::into)
    }

    fn verdict(&self, predicate: &Predicate, parts: usize, bounds: &dyn Fn(usize) -> Option<Bounds>) -> Verdict {
        match predicate {
            Predicate::All(all) => all.iter().fold(Verdict::always(parts, true), |whole, part| {
                let part = self.verdict(part, parts, bounds);
                Verdict {
                    may_be_true: &whole.may_be_true & &part.may_be_true,
                    may_be_false: &whole.may_be_false | &part.may_be_false,
                }
            }),
            Predicate::Any(any) => any.iter().fold(Verdict::always(parts, false), |whole, part| {
                let part = self.verdict(part, parts, bounds);
                Verdict {
                    may_be_true: &whole.may_be_true | &part.may_be_true,
                    may_be_false: &whole.may_be_false & &part.may_be_false,
                }
            }),
            Predicate::Not(inner) => {
                let Verdict { may_be_true, may_be_false } = self.verdict(inner, parts, bounds);
                Verdict { may_be_true: may_be_false, may_be_false: may_be_true }
            }
            Predicate::Compare { column, comparison, value } => match bounds(*column) {
                Some(bounds) => bounds.compared(*comparison, value).unwrap_or_else(|_| Verdict::open(parts)),
                None => Verdict::open(parts),
            },
            Predicate::IsNull { column } => match bounds(*column) {
                Some(Bounds { nulls, rows, .. }) => Verdict {
                    may_be_true: each(parts, |i| nulls.is_null(i) || nulls.value(i) > 0),
                    may_be_false: each(parts, |i| nulls.is_null(i) || nulls.value(i) < rows.value(i)),
                },
                None => Verdict::open(parts),
            },
            Predicate::IsTrue { column } => {
                let value: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
                match bounds(*column) {
                    Some(bounds) => bounds.compared(Comparison::Equal, &value).unwrap_or_else(|_| Verdict::open(parts)),
                    None => Verdict::open(parts),
                }
            }
        }
    }

    /// The statistics of a column, by its number in the frozen schema.
    fn converter(&self, column: usize) -> Option<(StatisticsConverter<'_>, usize, &DataType)> {
        // Metadata columns lie behind the schema's, and are not in the file.
        let field = self.schema.fields().get(column)?;
        let descriptor = self.footer.parquet_schema();
        let converter = guarded(|| {
            StatisticsConverter::try_new(payload_key(field), self.footer.schema(), descriptor)
                .map(|c| c.with_missing_null_counts_as_zero(false))
        })
        .ok()?;
        let leaf = converter.parquet_column_index()?;
        // Their order is not defined.
        if descriptor.column(leaf).physical_type() == PhysicalType::INT96 {
            return None;
        }
        Some((converter, leaf, field.data_type()))
    }

    fn group_bounds(&self, column: usize, groups: &[usize]) -> Option<Bounds> {
        let (converter, leaf, to) = self.converter(column)?;
        let metadata = self.footer.metadata();
        let chosen = || groups.iter().map(|g| metadata.row_group(*g));
        // It is the file's type that says how its writer compared, whatever the column is read as.
        let is_signed = matches!(
            converter.arrow_field().data_type(),
            DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::Float32
                | DataType::Float64
        );
        // The statistics of old writers compare everything as signed numbers.
        let is_old = |s: &parquet::file::statistics::Statistics| s.is_min_max_deprecated() && !is_signed;
        if chosen().any(|g| g.column(leaf).statistics().is_some_and(is_old)) {
            return None;
        }
        let rows = chosen().map(|g| u64::try_from(g.num_rows()).unwrap_or(0)).collect::<Vec<_>>();
        let (min, max, nulls) = guarded(|| {
            Ok((
                converter.row_group_mins(chosen())?,
                converter.row_group_maxes(chosen())?,
                converter.row_group_null_counts(chosen())?,
            ))
        })
        .ok()?;
        Bounds::new(&min, &max, nulls, rows.into(), to)
    }

    fn page_bounds(&self, column: usize, group: usize) -> Option<Bounds> {
        let (converter, leaf, to) = self.converter(column)?;
        let metadata = self.footer.metadata();
        let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
        let (min, max, nulls, rows) = guarded(|| {
            let groups = [group];
            // A file may have an index of some columns only.
            if columns.get(group).is_none_or(|g| leaf >= g.len()) || offsets.get(group).is_none_or(|g| leaf >= g.len())
            {
                return Ok((None, None, None, None));
            }
            Ok((
                Some(converter.data_page_mins(columns, offsets, &groups)?),
                Some(converter.data_page_maxes(columns, offsets, &groups)?),
                Some(converter.data_page_null_counts(columns, offsets, &groups)?),
                converter.data_page_row_counts(offsets, metadata.row_groups(), &groups)?,
            ))
        })
        .ok()?;
        let (min, max, nulls, rows) = (min?, max?, nulls?, rows?);
        // Pages that do not add up to their row group are not to be trusted.
        let total: u64 = rows.iter().flatten().sum();
        let promised = u64::try_from(metadata.row_group(group).num_rows()).ok()?;
        if rows.null_count() > 0 || total != promised || rows.len() != min.len() {
            return None;
        }
        Bounds::new(&min, &max, nulls, rows, to)
    }

    /// Whether the bloom filters of a row group let every equality pass that the predicate demands.
    fn passes_bloom_filters(&self, group: usize) -> bool {
        self.predicate.conjuncts().iter().all(|part| match part {
            Predicate::Compare { column, comparison: Comparison::Equal, value } => {
                self.may_contain(group, *column, std::slice::from_ref(value))
            }
            Predicate::Any(any) => {
                let mut values = Vec::new();
                let mut of = None;
                for part in any {
                    match part {
                        Predicate::Compare { column, comparison: Comparison::Equal, value }
                            if of.is_none_or(|of| of == *column) =>
                        {
                            of = Some(*column);
                            values.push(Arc::clone(value));
                        }
                        _ => return true,
                    }
                }
                of.is_none_or(|column| self.may_contain(group, column, &values))
            }
            _ => true,
        })
    }

    fn may_contain(&self, group: usize, column: usize, values: &[ArrayRef]) -> bool {
        let Some((converter, leaf, to)) = self.converter(column) else { return true };
        // Filters hold the file's own bytes, which are the value's only where the types are the same.
        if converter.arrow_field().data_type() != to
            || self.footer.metadata().row_group(group).column(leaf).bloom_filter_offset().is_none()
        {
            return true;
        }
        let read = guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
                .get_row_group_column_bloom_filter(group, leaf)
        });
        match read {
            Ok(Some(filter)) => values.iter().any(|value| is_in(&filter, value)),
            Ok(None) | Err(_) => true,
        }
    }
}

fn is_in(filter: &Sbbf, value: &ArrayRef) -> bool {
    match value.data_type() {
        DataType::Int32 => filter.check(&value.as_primitive::<Int32Type>().value(0)),
        DataType::Date32 => filter.check(&value.as_primitive::<Date32Type>().value(0)),
        DataType::Int64 => filter.check(&value.as_primitive::<Int64Type>().value(0)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            filter.check(&value.as_primitive::<TimestampMillisecondType>().value(0))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            filter.check(&value.as_primitive::<TimestampMicrosecondType>().value(0))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            filter.check(&value.as_primitive::<TimestampNanosecondType>().value(0))
        }
        DataType::Utf8 => filter.check(value.as_string::<i32>().value(0)),
        DataType::Binary => filter.check(value.as_binary::<i32>().value(0)),
        DataType::FixedSizeBinary(_) => filter.check(value.as_fixed_size_binary().value(0)),
        // Whether zeros and small integers are stored as they are is not sure of the others.
        _ => true,
    }
}

impl Verdict {
    fn always(parts: usize, is: bool) -> Self {
        let all = |set| if set { BooleanBuffer::new_set(parts) } else { BooleanBuffer::new_unset(parts) };
        Self { may_be_true: all(is), may_be_false: all(!is) }
    }

    /// Nothing is known.
    fn open(parts: usize) -> Self {
        Self { may_be_true: BooleanBuffer::new_set(parts), may_be_false: BooleanBuffer::new_set(parts) }
    }
}

impl Bounds {
    fn new(min: &ArrayRef, max: &ArrayRef, nulls: UInt64Array, rows: UInt64Array, to: &DataType) -> Option<Self> {
        let (min, max) = (cast_bounds(min, to)?, cast_bounds(max, to)?);
        let is_whole = min.len() == max.len() && min.len() == nulls.len() && min.len() == rows.len();
        (is_whole && !has_nan(&min) && !has_nan(&max)).then_some(Self { min, max, nulls, rows })
    }

    fn compared(&self, comparison: Comparison, value: &ArrayRef) -> Result<Verdict, ArrowError> {
        let value = Scalar::new(value);
        let parts = self.min.len();
        let (may_be_true, may_be_false) = match comparison {
            Comparison::Equal | Comparison::NotEqual => {
                let lower = known_or(&cmp::lt_eq(&self.min, &value)?, true);
                let upper = known_or(&cmp::gt_eq(&self.max, &value)?, true);
                let is_all =
                    &known_or(&cmp::eq(&self.min, &value)?, false) & &known_or(&cmp::eq(&self.max, &value)?, false);
                (&lower & &upper, !&is_all)
            }
            Comparison::Less => (cmp::lt(&self.min, &value)?.into_open(), cmp::gt_eq(&self.max, &value)?.into_open()),
            Comparison::LessOrEqual => {
                (cmp::lt_eq(&self.min, &value)?.into_open(), cmp::gt(&self.max, &value)?.into_open())
            }
            Comparison::Greater => {
                (cmp::gt(&self.max, &value)?.into_open(), cmp::lt_eq(&self.min, &value)?.into_open())
            }
            Comparison::GreaterOrEqual => {
                (cmp::gt_eq(&self.max, &value)?.into_open(), cmp::lt(&self.min, &value)?.into_open())
            }
        };
        // Statistics leave NaN out, of which only `<>` is true.
        let may_be_false =
            if self.min.data_type().is_floating() { BooleanBuffer::new_set(parts) } else { may_be_false };
        // Of null a comparison is neither true nor false.
        let has_values = each(parts, |i| self.nulls.is_null(i) || self.nulls.value(i) < self.rows.value(i));
        let (may_be_true, may_be_false) = (&may_be_true & &has_values, &may_be_false & &has_values);
        Ok(match comparison {
            Comparison::NotEqual => Verdict { may_be_true: may_be_false, may_be_false: may_be_true },
            _ => Verdict { may_be_true, may_be_false },
        })
    }
}

/// What a comparison says, and `otherwise` where a bound is not known.
fn known_or(compared: &BooleanArray, otherwise: bool) -> BooleanBuffer {
    each(compared.len(), |i| if compared.is_null(i) { otherwise } else { compared.value(i) })
}

/// What is not known is possible.
trait IntoOpen {
    fn into_open(self) -> BooleanBuffer;
}

impl IntoOpen for BooleanArray {
    fn into_open(self) -> BooleanBuffer {
        known_or(&self, true)
    }
}

fn each(parts: usize, of: impl Fn(usize) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(parts, of)
}

/// Bounds that are NaN bound nothing.
fn has_nan(bounds: &ArrayRef) -> bool {
    match bounds.data_type() {
        DataType::Float16 => bounds.as_primitive::<Float16Type>().iter().flatten().any(|v| v.is_nan()),
        DataType::Float32 => bounds.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
        DataType::Float64 => bounds.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
        _ => false,
    }
}

/// The rows of the parts that are kept.
fn ranges(kept: &BooleanBuffer, rows: &UInt64Array, first_row: u64) -> VecDeque<Range<u64>> {
    let (mut at, mut ranges) = (first_row, VecDeque::<Range<u64>>::new());
    for (kept, rows) in kept.iter().zip(rows.values()) {
        let part = at..at + rows;
        at = part.end;
        match ranges.back_mut() {
            _ if !kept || part.is_empty() => {}
            Some(last) if last.end == part.start => last.end = part.end,
            _ => ranges.push_back(part),
        }
    }
    ranges
}

fn intersection(a: &VecDeque<Range<u64>>, b: &VecDeque<Range<u64>>) -> VecDeque<Range<u64>> {
    let (mut a, mut b) = (a.iter().cloned().peekable(), b.iter().cloned().peekable());
    let mut both = VecDeque::new();
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        let part = left.start.max(right.start)..left.end.min(right.end);
        if left.end <= right.end {
            a.next();
        } else {
            b.next();
        }
        if !part.is_empty() {
            both.push_back(part);
        }
    }
    both
}
