//! Floating-point columns.

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{
    ArrayRef, ArrowPrimitiveType,
    types::{Float16Type, Float32Type, Float64Type},
};
use half::f16;

use super::{
    ColumnOps, Mismatch, Scalar,
    number::{IntegerText, compare_magnitude, is_exactly, is_integer_text, same_digits},
    storage::Values,
};

/// Builds a floating-point column.
///
/// A number with a fraction or an exponent is rounded to the nearest value, which is what the type means; one that
/// would round to infinity is out of range. An integer must survive: it is either exactly the floating-point number
/// or that number's shortest decimal text (as JavaScript prints 2^70); 9007199254740993 is out of range.
/// Untyped text may also say `NaN`, `inf` and `Infinity`, with a sign.
#[derive(Debug)]
pub struct FloatColumn<T: ArrowPrimitiveType>(Values<T>);

impl<T: ArrowPrimitiveType> Default for FloatColumn<T> {
    fn default() -> Self {
        Self(Values::default())
    }
}

/// What the three widths differ in.
pub trait Float: ArrowPrimitiveType {
    /// Integers up to 2^this are all exact.
    const EXACT_BITS: u32;
    /// Integers of up to this many digits are all exact.
    const EXACT_DIGITS: usize;
    /// The smallest value above zero is 2^this.
    const LEAST_POWER: i32;

    /// True when `v` lies halfway between two neighbours, so that what it was itself rounded from decides.
    #[inline]
    fn is_tie(v: f64) -> bool {
        let more_bits = 53 - Self::EXACT_BITS;
        let power_of_two = |power: i32| f64::from_bits(((1_023 + power) as u64) << 52);
        if more_bits == 0 {
            return false;
        }
        if v.abs() < power_of_two(Self::LEAST_POWER + Self::EXACT_BITS as i32 - 1) {
            // Below the normal values, neighbours are all as far from each other as the least is from zero.
            let halves = v.abs() * power_of_two(1 - Self::LEAST_POWER);
            return halves.fract() == 0.0 && halves as u64 % 2 == 1;
        }
        v.to_bits() % (1 << more_bits) == 1 << (more_bits - 1)
    }

    /// The nearest value.
    fn from_f64(v: f64) -> Self::Native;
    /// The nearest value to what the text says; `None` when it is no number.
    fn parse(text: &str) -> Option<Self::Native>;
    /// Neither infinite nor NaN.
    fn is_finite(v: Self::Native) -> bool;
    /// Whether `v` stands for all of an integer that it was rounded from.
    fn keeps(v: Self::Native, text: &str) -> bool;
}

macro_rules! floats {
    ($($ty:ty, $native:ty, $bits:literal, $digits:literal, $least_power:literal, $cast:expr, $parse:expr, $shortest:expr;)*) => { $(
        impl Float for $ty {
            const EXACT_BITS: u32 = $bits;
            const EXACT_DIGITS: usize = $digits;
            const LEAST_POWER: i32 = $least_power;
            #[inline]
            fn from_f64(v: f64) -> $native {
                $cast(v)
            }
            fn parse(text: &str) -> Option<$native> {
                $parse(text)
            }
            #[inline]
            fn is_finite(v: $native) -> bool {
                v.is_finite()
            }
            fn keeps(v: $native, text: &str) -> bool {
                is_exactly(f64::from(v), text) || $shortest(v, text)
            }
        }
    )* };
}
floats! {
    // Nobody prints shortest digits of a half.
    Float16Type, f16, 11, 3, -24, f16::from_f64, parse_half, |_, _| false;
    Float32Type, f32, 24, 7, -149, |v| v as f32, |t: &str| t.parse().ok(), is_shortest;
    Float64Type, f64, 53, 15, -1074, |v| v, |t: &str| t.parse().ok(), is_shortest;
}

/// The half that is nearest to what the text says, without rounding twice.
fn parse_half(text: &str) -> Option<f16> {
    let v: f64 = text.parse().ok()?;
    let near = f16::from_f64(v);
    if !Float16Type::is_tie(v) {
        return Some(near);
    }
    // No tie has more bits behind the point than 25, so that it is this many 10^-25.
    let exact = (v.abs() * f64::from(1_u32 << 25)) as u128 * 5_u128.pow(25);
    // As sign and magnitude, neighbours' bits are neighbouring integers.
    let towards_zero = if f64::from(near).abs() > v.abs() { near.to_bits() - 1 } else { near.to_bits() };
    Some(match compare_magnitude(text, exact, -25)? {
        Ordering::Less => f16::from_bits(towards_zero),
        Ordering::Equal => near,
        Ordering::Greater => f16::from_bits(towards_zero + 1),
    })
}

/// True when an integer's text has the digits that a floating-point number is printed with.
fn is_shortest(v: impl ryu::Float, text: &str) -> bool {
    same_digits(ryu::Buffer::new().format(v), text)
}

impl<T: Float> FloatColumn<T> {
    /// An integer that is not known to be exact.
    #[inline(never)]
    fn from_wide(v: i128) -> Result<T::Native, Mismatch> {
        Self::from_text(IntegerText::new(v).as_str(), true)
    }

    fn from_text(text: &str, typed: bool) -> Result<T::Native, Mismatch> {
        let value = T::parse(text).ok_or(Mismatch::Type)?;
        if T::is_finite(value) {
            let lossy = text.len() > T::EXACT_DIGITS && is_integer_text(text) && !T::keeps(value, text);
            return if lossy { Err(Mismatch::Range) } else { Ok(value) };
        }
        // Infinity that was written in digits is an overflow.
        if typed || text.bytes().any(|b| b.is_ascii_digit()) { Err(Mismatch::Range) } else { Ok(value) }
    }
}

impl FloatColumn<Float64Type> {
    /// Appends the value of row `row`; false when that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, value: f64) -> bool {
        self.0.push_at(row, value)
    }
}

impl<T: ArrowPrimitiveType> FloatColumn<T> {
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

impl<T: Float> ColumnOps for FloatColumn<T> {
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
            Scalar::F64(v) => {
                let value = T::from_f64(v);
                if v.is_finite() && !T::is_finite(value) {
                    return Err(Mismatch::Range);
                }
                value
            }
            Scalar::I64(v) if v.unsigned_abs() >> T::EXACT_BITS == 0 => T::from_f64(v as f64),
            Scalar::I64(v) => Self::from_wide(i128::from(v))?,
            Scalar::U64(v) if v >> T::EXACT_BITS == 0 => T::from_f64(v as f64),
            Scalar::U64(v) => Self::from_wide(i128::from(v))?,
            Scalar::Number(text) => Self::from_text(text, true)?,
            Scalar::Text(text) => Self::from_text(text, false)?,
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
