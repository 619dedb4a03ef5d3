//! Per-column builders: typed values → Arrow arrays, one enum over all column types.
//!
//! Lives here: what a value must look like to fit a column ([`Scalar`] → [`Mismatch`]), and the memory that columns
//! are built in. Does not live here: any format's syntax; a decoder turns its tokens into [`Scalar`]s. Struct columns carry
//! what JSON's direct engines have learned about their keys, since it is found by the same way as the columns.
//!
//! Memory: a builder keeps its storage from batch to batch. [`ColumnOps::finish`] gives the storage away when it is
//! at least half full and copies it tightly otherwise, so a warm builder performs the same number of allocations
//! for a batch of any size, and an array never holds more than twice its bytes.

mod binary;
mod boolean;
mod decimal;
mod dictionary;
mod float;
mod integer;
mod interval;
mod iso;
mod json_text;
mod keys;
mod list;
mod map;
mod null;
mod number;
mod options;
mod some;
mod storage;
mod strftime;
mod structs;
mod temporal;
mod text;
mod text_block;
mod time_text;
mod utf8;
mod view;

use arrow_array::{ArrayRef, types::*};
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use enum_dispatch::enum_dispatch;
use laminar_schema::{DecodeError, Found, SchemaResult, field, resolve::ResolveError, types::field_type_name};

pub use binary::{BinaryColumn, FixedBinaryColumn, UuidColumn};
pub use boolean::BooleanColumn;
pub use decimal::DecimalColumn;
pub use dictionary::DictionaryColumn;
use float::Float;
pub use float::FloatColumn;
pub use integer::IntegerColumn;
pub use interval::{DurationColumn, IntervalColumn};
pub(crate) use interval::{is_telling_duration, may_be_duration};
pub(crate) use iso::ISO_WINDOW;
pub use json_text::JsonColumn;
pub(crate) use keys::KeyBytes;
pub use keys::KeyTable;
pub use list::{FixedListColumn, ListColumn};
pub use map::MapColumn;
pub use null::NullColumn;
pub(crate) use number::{IntegerText, same_digits};
pub use options::{BinaryEncoding, ColumnOptions};
pub(crate) use strftime::Strftime;
pub use structs::{OnAbsent, StructColumn, StructField};
pub use temporal::TemporalColumn;
pub use text::TextColumn;
pub(crate) use text_block::{SHORT, TextSpan};
pub(crate) use time_text::{days_in_month, days_since_epoch};
pub(crate) use utf8::{is_ascii, is_text};
pub use view::TextViewColumn;

use time_text::TimestampFormats;

/// One value on its way into a column, as the format tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// An integer above `i64::MAX`, or any that is known not to be negative.
    U64(u64),
    /// A binary floating-point number.
    F64(f64),
    /// The text of a number, exact to any length.
    Number(&'a str),
    /// Text that the format marks as text, such as a JSON string: never read as a number or a boolean.
    Str(&'a str),
    /// Text without a type, such as a CSV field: read as whatever the column is.
    Text(&'a str),
    /// Bytes that are no text.
    Bytes(&'a [u8]),
}

/// Why a value does not fit a column. Costs nothing to make; the caller turns it into an error on the cold path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The value is of another kind than the column.
    Type,
    /// The value is of the right kind, but does not fit without loss.
    Range,
}

impl Mismatch {
    /// The error that says what was expected and what stood there.
    #[cold]
    #[inline(never)]
    pub fn into_error(self, expected: DataType, found: Found) -> DecodeError {
        match self {
            Self::Type => DecodeError::TypeMismatch { expected, found },
            Self::Range => DecodeError::OutOfRange { expected, found },
        }
    }
}

/// What every column can do.
#[enum_dispatch]
pub trait ColumnOps {
    /// Rows so far.
    fn num_rows(&self) -> usize;

    /// Appends a null row.
    fn push_null(&mut self);

    /// Appends a value.
    ///
    /// # Errors
    /// The value does not fit; the column is as before.
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch>;

    /// Removes all rows from `rows` on, and whatever was pushed into children for a row that was not ended.
    fn truncate(&mut self, rows: usize);

    /// Hands out all rows as an array and starts over, warm.
    fn finish(&mut self) -> ArrayRef;
}

/// The builder of one column.
// A tag of its own: what tells variants apart would otherwise hide in a vector's capacity, at four instructions a value.
#[enum_dispatch(ColumnOps)]
#[derive(Debug)]
#[repr(u8)]
#[allow(missing_docs, reason = "each variant is named after the Arrow type that it builds")]
pub enum Column {
    Null(NullColumn),
    Boolean(BooleanColumn),
    Int8(IntegerColumn<Int8Type>),
    Int16(IntegerColumn<Int16Type>),
    Int32(IntegerColumn<Int32Type>),
    Int64(IntegerColumn<Int64Type>),
    UInt8(IntegerColumn<UInt8Type>),
    UInt16(IntegerColumn<UInt16Type>),
    UInt32(IntegerColumn<UInt32Type>),
    UInt64(IntegerColumn<UInt64Type>),
    Float16(FloatColumn<Float16Type>),
    Float32(FloatColumn<Float32Type>),
    Float64(FloatColumn<Float64Type>),
    Decimal32(DecimalColumn<Decimal32Type>),
    Decimal64(DecimalColumn<Decimal64Type>),
    Decimal128(DecimalColumn<Decimal128Type>),
    Decimal256(DecimalColumn<Decimal256Type>),
    Json(JsonColumn),
    Utf8(TextColumn<i32>),
    LargeUtf8(TextColumn<i64>),
    Utf8View(TextViewColumn),
    Binary(BinaryColumn<i32>),
    LargeBinary(BinaryColumn<i64>),
    FixedSizeBinary(FixedBinaryColumn),
    Uuid(UuidColumn),
    Date32(TemporalColumn<Date32Type>),
    Date64(TemporalColumn<Date64Type>),
    Time32Second(TemporalColumn<Time32SecondType>),
    Time32Millisecond(TemporalColumn<Time32MillisecondType>),
    Time64Microsecond(TemporalColumn<Time64MicrosecondType>),
    Time64Nanosecond(TemporalColumn<Time64NanosecondType>),
    TimestampSecond(TemporalColumn<TimestampSecondType>),
    TimestampMillisecond(TemporalColumn<TimestampMillisecondType>),
    TimestampMicrosecond(TemporalColumn<TimestampMicrosecondType>),
    TimestampNanosecond(TemporalColumn<TimestampNanosecondType>),
    DurationSecond(DurationColumn<DurationSecondType>),
    DurationMillisecond(DurationColumn<DurationMillisecondType>),
    DurationMicrosecond(DurationColumn<DurationMicrosecondType>),
    DurationNanosecond(DurationColumn<DurationNanosecondType>),
    IntervalYearMonth(IntervalColumn<IntervalYearMonthType>),
    IntervalDayTime(IntervalColumn<IntervalDayTimeType>),
    IntervalMonthDayNano(IntervalColumn<IntervalMonthDayNanoType>),
    List(ListColumn<i32>),
    LargeList(ListColumn<i64>),
    FixedSizeList(FixedListColumn),
    Struct(StructColumn),
    Map(MapColumn),
    Dictionary(DictionaryColumn),
}

impl Column {
    /// Puts rows into another order, of each of them where it is, where that is faster here than in the finished array; false
    /// where it is not, and then the column is as before.
    pub(crate) fn reorder(&mut self, order: &[u32]) -> bool {
        match self {
            Self::Utf8(rows) => rows.reorder(order),
            Self::LargeUtf8(rows) => rows.reorder(order),
            Self::Binary(rows) => rows.reorder(order),
            Self::LargeBinary(rows) => rows.reorder(order),
            _ => return false,
        }
        true
    }

    /// The builder for a field's type, nested fields included.
    ///
    /// # Errors
    /// [`ResolveError::UnsupportedType`] for a type that no text format can carry, named by its path;
    /// a timestamp format that cannot be read.
    pub fn new(f: &Field, options: &ColumnOptions) -> SchemaResult<Self> {
        Ok(match f.data_type() {
            DataType::Null => NullColumn::default().into(),
            DataType::Boolean => BooleanColumn::default().into(),
            DataType::Int8 => IntegerColumn::<Int8Type>::default().into(),
            DataType::Int16 => IntegerColumn::<Int16Type>::default().into(),
            DataType::Int32 => IntegerColumn::<Int32Type>::default().into(),
            DataType::Int64 => IntegerColumn::<Int64Type>::default().into(),
            DataType::UInt8 => IntegerColumn::<UInt8Type>::default().into(),
            DataType::UInt16 => IntegerColumn::<UInt16Type>::default().into(),
            DataType::UInt32 => IntegerColumn::<UInt32Type>::default().into(),
            DataType::UInt64 => IntegerColumn::<UInt64Type>::default().into(),
            DataType::Float16 => FloatColumn::<Float16Type>::default().into(),
            DataType::Float32 => FloatColumn::<Float32Type>::default().into(),
            DataType::Float64 => FloatColumn::<Float64Type>::default().into(),
            DataType::Decimal32(p, s) => DecimalColumn::<Decimal32Type>::new(*p, *s).into(),
            DataType::Decimal64(p, s) => DecimalColumn::<Decimal64Type>::new(*p, *s).into(),
            DataType::Decimal128(p, s) => DecimalColumn::<Decimal128Type>::new(*p, *s).into(),
            DataType::Decimal256(p, s) => DecimalColumn::<Decimal256Type>::new(*p, *s).into(),
            DataType::Utf8 if field::is_json(f) => JsonColumn::default().into(),
            DataType::Utf8 => TextColumn::<i32>::default().into(),
            DataType::LargeUtf8 => TextColumn::<i64>::default().into(),
            DataType::Utf8View => TextViewColumn::default().into(),
            DataType::Binary => BinaryColumn::<i32>::new(options.binary_encoding).into(),
            DataType::LargeBinary => BinaryColumn::<i64>::new(options.binary_encoding).into(),
            DataType::FixedSizeBinary(16) if field::is_uuid(f) => UuidColumn::default().into(),
            DataType::FixedSizeBinary(n) => FixedBinaryColumn::new(*n, options.binary_encoding).into(),
            DataType::Dictionary(key, value) if **value == DataType::Utf8 && key.is_dictionary_key_type() => {
                DictionaryColumn::new((**key).clone()).into()
            }
            DataType::List(item) => ListColumn::<i32>::new(item, options)?.into(),
            DataType::LargeList(item) => ListColumn::<i64>::new(item, options)?.into(),
            DataType::FixedSizeList(item, n) => FixedListColumn::new(item, *n, options)?.into(),
            DataType::Struct(fields) => StructColumn::new(fields, options)?.into(),
            DataType::Map(entries, sorted) => MapColumn::new(entries, *sorted, options)?.into(),
            _ => return Self::new_temporal(f, options),
        })
    }

    fn new_temporal(f: &Field, options: &ColumnOptions) -> SchemaResult<Self> {
        Ok(match f.data_type() {
            DataType::Date32 => TemporalColumn::<Date32Type>::new(f, options)?.into(),
            DataType::Date64 => TemporalColumn::<Date64Type>::new(f, options)?.into(),
            DataType::Time32(TimeUnit::Second) => TemporalColumn::<Time32SecondType>::new(f, options)?.into(),
            DataType::Time32(TimeUnit::Millisecond) => TemporalColumn::<Time32MillisecondType>::new(f, options)?.into(),
            DataType::Time64(TimeUnit::Microsecond) => TemporalColumn::<Time64MicrosecondType>::new(f, options)?.into(),
            DataType::Time64(TimeUnit::Nanosecond) => TemporalColumn::<Time64NanosecondType>::new(f, options)?.into(),
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => TemporalColumn::<TimestampSecondType>::new(f, options)?.into(),
                TimeUnit::Millisecond => TemporalColumn::<TimestampMillisecondType>::new(f, options)?.into(),
                TimeUnit::Microsecond => TemporalColumn::<TimestampMicrosecondType>::new(f, options)?.into(),
                TimeUnit::Nanosecond => TemporalColumn::<TimestampNanosecondType>::new(f, options)?.into(),
            },
            DataType::Duration(unit) => match unit {
                TimeUnit::Second => DurationColumn::<DurationSecondType>::default().into(),
                TimeUnit::Millisecond => DurationColumn::<DurationMillisecondType>::default().into(),
                TimeUnit::Microsecond => DurationColumn::<DurationMicrosecondType>::default().into(),
                TimeUnit::Nanosecond => DurationColumn::<DurationNanosecondType>::default().into(),
            },
            DataType::Interval(unit) => match unit {
                IntervalUnit::YearMonth => IntervalColumn::<IntervalYearMonthType>::default().into(),
                IntervalUnit::DayTime => IntervalColumn::<IntervalDayTimeType>::default().into(),
                IntervalUnit::MonthDayNano => IntervalColumn::<IntervalMonthDayNanoType>::default().into(),
            },
            _ => {
                return Err(ResolveError::UnsupportedType {
                    column: f.name().clone(),
                    data_type: field_type_name(f),
                    help: "declare it as VARCHAR, BLOB, JSON, or a plain list or struct",
                }
                .into());
            }
        })
    }

    /// Appends a count of the column's own unit to a DATE, TIME or TIMESTAMP column.
    ///
    /// # Errors
    /// It does not fit, is no time of any day, or the column is of another type.
    #[inline]
    pub(crate) fn push_count(&mut self, count: i64) -> Result<(), Mismatch> {
        let narrow = || i32::try_from(count).map_err(|_| Mismatch::Range);
        let in_a_day = |per_second: i64| match (0..86_400 * per_second).contains(&count) {
            true => Ok(count),
            false => Err(Mismatch::Range),
        };
        match self {
            Self::Date32(c) => c.push_value(narrow()?),
            Self::Date64(c) => c.push_value(count),
            // A day has fewer than 2^31 milliseconds.
            Self::Time32Second(c) => c.push_value(in_a_day(1)? as i32),
            Self::Time32Millisecond(c) => c.push_value(in_a_day(1_000)? as i32),
            Self::Time64Microsecond(c) => c.push_value(in_a_day(1_000_000)?),
            Self::Time64Nanosecond(c) => c.push_value(in_a_day(1_000_000_000)?),
            Self::TimestampSecond(c) => c.push_value(count),
            Self::TimestampMillisecond(c) => c.push_value(count),
            Self::TimestampMicrosecond(c) => c.push_value(count),
            Self::TimestampNanosecond(c) => c.push_value(count),
            _ => return Err(Mismatch::Type),
        }
        Ok(())
    }

    /// Appends the instant that is `seconds` and `nanos` after 1970-01-01 00:00:00 UTC to a TIMESTAMP column; in one without a
    /// zone, what clocks in UTC show then.
    ///
    /// # Errors
    /// It is finer than the column's unit, or too far away to be counted in it; the column is of another type.
    #[inline]
    pub fn push_instant(&mut self, seconds: i64, nanos: u32) -> Result<(), Mismatch> {
        match self {
            Self::TimestampSecond(c) => c.push_instant(seconds, nanos),
            Self::TimestampMillisecond(c) => c.push_instant(seconds, nanos),
            Self::TimestampMicrosecond(c) => c.push_instant(seconds, nanos),
            Self::TimestampNanosecond(c) => c.push_instant(seconds, nanos),
            _ => Err(Mismatch::Type),
        }
    }

    /// True where the column is DECIMAL.
    #[inline]
    pub(crate) fn is_decimal(&self) -> bool {
        matches!(self, Self::Decimal32(_) | Self::Decimal64(_) | Self::Decimal128(_) | Self::Decimal256(_))
    }

    /// True where a number's text matters: a binary floating-point number on the way would lose digits.
    #[inline]
    pub fn wants_exact_numbers(&self) -> bool {
        !matches!(self, Self::Float16(_) | Self::Float32(_) | Self::Float64(_))
    }

    /// Whether all texts that were pushed without a look at them are UTF-8. Where they are not, the column holds no array, and
    /// its rows must be taken back.
    pub(crate) fn check_text(&mut self) -> bool {
        match self {
            Self::Utf8(c) => c.check_text(),
            Self::LargeUtf8(c) => c.check_text(),
            Self::List(c) => c.item().check_text(),
            Self::LargeList(c) => c.item().check_text(),
            Self::FixedSizeList(c) => c.item().check_text(),
            Self::Map(c) => c.key_and_field().0.check_text() && c.value_and_field().0.check_text(),
            Self::Struct(c) => c.check_text(),
            // Nobody pushes into others without a look.
            _ => true,
        }
    }

    /// True where this binary floating-point number is not enough: halfway between two of the column's values, the
    /// number's text decides.
    #[inline]
    pub fn is_tie(&self, v: f64) -> bool {
        match self {
            Self::Float16(_) => Float16Type::is_tie(v),
            Self::Float32(_) => Float32Type::is_tie(v),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
