//! Converting one column to another type, so that every value stays what it is.

use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_cast::{CastOptions, can_cast_types, cast_with_options, display::array_value_to_string};
use arrow_ord::cmp::{distinct, not_distinct};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use arrow_select::nullif::nullif;

use super::relation::{decoded, is_binary, is_text, widens};

/// How a column becomes one of another type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Conversion {
    /// Every value fits: these casts, one after the other.
    Exact(Vec<DataType>),
    /// A value may not fit: it does when the casts yield one, and when the casts back yield the same.
    Checked {
        there: Vec<DataType>,
        /// Empty where a value that can be cast is the same.
        back: Vec<DataType>,
    },
    /// The column holds nothing but nulls.
    Nulls(DataType),
}

/// Why a column could not be converted.
#[derive(Debug)]
pub(super) enum Misfit {
    /// The value of this row does not fit.
    Value { row: usize, found: String },
    /// Arrow refused.
    Arrow(ArrowError),
}

impl From<ArrowError> for Misfit {
    fn from(e: ArrowError) -> Self {
        Self::Arrow(e)
    }
}

impl Conversion {
    /// The conversion of a type that is not nested; `None` where none keeps values.
    ///
    /// Numbers become numbers, times times, text bytes and the other way round. Numbers never become text: that they would
    /// be the same value is a matter of opinion.
    pub(super) fn between(from: &DataType, to: &DataType) -> Option<Self> {
        if *from == DataType::Null {
            return Some(Self::Nulls(to.clone()));
        }
        if from.is_nested() || to.is_nested() {
            return None;
        }
        let there = casts(from, to)?;
        if widens(from, to) {
            return Some(Self::Exact(there));
        }
        let (plain_from, plain_to) = (decoded(from), decoded(to));
        let back = match (plain_from, plain_to) {
            // A day has a whole number of every unit: what does not overflow is the same instant.
            (DataType::Date32, DataType::Timestamp(_, None)) => Vec::new(),
            // Arrow calls milliseconds a date; nobody sees to it that they are whole days.
            (DataType::Date64, DataType::Timestamp(_, None)) => casts(to, from)?,
            (DataType::Timestamp(_, a), DataType::Timestamp(_, b)) if a.is_some() == b.is_some() => casts(to, from)?,
            (DataType::Duration(_), DataType::Duration(_)) => casts(to, from)?,
            (DataType::Time32(_) | DataType::Time64(_), DataType::Time32(_) | DataType::Time64(_)) => casts(to, from)?,
            (DataType::Date64, DataType::Date32) => casts(to, from)?,
            (a, b) if a.is_numeric() && b.is_numeric() => casts(to, from)?,
            (a, b) if is_binary(a) && (is_text(b) || matches!(b, DataType::FixedSizeBinary(_))) => casts(to, from)?,
            (a, b) if widens(a, b) => casts(to, from)?,
            _ => return None,
        };
        Some(Self::Checked { there, back })
    }

    /// The conversion of a list to one of another layout with the same items.
    pub(super) fn of_list(from: &DataType, to: &DataType) -> Option<Self> {
        let there = vec![to.clone()];
        if !can_cast_types(from, to) {
            return None;
        }
        Some(match (from, to) {
            (DataType::FixedSizeList(_, a), DataType::FixedSizeList(_, b)) if a != b => return None,
            (_, DataType::FixedSizeList(..)) => Self::Checked { there, back: Vec::new() },
            _ => Self::Exact(there),
        })
    }

    /// Whether a value may not fit.
    pub(super) fn can_fail(&self) -> bool {
        matches!(self, Self::Checked { .. })
    }

    /// Converts a column, and makes null what does not fit.
    fn fitting(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Nulls(to) => Ok(new_null_array(to, array.len())),
            Self::Exact(there) => cast_all(array, there, true),
            Self::Checked { there, back } => {
                let converted = cast_all(array, there, true)?;
                if back.is_empty() {
                    return Ok(converted);
                }
                let is_another = distinct(array, &cast_all(&converted, back, true)?)?;
                nullif(&converted, &is_another)
            }
        }
    }

    /// Converts a column. Rows that `visible` says are null for an outer reason never fail.
    pub(super) fn run(&self, array: &ArrayRef, visible: Option<&NullBuffer>) -> Result<ArrayRef, Misfit> {
        match self {
            Self::Nulls(to) => Ok(new_null_array(to, array.len())),
            Self::Exact(there) => Ok(cast_all(array, there, false)?),
            Self::Checked { there, back } => {
                let converted = cast_all(array, there, true)?;
                let same = if back.is_empty() {
                    let (before, after) = (array.logical_nulls(), converted.logical_nulls());
                    let is_valid = |nulls: &Option<NullBuffer>, row| nulls.as_ref().is_none_or(|n| n.is_valid(row));
                    let same = |row| is_valid(&before, row) == is_valid(&after, row);
                    (0..array.len()).map(|row| Some(same(row))).collect::<BooleanArray>()
                } else {
                    not_distinct(array, &cast_all(&converted, back, true)?)?
                };
                let is_visible = |row| visible.is_none_or(|v| v.is_valid(row));
                match (0..array.len()).find(|row| !same.value(*row) && is_visible(*row)) {
                    None => Ok(converted),
                    Some(row) => Err(Misfit::Value { row, found: array_value_to_string(array, row)? }),
                }
            }
        }
    }
}

/// Converts a column whose type is not nested, value by value: what is not exactly a value of `to` becomes null, and so does all
/// of a type that has none in common with it (VARCHAR → BIGINT).
///
/// Cost: O(rows), a few casts.
///
/// # Errors
/// Arrow's, where it casts what it says that it can cast no further.
pub fn fitting(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match Conversion::between(array.data_type(), to) {
        _ if array.data_type() == to => Ok(ArrayRef::clone(array)),
        Some(conversion) => conversion.fitting(array),
        None => Ok(new_null_array(to, array.len())),
    }
}

/// The casts from one type to another.
///
/// Arrow multiplies dates and times without looking whether it overflows, so these take a way where it does look.
fn casts(from: &DataType, to: &DataType) -> Option<Vec<DataType>> {
    let timestamp = |unit: TimeUnit| DataType::Timestamp(unit, None);
    let (plain_from, plain_to) = (decoded(from), decoded(to));
    let mut steps = Vec::new();
    if plain_from != from {
        steps.push(plain_from.clone());
    }
    match (plain_from, plain_to) {
        (DataType::Date32, DataType::Timestamp(..)) => steps.push(timestamp(TimeUnit::Second)),
        (DataType::Date64, DataType::Timestamp(..)) | (DataType::Timestamp(..), DataType::Date64) => {
            steps.push(timestamp(TimeUnit::Millisecond))
        }
        (DataType::Time32(a) | DataType::Time64(a), DataType::Time32(b) | DataType::Time64(b)) => {
            steps.extend([DataType::Int64, timestamp(*a), timestamp(*b), DataType::Int64]);
            steps.extend(matches!(plain_to, DataType::Time32(_)).then_some(DataType::Int32));
        }
        _ => {}
    }
    steps.push(plain_to.clone());
    if plain_to != to {
        steps.push(to.clone());
    }
    steps.dedup();
    let mut at = from;
    for step in &steps {
        if !can_cast_types(at, step) {
            return None;
        }
        at = step;
    }
    Some(steps)
}

fn cast_all(array: &ArrayRef, steps: &[DataType], safe: bool) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions { safe, ..CastOptions::default() };
    steps.iter().try_fold(ArrayRef::clone(array), |array, to| cast_with_options(&array, to, &options))
}
