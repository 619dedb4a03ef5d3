//! Integer columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType};

use super::{ColumnOps, Mismatch, Scalar, number::scaled, storage::Values};

/// Builds an integer column.
///
/// `42`, `42.0` and `4.2e1` are the same integer and all fit; `42.7` is out of range, as is an integer too wide.
#[derive(Debug)]
pub struct IntegerColumn<T: ArrowPrimitiveType>(Values<T>);

impl<T: ArrowPrimitiveType> Default for IntegerColumn<T> {
    fn default() -> Self {
        Self(Values::default())
    }
}

impl<T: ArrowPrimitiveType<Native: TryFrom<i64>>> IntegerColumn<T> {
    /// Appends the value of row `row`; false when it does not fit or that is not the next row, and then nothing is
    /// appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, value: i64) -> bool {
        T::Native::try_from(value).is_ok_and(|value| self.0.push_at(row, value))
    }
}

impl<T: ArrowPrimitiveType> IntegerColumn<T> {
    /// Appends a value of the column's own type.
    #[inline(always)]
    pub(crate) fn push_value(&mut self, value: T::Native) {
        self.0.push(value);
    }

    /// The values, to append many rows at a time.
    #[inline(always)]
    pub(crate) fn values_mut(&mut self) -> &mut Values<T> {
        &mut self.0
    }
}

impl<T> ColumnOps for IntegerColumn<T>
where
    T: ArrowPrimitiveType<Native: TryFrom<i64> + TryFrom<u64> + TryFrom<i128>>,
{
    #[inline]
    fn num_rows(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn push_null(&mut self) {
        self.0.push_null();
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let value = match scalar {
            Scalar::I64(v) => T::Native::try_from(v).map_err(|_| Mismatch::Range)?,
            Scalar::U64(v) => T::Native::try_from(v).map_err(|_| Mismatch::Range)?,
            Scalar::Number(text) | Scalar::Text(text) => parse::<T>(text)?,
            Scalar::F64(v) => from_float::<T>(v)?,
            Scalar::Bool(_) | Scalar::Str(_) | Scalar::Bytes(_) => return Err(Mismatch::Type),
        };
        self.0.push(value);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish(T::DATA_TYPE))
    }
}

fn parse<T: ArrowPrimitiveType<Native: TryFrom<i64> + TryFrom<i128>>>(text: &str) -> Result<T::Native, Mismatch> {
    // The standard parser is several times faster than an exact one over 128 bits, and agrees where it succeeds.
    match text.parse::<i64>() {
        Ok(v) => T::Native::try_from(v).map_err(|_| Mismatch::Range),
        Err(_) => T::Native::try_from(scaled::<i128>(text, 0)?).map_err(|_| Mismatch::Range),
    }
}

/// A floating-point number that is an integer. None of more than 128 bits fits any column.
fn from_float<T: ArrowPrimitiveType<Native: TryFrom<i128>>>(v: f64) -> Result<T::Native, Mismatch> {
    let integer = v as i128;
    // The cast rounds towards zero and saturates, and NaN is equal to nothing.
    if integer as f64 != v || integer == i128::MAX {
        return Err(Mismatch::Range);
    }
    T::Native::try_from(integer).map_err(|_| Mismatch::Range)
}
