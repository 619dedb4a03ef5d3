//! DATE, TIME and TIMESTAMP columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType, types::*};
use arrow_schema::{DataType, Field};
use laminar_schema::SchemaResult;

use super::{
    ColumnOps, ColumnOptions, Mismatch, Scalar, TimestampFormats,
    iso::{self, ISO_WINDOW, IsoInstant},
    number::IntegerText,
    storage::Values,
};
use crate::{cell::temporal::per_second, scan::Isa};

/// Builds a DATE, TIME or TIMESTAMP column from text, and from numbers where the column's formats say what they
/// count.
///
/// A timestamp with an offset is that instant, in UTC. One without is UTC, or in the column's own fixed offset; a
/// column of a named zone demands an offset. A fraction finer than the column's unit is out of range.
#[derive(Debug)]
pub struct TemporalColumn<T: ArrowPrimitiveType> {
    values: Values<T>,
    data_type: DataType,
    formats: TimestampFormats,
    /// What an integer is multiplied with to give the column's value, where that is all there is to do.
    scale: Option<i64>,
    /// Seconds east of UTC of text without a zone, where text is ISO 8601 first of all.
    iso_offset: Option<i64>,
}

impl<T: ArrowPrimitiveType> TemporalColumn<T> {
    /// A builder for the field, with the formats from its metadata.
    ///
    /// # Errors
    /// A format that cannot be read.
    pub fn new(field: &Field, options: &ColumnOptions) -> SchemaResult<Self> {
        let formats = TimestampFormats::new(field, options)?;
        let scale = match field.data_type() {
            DataType::Timestamp(unit, _) => formats.epoch_scale(*unit),
            _ => None,
        };
        let iso_offset = formats.iso_offset();
        Ok(Self { values: Values::default(), data_type: field.data_type().clone(), formats, scale, iso_offset })
    }
}

impl TemporalColumn<Date32Type> {
    /// Appends the value of row `row` from the first `len` bytes of a window; false when they are no plain date of ISO 8601,
    /// the column reads others first, or that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_iso_date<I: Isa>(&mut self, isa: I, row: usize, window: &[u8; ISO_WINDOW], len: usize) -> bool {
        if self.iso_offset.is_none() {
            return false;
        }
        let days = iso::date(isa, window, len).and_then(|days| i32::try_from(days).ok());
        days.is_some_and(|days| self.values.push_at(row, days))
    }
}

impl<T: Temporal<Native: TryFrom<i64>>> TemporalColumn<T> {
    /// Appends the value of row `row` from the first `len` bytes of a window, where `per_second` of the column's units are a
    /// second; false when they are no plain time of ISO 8601, the column reads others first, the time is finer than the unit,
    /// or that is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_iso_time<I: Isa>(
        &mut self,
        isa: I,
        row: usize,
        window: &[u8; ISO_WINDOW],
        len: usize,
        per_second: i64,
    ) -> bool {
        if self.iso_offset.is_none() {
            return false;
        }
        let Some((seconds, nanos)) = iso::time(isa, window, len) else { return false };
        let unit_nanos = 1_000_000_000 / per_second;
        if nanos % unit_nanos != 0 {
            return false;
        }
        T::Native::try_from(seconds * per_second + nanos / unit_nanos)
            .is_ok_and(|value| self.values.push_at(row, value))
    }
}

impl<T: ArrowPrimitiveType<Native = i64>> TemporalColumn<T> {
    /// Appends the value of row `row` from an integer; false when that takes more than a multiplication, does not fit,
    /// or is not the next row, and then nothing is appended.
    #[inline(always)]
    pub(crate) fn push_at(&mut self, row: usize, count: i64) -> bool {
        let value = self.scale.and_then(|scale| count.checked_mul(scale));
        value.is_some_and(|value| self.values.push_at(row, value))
    }
}

impl<T: ArrowPrimitiveType> TemporalColumn<T> {
    /// Appends a count of the column's own unit, for a format that knows it to be one.
    #[inline(always)]
    pub(crate) fn push_value(&mut self, value: T::Native) {
        self.values.push(value);
    }

    /// The values, to append many rows at a time.
    #[inline(always)]
    pub(crate) fn values_mut(&mut self) -> &mut Values<T> {
        &mut self.values
    }
}

impl<T: ArrowTimestampType> TemporalColumn<T> {
    /// Appends the value of row `row` from the first `len` bytes of a window; false when they are no plain timestamp of
    /// ISO 8601, the column reads others first, the value does not fit, or that is not the next row, and then nothing is
    /// appended.
    #[inline(always)]
    pub(crate) fn push_iso<I: Isa>(&mut self, isa: I, row: usize, window: &[u8; ISO_WINDOW], len: usize) -> bool {
        let Some(offset) = self.iso_offset else { return false };
        let Some(IsoInstant { seconds, nanos, is_utc }) = iso::instant(isa, window, len) else { return false };
        let seconds = if is_utc { seconds } else { seconds - offset };
        let per_second = per_second(T::UNIT);
        let unit_nanos = 1_000_000_000 / per_second;
        if nanos % unit_nanos != 0 {
            return false;
        }
        let value = seconds.checked_mul(per_second).and_then(|value| value.checked_add(nanos / unit_nanos));
        value.is_some_and(|value| self.values.push_at(row, value))
    }

    /// Appends the instant that is `seconds` and `nanos` after 1970-01-01 00:00:00 UTC; in a column without a zone, what
    /// clocks in UTC show then.
    ///
    /// # Errors
    /// It is finer than the column's unit, or too far away to be counted in it.
    #[inline]
    pub(crate) fn push_instant(&mut self, seconds: i64, nanos: u32) -> Result<(), Mismatch> {
        let per_second = per_second(T::UNIT);
        let unit_nanos = (1_000_000_000 / per_second) as u32;
        if !nanos.is_multiple_of(unit_nanos) {
            return Err(Mismatch::Range);
        }
        let value = i128::from(seconds) * i128::from(per_second) + i128::from(nanos / unit_nanos);
        self.values.push(i64::try_from(value).map_err(|_| Mismatch::Range)?);
        Ok(())
    }
}

/// How a temporal type reads its values.
pub trait Temporal: ArrowPrimitiveType {
    /// A value from text.
    ///
    /// # Errors
    /// It is no such text, or does not fit.
    #[doc(hidden)]
    fn read(text: &str, formats: &TemporalFormats<'_>) -> Result<Self::Native, Mismatch>;

    /// A value from a number, counted as the formats say.
    ///
    /// # Errors
    /// No format is a count, or the number does not fit.
    #[doc(hidden)]
    fn count(number: &str, formats: &TemporalFormats<'_>) -> Result<Self::Native, Mismatch> {
        let _ = (number, formats);
        Err(Mismatch::Type)
    }
}

/// The formats of one column.
#[derive(Debug)]
pub struct TemporalFormats<'a>(&'a TimestampFormats);

/// `nanos` in units of `unit` nanoseconds, if that is exact.
#[inline]
fn in_units<N: TryFrom<i128>>(nanos: i128, unit: i128) -> Result<N, Mismatch> {
    // Both fit 64 bits for every timestamp between the years 1678 and 2262, and 64-bit division is far cheaper.
    let (units, rest) = match (i64::try_from(nanos), unit as i64) {
        (Ok(nanos), unit) => (i128::from(nanos / unit), i128::from(nanos % unit)),
        (Err(_), _) => (nanos / unit, nanos % unit),
    };
    if rest != 0 {
        return Err(Mismatch::Range);
    }
    N::try_from(units).map_err(|_| Mismatch::Range)
}

macro_rules! temporals {
    (timestamp $($ty:ty, $unit:literal;)*) => { $(
        impl Temporal for $ty {
            #[inline]
            fn read(text: &str, formats: &TemporalFormats<'_>) -> Result<i64, Mismatch> {
                in_units(formats.0.timestamp(text)?, $unit)
            }
            fn count(number: &str, formats: &TemporalFormats<'_>) -> Result<i64, Mismatch> {
                in_units(formats.0.epoch(number)?, $unit)
            }
        }
    )* };
    (time $($ty:ty, $unit:literal;)*) => { $(
        impl Temporal for $ty {
            #[inline]
            fn read(text: &str, formats: &TemporalFormats<'_>) -> Result<Self::Native, Mismatch> {
                in_units(i128::from(formats.0.time(text)?), $unit)
            }
        }
    )* };
}
temporals! { timestamp
    TimestampSecondType, 1_000_000_000; TimestampMillisecondType, 1_000_000;
    TimestampMicrosecondType, 1_000; TimestampNanosecondType, 1;
}
temporals! { time
    Time32SecondType, 1_000_000_000; Time32MillisecondType, 1_000_000;
    Time64MicrosecondType, 1_000; Time64NanosecondType, 1;
}

impl Temporal for Date32Type {
    #[inline]
    fn read(text: &str, formats: &TemporalFormats<'_>) -> Result<i32, Mismatch> {
        i32::try_from(formats.0.date(text)?).map_err(|_| Mismatch::Range)
    }
}

impl Temporal for Date64Type {
    #[inline]
    fn read(text: &str, formats: &TemporalFormats<'_>) -> Result<i64, Mismatch> {
        Ok(formats.0.date(text)? * 86_400_000)
    }
}

impl<T: Temporal> TemporalColumn<T> {
    fn count(&self, number: &str) -> Result<T::Native, Mismatch> {
        T::count(number, &TemporalFormats(&self.formats))
    }
}

impl<T: Temporal> ColumnOps for TemporalColumn<T> {
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
        let value = match scalar {
            Scalar::Str(text) | Scalar::Text(text) => T::read(text, &TemporalFormats(&self.formats))?,
            Scalar::Number(text) => self.count(text)?,
            Scalar::I64(v) => self.count(IntegerText::new(i128::from(v)).as_str())?,
            Scalar::U64(v) => self.count(IntegerText::new(i128::from(v)).as_str())?,
            Scalar::F64(v) => self.count(ryu::Buffer::new().format(v))?,
            Scalar::Bool(_) | Scalar::Bytes(_) => return Err(Mismatch::Type),
        };
        self.values.push(value);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish(self.data_type.clone()))
    }
}
