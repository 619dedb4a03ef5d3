//! Columns of a batch as text: the way out that [`crate::column`] is the way in.
//!
//! Lives here: each Arrow value's text, the same for every text format, so that it reads back as the same value.
//! Does not live here: quotes, escapes and containers, which are a format's own.

pub(crate) mod decimal;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod temporal;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, cast::AsArray, types::*};
use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano, NullBuffer, i256};
use arrow_schema::{DataType, Field, IntervalUnit, Schema, TimeUnit};
use base64::{Engine, engine::general_purpose::STANDARD};
use half::f16;
use laminar_schema::{EncodeError, SchemaError, field, types::field_type_name};

use crate::column::BinaryEncoding;

/// Room for every type whose texts have a bound, decimals apart.
const FIXED_ROOM: usize = temporal::ROOM;
static_assertions::const_assert!(FIXED_ROOM >= integer::ROOM && FIXED_ROOM >= float::ROOM);

/// Room for every type whose texts have a bound.
pub(crate) const BOUNDED_ROOM: usize = decimal::ROOM;
static_assertions::const_assert!(BOUNDED_ROOM >= FIXED_ROOM);

/// One column of a batch, downcast once.
#[derive(Debug)]
pub struct Cells<'a> {
    values: Values<'a>,
    nulls: Option<NullBuffer>,
}

#[derive(Debug)]
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Float16(&'a [f16]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Decimal32(&'a [i32], i8),
    Decimal64(&'a [i64], i8),
    Decimal128(&'a [i128], i8),
    Decimal256(&'a [i256], i8),
    Utf8(&'a arrow_array::StringArray),
    LargeUtf8(&'a arrow_array::LargeStringArray),
    Utf8View(&'a arrow_array::StringViewArray),
    Binary(&'a arrow_array::BinaryArray, BinaryEncoding),
    LargeBinary(&'a arrow_array::LargeBinaryArray, BinaryEncoding),
    BinaryView(&'a arrow_array::BinaryViewArray, BinaryEncoding),
    FixedBinary(&'a arrow_array::FixedSizeBinaryArray, BinaryEncoding),
    Uuid(&'a arrow_array::FixedSizeBinaryArray),
    Date32(&'a [i32]),
    Date64(&'a [i64]),
    Time32(&'a [i32], TimeUnit),
    Time64(&'a [i64], TimeUnit),
    /// Whether there is a zone: values are UTC then.
    Timestamp(&'a [i64], TimeUnit, bool),
    Duration(&'a [i64], TimeUnit),
    Months(&'a [i32]),
    DayTime(&'a [IntervalDayTime]),
    MonthDayNano(&'a [IntervalMonthDayNano]),
    Dictionary(Vec<usize>, Box<Cells<'a>>),
}

impl<'a> Cells<'a> {
    /// Whether a field's values are single texts: false for containers, and for types that only Arrow knows.
    pub fn carry(field: &Field) -> bool {
        match field.data_type() {
            DataType::Dictionary(_, value) => Self::carry(&Field::new("", (**value).clone(), true)),
            DataType::RunEndEncoded(..) => false,
            other => !other.is_nested(),
        }
    }

    /// The cells of a column; `None` where [`Cells::carry`] is false, or `array` is not of the field's type.
    ///
    /// Text stands for bytes in `encoding`.
    pub fn new(field: &Field, array: &'a ArrayRef, encoding: BinaryEncoding) -> Option<Self> {
        if field.data_type() != array.data_type() || !Self::carry(field) {
            return None;
        }
        Some(Self { values: Values::new(field, array, encoding)?, nulls: array.logical_nulls() })
    }

    /// Whether the column is null in a row.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Whether a row's time is one of a day's, so that its text reads back; true for all that are no times.
    #[inline]
    pub(crate) fn is_within_a_day(&self, row: usize) -> bool {
        let (time, unit) = match &self.values {
            Values::Time32(v, unit) => (i64::from(v[row]), *unit),
            Values::Time64(v, unit) => (v[row], *unit),
            _ => return true,
        };
        (0..temporal::SECONDS_PER_DAY * temporal::per_second(unit)).contains(&time)
    }

    /// Appends the text of a row, which must not be null.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        let at = out.len();
        out.resize(at + self.room(row), 0);
        let end = self.write_at(row, out, at);
        out.truncate(end);
    }

    /// Bytes that [`Cells::write_at`] needs for a row: its text is never longer, and mostly much shorter.
    #[inline]
    pub fn room(&self, row: usize) -> usize {
        match &self.values {
            Values::Null => 0,
            Values::Boolean(_) => 8,
            Values::Decimal32(..) | Values::Decimal64(..) | Values::Decimal128(..) | Values::Decimal256(..) => {
                decimal::ROOM
            }
            Values::Utf8(v) => v.value_length(row) as usize,
            Values::LargeUtf8(v) => v.value_length(row) as usize,
            Values::Utf8View(v) => v.value(row).len(),
            Values::Binary(v, encoding) => room_for_bytes(v.value_length(row) as usize, *encoding),
            Values::LargeBinary(v, encoding) => room_for_bytes(v.value_length(row) as usize, *encoding),
            Values::BinaryView(v, encoding) => room_for_bytes(v.value(row).len(), *encoding),
            Values::FixedBinary(v, encoding) => room_for_bytes(v.value_length() as usize, *encoding),
            Values::Dictionary(keys, values) => values.room(keys[row]),
            _ => FIXED_ROOM,
        }
    }

    /// Writes the text of a row, which must not be null, into `out` from `at` on, and returns where the text ends.
    /// What stands behind it, up to [`Cells::room`], is overwritten with anything.
    ///
    /// # Panics
    /// When there is less room.
    #[inline]
    pub fn write_at(&self, row: usize, out: &mut [u8], at: usize) -> usize {
        match &self.values {
            Values::Null => at,
            Values::Boolean(v) => write_boolean(out, at, v.value(row)),
            Values::Int8(v) => integer::write_i64(out, at, i64::from(v[row])),
            Values::Int16(v) => integer::write_i64(out, at, i64::from(v[row])),
            Values::Int32(v) => integer::write_i64(out, at, i64::from(v[row])),
            Values::Int64(v) => integer::write_i64(out, at, v[row]),
            Values::UInt8(v) => integer::write_u64(out, at, u64::from(v[row])),
            Values::UInt16(v) => integer::write_u64(out, at, u64::from(v[row])),
            Values::UInt32(v) => integer::write_u64(out, at, u64::from(v[row])),
            Values::UInt64(v) => integer::write_u64(out, at, v[row]),
            Values::Float16(v) => float::write(out, at, v[row].to_f32()),
            Values::Float32(v) => float::write(out, at, v[row]),
            Values::Float64(v) => float::write(out, at, v[row]),
            Values::Decimal32(v, scale) => {
                decimal::write(out, at, |out, at| integer::write_i64(out, at, i64::from(v[row])), *scale)
            }
            Values::Decimal64(v, scale) => {
                decimal::write(out, at, |out, at| integer::write_i64(out, at, v[row]), *scale)
            }
            Values::Decimal128(v, scale) => {
                decimal::write(out, at, |out, at| integer::write_i128(out, at, v[row]), *scale)
            }
            Values::Decimal256(v, scale) => {
                decimal::write(out, at, |out, at| integer::write_i256(out, at, v[row]), *scale)
            }
            Values::Utf8(v) => write_all(out, at, v.value(row).as_bytes()),
            Values::LargeUtf8(v) => write_all(out, at, v.value(row).as_bytes()),
            Values::Utf8View(v) => write_all(out, at, v.value(row).as_bytes()),
            Values::Binary(v, encoding) => write_bytes(out, at, v.value(row), *encoding),
            Values::LargeBinary(v, encoding) => write_bytes(out, at, v.value(row), *encoding),
            Values::BinaryView(v, encoding) => write_bytes(out, at, v.value(row), *encoding),
            Values::FixedBinary(v, encoding) => write_bytes(out, at, v.value(row), *encoding),
            Values::Uuid(v) => write_uuid(out, at, v.value(row)),
            Values::Date32(v) => temporal::write_date(out, at, i64::from(v[row])),
            Values::Date64(v) => temporal::write_date(out, at, v[row].div_euclid(86_400_000)),
            Values::Time32(v, unit) => temporal::write_time(out, at, i64::from(v[row]), *unit),
            Values::Time64(v, unit) => temporal::write_time(out, at, v[row], *unit),
            Values::Timestamp(v, unit, zoned) => temporal::write_timestamp(out, at, v[row], *unit, *zoned),
            Values::Duration(v, unit) => temporal::write_duration(out, at, v[row], *unit),
            Values::Months(v) => temporal::write_interval(out, at, v[row], 0, 0),
            Values::DayTime(v) => {
                let IntervalDayTime { days, milliseconds } = v[row];
                temporal::write_interval(out, at, 0, days, i64::from(milliseconds) * 1_000_000)
            }
            Values::MonthDayNano(v) => {
                let IntervalMonthDayNano { months, days, nanoseconds } = v[row];
                temporal::write_interval(out, at, months, days, nanoseconds)
            }
            Values::Dictionary(keys, values) => values.write_at(keys[row], out, at),
        }
    }
}

impl<'a> Values<'a> {
    fn new(f: &Field, array: &'a ArrayRef, encoding: BinaryEncoding) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int8 => Self::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Self::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Self::UInt16(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>().values()),
            DataType::UInt64 => Self::UInt64(array.as_primitive::<UInt64Type>().values()),
            DataType::Float16 => Self::Float16(array.as_primitive::<Float16Type>().values()),
            DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => Self::Float64(array.as_primitive::<Float64Type>().values()),
            DataType::Decimal32(_, s) => Self::Decimal32(array.as_primitive::<Decimal32Type>().values(), *s),
            DataType::Decimal64(_, s) => Self::Decimal64(array.as_primitive::<Decimal64Type>().values(), *s),
            DataType::Decimal128(_, s) => Self::Decimal128(array.as_primitive::<Decimal128Type>().values(), *s),
            DataType::Decimal256(_, s) => Self::Decimal256(array.as_primitive::<Decimal256Type>().values(), *s),
            DataType::Utf8 => Self::Utf8(array.as_string()),
            DataType::LargeUtf8 => Self::LargeUtf8(array.as_string()),
            DataType::Utf8View => Self::Utf8View(array.as_string_view()),
            DataType::Binary => Self::Binary(array.as_binary(), encoding),
            DataType::LargeBinary => Self::LargeBinary(array.as_binary(), encoding),
            DataType::BinaryView => Self::BinaryView(array.as_binary_view(), encoding),
            DataType::FixedSizeBinary(16) if field::is_uuid(f) => Self::Uuid(array.as_fixed_size_binary()),
            DataType::FixedSizeBinary(_) => Self::FixedBinary(array.as_fixed_size_binary(), encoding),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                // Arrow refuses to look into a dictionary without values, where every row is null.
                let is_empty = dictionary.values().is_empty();
                let keys = if is_empty { Vec::new() } else { dictionary.normalized_keys() };
                let values = Field::new("", dictionary.values().data_type().clone(), true);
                Self::Dictionary(keys, Box::new(Cells::new(&values, dictionary.values(), encoding)?))
            }
            _ => return Self::new_temporal(array),
        })
    }

    fn new_temporal(array: &'a ArrayRef) -> Option<Self> {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        Some(match array.data_type() {
            DataType::Date32 => Self::Date32(array.as_primitive::<Date32Type>().values()),
            DataType::Date64 => Self::Date64(array.as_primitive::<Date64Type>().values()),
            DataType::Time32(unit @ Second) => Self::Time32(array.as_primitive::<Time32SecondType>().values(), *unit),
            DataType::Time32(unit) => Self::Time32(array.as_primitive::<Time32MillisecondType>().values(), *unit),
            DataType::Time64(unit @ Microsecond) => {
                Self::Time64(array.as_primitive::<Time64MicrosecondType>().values(), *unit)
            }
            DataType::Time64(unit) => Self::Time64(array.as_primitive::<Time64NanosecondType>().values(), *unit),
            DataType::Timestamp(unit, zone) => {
                let values = match unit {
                    Second => array.as_primitive::<TimestampSecondType>().values(),
                    Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
                    Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
                    Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
                };
                Self::Timestamp(values, *unit, zone.is_some())
            }
            DataType::Duration(unit) => {
                let values = match unit {
                    Second => array.as_primitive::<DurationSecondType>().values(),
                    Millisecond => array.as_primitive::<DurationMillisecondType>().values(),
                    Microsecond => array.as_primitive::<DurationMicrosecondType>().values(),
                    Nanosecond => array.as_primitive::<DurationNanosecondType>().values(),
                };
                Self::Duration(values, *unit)
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                Self::Months(array.as_primitive::<IntervalYearMonthType>().values())
            }
            DataType::Interval(IntervalUnit::DayTime) => {
                Self::DayTime(array.as_primitive::<IntervalDayTimeType>().values())
            }
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Self::MonthDayNano(array.as_primitive::<IntervalMonthDayNanoType>().values())
            }
            _ => return None,
        })
    }
}

/// The error of an encoder that was handed a batch of another schema than its own.
#[cold]
pub fn schema_mismatch(expected: &Schema, found: &RecordBatch) -> SchemaError {
    let show = |schema: &Schema| {
        let fields = schema.fields().iter().map(|f| format!("{} {}", f.name(), field_type_name(f)));
        fields.collect::<Vec<_>>().join(", ")
    };
    EncodeError::SchemaMismatch { expected: show(expected), found: show(found.schema_ref()) }.into()
}

/// Writes `true` or `false`; 8 bytes must be there.
#[inline]
pub(crate) fn write_boolean(out: &mut [u8], at: usize, value: bool) -> usize {
    out[at..at + 8].copy_from_slice(if value { b"true    " } else { b"false   " });
    at + 5 - usize::from(value)
}

fn write_all(out: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    out[at..end].copy_from_slice(bytes);
    end
}

fn room_for_bytes(len: usize, encoding: BinaryEncoding) -> usize {
    match encoding {
        BinaryEncoding::Utf8 => len,
        BinaryEncoding::Hex => len * 2,
        BinaryEncoding::Base64 => len.div_ceil(3) * 4,
    }
}

fn write_bytes(out: &mut [u8], at: usize, bytes: &[u8], encoding: BinaryEncoding) -> usize {
    match encoding {
        BinaryEncoding::Utf8 => write_all(out, at, bytes),
        BinaryEncoding::Hex => write_hex(out, at, bytes),
        // The room is at least what base64 with padding takes.
        BinaryEncoding::Base64 => at + STANDARD.encode_slice(bytes, &mut out[at..]).unwrap_or(0),
    }
}

fn write_hex(out: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let end = at + 2 * bytes.len();
    for (pair, byte) in out[at..end].as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    end
}

/// Bytes that the text of a UUID takes.
pub(crate) const UUID_ROOM: usize = 36;

/// Writes sixteen bytes as the text of a UUID, and returns where it ends; [`UUID_ROOM`] bytes must be there.
pub(crate) fn write_uuid(out: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().fold(at, |at, group| {
        let at = if group.start > 0 { write_all(out, at, b"-") } else { at };
        write_hex(out, at, &bytes[group])
    })
}
