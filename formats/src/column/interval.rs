//! INTERVAL columns: Arrow's durations and calendar intervals, from ISO 8601 text.

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType, types::*};
use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano};

use super::{ColumnOps, Mismatch, Scalar, number::scaled, storage::Values};

/// Parts of an ISO 8601 duration that do not convert into each other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Span {
    months: i128,
    days: i128,
    nanos: i128,
}

/// Whether a text is a duration that says so beyond doubt, and is read into a column of `INTERVAL`.
///
/// One number behind a `P` (`P1D`, `P3M`) is as often the code of a product: a `T` or a second part is asked for.
pub(crate) fn is_telling_duration(text: &str) -> bool {
    let is_telling = || text.bytes().filter(u8::is_ascii_alphabetic).nth(2).is_some() || text.contains('T');
    IntervalMonthDayNanoType::read(text).is_ok() && is_telling()
}

/// Whether a text that begins like this may be a duration. False is certain.
pub(crate) fn may_be_duration(beginning: &[u8]) -> bool {
    let rest = beginning.strip_prefix(b"-").unwrap_or(beginning);
    let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.') || b"TYMWDHS".contains(b);
    match rest {
        [] => true,
        [b'P', parts @ ..] => parts.iter().all(is_part),
        _ => false,
    }
}

/// Reads `[-]P[nY][nM][nW][nD][T[nH][nM][n[.f]S]]`; each number may have a sign of its own.
fn span(text: &str) -> Result<Span, Mismatch> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = rest.strip_prefix('P').ok_or(Mismatch::Type)?;
    let mut span = Span::default();
    let (mut in_time, mut parts) = (false, 0);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T').filter(|_| !in_time) {
            (in_time, rest) = (true, time);
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or(Mismatch::Type)?;
        let (number, unit) = (&rest[..end], rest.as_bytes()[end]);
        let (part, scale, factor) = match (in_time, unit) {
            (false, b'Y') => (&mut span.months, 0, 12),
            (false, b'M') => (&mut span.months, 0, 1),
            (false, b'W') => (&mut span.days, 0, 7),
            (false, b'D') => (&mut span.days, 0, 1),
            (true, b'H') => (&mut span.nanos, 9, 3600),
            (true, b'M') => (&mut span.nanos, 9, 60),
            (true, b'S') => (&mut span.nanos, 9, 1),
            _ => return Err(Mismatch::Type),
        };
        let value = scaled::<i128>(number, scale)?.checked_mul(factor).ok_or(Mismatch::Range)?;
        *part = part.checked_add(value).ok_or(Mismatch::Range)?;
        parts += 1;
        rest = &rest[end + 1..];
    }
    if parts == 0 {
        return Err(Mismatch::Type);
    }
    if negative {
        // Each part came from fewer digits than i128 holds, so it has an opposite.
        span = Span { months: -span.months, days: -span.days, nanos: -span.nanos };
    }
    Ok(span)
}

fn fit<N: TryFrom<i128>>(value: i128) -> Result<N, Mismatch> {
    N::try_from(value).map_err(|_| Mismatch::Range)
}

/// Builds a duration column from `PT1.5S`-like text, or from an integer that counts the column's units.
#[derive(Debug)]
pub struct DurationColumn<T: ArrowPrimitiveType>(Values<T>);

impl<T: ArrowPrimitiveType> Default for DurationColumn<T> {
    fn default() -> Self {
        Self(Values::default())
    }
}

/// A unit of durations.
pub trait DurationUnit: ArrowPrimitiveType<Native = i64> {
    /// Nanoseconds in it.
    const NANOS: i128;
}

macro_rules! units {
    ($($ty:ty, $nanos:literal;)*) => { $( impl DurationUnit for $ty { const NANOS: i128 = $nanos; } )* };
}
units! {
    DurationSecondType, 1_000_000_000; DurationMillisecondType, 1_000_000;
    DurationMicrosecondType, 1_000; DurationNanosecondType, 1;
}

impl<T: DurationUnit> ColumnOps for DurationColumn<T> {
    fn num_rows(&self) -> usize {
        self.0.len()
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let value = match scalar {
            Scalar::I64(v) => v,
            Scalar::U64(v) => fit(i128::from(v))?,
            Scalar::Number(text) => scaled::<i64>(text, 0)?,
            Scalar::Str(text) | Scalar::Text(text) => {
                let Span { months: 0, days, nanos } = span(text)? else { return Err(Mismatch::Range) };
                let day = 86_400 * 1_000_000_000;
                let nanos = days.checked_mul(day).and_then(|d| d.checked_add(nanos)).ok_or(Mismatch::Range)?;
                if nanos % T::NANOS != 0 {
                    return Err(Mismatch::Range);
                }
                fit(nanos / T::NANOS)?
            }
            Scalar::Bool(_) | Scalar::F64(_) | Scalar::Bytes(_) => return Err(Mismatch::Type),
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

/// Builds a calendar interval column from ISO 8601 text.
#[derive(Debug)]
pub struct IntervalColumn<T: ArrowPrimitiveType>(Values<T>);

impl<T: ArrowPrimitiveType> Default for IntervalColumn<T> {
    fn default() -> Self {
        Self(Values::default())
    }
}

impl<T: ArrowPrimitiveType> IntervalColumn<T> {
    /// Appends a value of the column's own type.
    #[inline]
    pub(crate) fn push_value(&mut self, value: T::Native) {
        self.0.push(value);
    }
}

/// A kind of calendar interval.
pub trait CalendarInterval: ArrowPrimitiveType {
    /// Reads ISO 8601 text.
    ///
    /// # Errors
    /// It is no such text, or has parts that this kind cannot hold.
    fn read(text: &str) -> Result<Self::Native, Mismatch>;
}

impl CalendarInterval for IntervalYearMonthType {
    fn read(text: &str) -> Result<i32, Mismatch> {
        match span(text)? {
            Span { months, days: 0, nanos: 0 } => fit(months),
            _ => Err(Mismatch::Range),
        }
    }
}

impl CalendarInterval for IntervalDayTimeType {
    fn read(text: &str) -> Result<IntervalDayTime, Mismatch> {
        match span(text)? {
            Span { months: 0, days, nanos } if nanos % 1_000_000 == 0 => {
                Ok(IntervalDayTime::new(fit(days)?, fit(nanos / 1_000_000)?))
            }
            _ => Err(Mismatch::Range),
        }
    }
}

impl CalendarInterval for IntervalMonthDayNanoType {
    fn read(text: &str) -> Result<IntervalMonthDayNano, Mismatch> {
        let Span { months, days, nanos } = span(text)?;
        Ok(IntervalMonthDayNano::new(fit(months)?, fit(days)?, fit(nanos)?))
    }
}

impl<T: CalendarInterval> ColumnOps for IntervalColumn<T> {
    fn num_rows(&self) -> usize {
        self.0.len()
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let (Scalar::Str(text) | Scalar::Text(text)) = scalar else { return Err(Mismatch::Type) };
        self.0.push(T::read(text)?);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish(T::DATA_TYPE))
    }
}
