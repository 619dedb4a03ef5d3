//! DECIMAL columns.

use std::sync::Arc;

use arrow_array::{
    ArrayRef,
    types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType},
};
use arrow_buffer::i256;

use super::{
    ColumnOps, Mismatch, Scalar,
    number::{Accumulator, IntegerText, scaled},
    storage::Values,
};

/// Builds a DECIMAL(p, s) column, exactly.
///
/// Zeros beyond the scale are no loss; any other digit there is out of range, as is a number of more than p digits.
#[derive(Debug)]
pub struct DecimalColumn<T: DecimalType> {
    values: Values<T>,
    precision: u8,
    scale: i8,
}

impl<T: DecimalType> DecimalColumn<T> {
    /// A builder of `precision` digits, `scale` of them after the point.
    pub fn new(precision: u8, scale: i8) -> Self {
        Self { values: Values::default(), precision, scale }
    }
}

impl DecimalColumn<Decimal128Type> {
    /// Appends the value of row `row`, which is `digits` with so many `places` behind the point; false when it does not fit or
    /// that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, digits: i64, places: usize) -> bool {
        const POWERS: [i64; 19] = {
            let mut powers = [1; 19];
            let mut at = 1;
            while at < powers.len() {
                powers[at] = powers[at - 1] * 10;
                at += 1;
            }
            powers
        };
        let missing = usize::try_from(self.scale).ok().and_then(|scale| scale.checked_sub(places));
        let Some(power) = missing.and_then(|missing| POWERS.get(missing)) else { return false };
        // Two numbers of 64 bits.
        let value = i128::from(digits) * i128::from(*power);
        Decimal128Type::is_valid_decimal_precision(value, self.precision) && self.values.push_at(row, value)
    }

    /// Whether all values of a decimal of this scale that fit are numbers of 64 bits as they stand.
    #[inline]
    pub(crate) fn is_small(&self, scale: u8) -> bool {
        self.precision <= 18 && i16::from(self.scale) == i16::from(scale)
    }

    /// Appends a row for each place, whose unscaled digits `read` yields, and whether it is null; false where it yields nothing
    /// or they do not fit, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_each_or_null(
        &mut self,
        places: &mut [usize],
        mut read: impl FnMut(&mut usize) -> Option<(i64, bool)>,
    ) -> bool {
        let above = 10_u64.saturating_pow(self.precision.into());
        self.values.push_each_or_null(places, |place| {
            let (digits, is_null) = read(place)?;
            (digits.unsigned_abs() < above || is_null).then_some((digits.into(), is_null))
        })
    }
}

/// The native types of decimals, which gather digits.
pub trait Digits: DecimalType {
    /// The number times 10^`scale`.
    ///
    /// # Errors
    /// It is no number, or digits would be lost.
    fn scaled(text: &str, scale: i8) -> Result<Self::Native, Mismatch>;
}

macro_rules! digits {
    ($($ty:ty, $native:ty;)*) => { $(
        impl Digits for $ty {
            fn scaled(text: &str, scale: i8) -> Result<$native, Mismatch> {
                scaled::<$native>(text, scale)
            }
        }
        const _: fn() = || {
            fn gathers<A: Accumulator>() {}
            gathers::<$native>();
        };
    )* };
}
digits! { Decimal32Type, i32; Decimal64Type, i64; Decimal128Type, i128; Decimal256Type, i256; }

impl<T: Digits> DecimalColumn<T> {
    fn push_text(&mut self, text: &str) -> Result<(), Mismatch> {
        let value = T::scaled(text, self.scale)?;
        if !T::is_valid_decimal_precision(value, self.precision) {
            return Err(Mismatch::Range);
        }
        self.values.push(value);
        Ok(())
    }

    fn push_integer(&mut self, value: i128) -> Result<(), Mismatch> {
        self.push_text(IntegerText::new(value).as_str())
    }
}

impl<T: Digits<Native: TryFrom<i128>>> DecimalColumn<T> {
    /// Appends the number that is `digits` divided by 10^`scale`.
    ///
    /// # Errors
    /// Digits would be lost, or there are too many.
    #[inline]
    pub(crate) fn push_unscaled(&mut self, digits: i128, scale: u8) -> Result<(), Mismatch> {
        let more = i32::from(self.scale) - i32::from(scale);
        let power = || 10_i128.checked_pow(more.unsigned_abs()).ok_or(Mismatch::Range);
        let digits = match more {
            0 => digits,
            1.. => digits.checked_mul(power()?).ok_or(Mismatch::Range)?,
            _ => match power()? {
                power if digits % power == 0 => digits / power,
                _ => return Err(Mismatch::Range),
            },
        };
        let value = T::Native::try_from(digits).map_err(|_| Mismatch::Range)?;
        if !T::is_valid_decimal_precision(value, self.precision) {
            return Err(Mismatch::Range);
        }
        self.values.push(value);
        Ok(())
    }
}

impl<T: Digits> ColumnOps for DecimalColumn<T> {
    #[inline]
    fn num_rows(&self) -> usize {
        self.values.len()
    }

    #[inline]
    fn push_null(&mut self) {
        self.values.push_null();
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        match scalar {
            Scalar::Number(text) | Scalar::Text(text) => self.push_text(text),
            Scalar::I64(v) => self.push_integer(i128::from(v)),
            Scalar::U64(v) => self.push_integer(i128::from(v)),
            // A binary number is no decimal; a format that has the number's text hands that over.
            Scalar::F64(_) | Scalar::Bool(_) | Scalar::Str(_) | Scalar::Bytes(_) => Err(Mismatch::Type),
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        let data_type = T::TYPE_CONSTRUCTOR(self.precision, self.scale);
        Arc::new(self.values.finish(data_type))
    }
}
