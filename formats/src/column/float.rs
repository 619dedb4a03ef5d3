//! Floating-point columns.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, ArrowPrimitiveType,
    types::{Float16Type, Float32Type, Float64Type},
};
use half::f16;

use super::{
    ColumnOps, Mismatch, Scalar,
    number::{ShortText, is_integer_text, scaled},
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
    /// The nearest value.
    fn from_f64(v: f64) -> Self::Native;
    /// The nearest value to what the text says; `None` when it is no number.
    fn parse(text: &str) -> Option<Self::Native>;
    /// Neither infinite nor NaN.
    fn is_finite(v: Self::Native) -> bool;
    /// Shortest text that reads back as `v`.
    fn is_shortest(v: Self::Native, text: &str) -> bool;
}

macro_rules! floats {
    ($($ty:ty, $native:ty, $bits:literal, $digits:literal, $cast:expr, $parse:expr;)*) => { $(
        impl Float for $ty {
            const EXACT_BITS: u32 = $bits;
            const EXACT_DIGITS: usize = $digits;
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
            fn is_shortest(v: $native, text: &str) -> bool {
                // Display writes no exponent, so the text of an integral value is an integer.
                ShortText::new(v).is_some_and(|short| short.as_str() == text.trim_start_matches('+'))
                    || is_exactly(f64::from(v), text)
            }
        }
    )* };
}
floats! {
    Float16Type, f16, 11, 3, f16::from_f64, |t: &str| t.parse().ok().map(f16::from_f64);
    Float32Type, f32, 24, 7, |v| v as f32, |t: &str| t.parse().ok();
    Float64Type, f64, 53, 15, |v| v, |t: &str| t.parse().ok();
}

/// True when an integer's text is exactly `v`. Integers past 128 bits are compared by their shortest text only.
fn is_exactly(v: f64, text: &str) -> bool {
    // Every integral f64 below 2^127 converts to i128 without loss.
    v.abs() < 1.7e38 && scaled::<i128>(text, 0).is_ok_and(|exact| exact == v as i128)
}

impl<T: Float> FloatColumn<T> {
    /// An integer that is not known to be exact.
    #[inline(never)]
    fn from_wide(v: impl std::fmt::Display) -> Result<T::Native, Mismatch> {
        let text = ShortText::new(v).ok_or(Mismatch::Range)?;
        Self::from_text(text.as_str(), true)
    }

    fn from_text(text: &str, typed: bool) -> Result<T::Native, Mismatch> {
        let value = T::parse(text).ok_or(Mismatch::Type)?;
        if T::is_finite(value) {
            let lossy = text.len() > T::EXACT_DIGITS && is_integer_text(text) && !T::is_shortest(value, text);
            return if lossy { Err(Mismatch::Range) } else { Ok(value) };
        }
        // Infinity that was written in digits is an overflow.
        if typed || text.bytes().any(|b| b.is_ascii_digit()) { Err(Mismatch::Range) } else { Ok(value) }
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
            Scalar::I64(v) => Self::from_wide(v)?,
            Scalar::U64(v) if v >> T::EXACT_BITS == 0 => T::from_f64(v as f64),
            Scalar::U64(v) => Self::from_wide(v)?,
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
