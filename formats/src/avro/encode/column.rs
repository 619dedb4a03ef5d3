//! One column of a batch, downcast once.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringViewArray, cast::AsArray, types::*,
};
use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano, NullBuffer, i256};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use half::f16;

use super::plan::{Branches, Kind, Plan};

/// A column, and how it is written.
#[derive(Debug)]
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    /// Nothing where no row is null.
    nulls: Option<NullBuffer>,
    pub(super) union: Option<Branches>,
    pub(super) values: Values<'a>,
}

#[derive(Debug)]
pub(super) enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    Float32(&'a [f32]),
    /// Numbers that a FLOAT or DOUBLE holds exactly.
    AsFloat(Numbers<'a>),
    AsDouble(Numbers<'a>),
    Float64(&'a [f64]),
    /// Bytes or text, behind their length.
    Bytes(&'a [i32], &'a [u8]),
    LargeBytes(&'a [i64], &'a [u8]),
    TextView(&'a StringViewArray),
    BytesView(&'a BinaryViewArray),
    Fixed(&'a FixedSizeBinaryArray),
    Uuid(&'a FixedSizeBinaryArray),
    Decimal(Decimals<'a>, Option<usize>),
    Scaled32(&'a [i32], i64, i64),
    Scaled64(&'a [i64], i64, i64),
    Months(&'a [i32]),
    DayTime(&'a [IntervalDayTime]),
    MonthDayNano(&'a [IntervalMonthDayNano]),
    /// The place of the symbol of each row; none where the text is no symbol, and what the texts are.
    Enum(Vec<Option<i64>>, Box<Values<'a>>),
    List(Spans<'a>, Box<Column<'a>>),
    Record(Vec<Column<'a>>),
    Map(&'a [i32], Box<[Column<'a>; 2]>),
    /// Each row's place among the values.
    Dictionary(Vec<usize>, Box<Values<'a>>),
}

/// Integers and floats of few bits.
#[derive(Debug)]
pub(super) enum Numbers<'a> {
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    Float16(&'a [f16]),
    Float32(&'a [f32]),
}

impl Numbers<'_> {
    #[inline]
    pub(super) fn get(&self, row: usize) -> f64 {
        match self {
            Self::Int8(v) => v[row].into(),
            Self::Int16(v) => v[row].into(),
            Self::Int32(v) => v[row].into(),
            Self::UInt8(v) => v[row].into(),
            Self::UInt16(v) => v[row].into(),
            Self::UInt32(v) => v[row].into(),
            Self::Float16(v) => v[row].into(),
            Self::Float32(v) => v[row].into(),
        }
    }
}

/// Unscaled numbers.
#[derive(Debug)]
pub(super) enum Decimals<'a> {
    UInt64(&'a [u64]),
    Decimal32(&'a [i32]),
    Decimal64(&'a [i64]),
    Decimal128(&'a [i128]),
    Decimal256(&'a [i256]),
}

/// Which items belong to a row of a list.
#[derive(Debug)]
pub(super) enum Spans<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
    Fixed(usize),
}

impl Spans<'_> {
    #[inline]
    pub(super) fn of(&self, row: usize) -> Range<usize> {
        match self {
            Self::Small(ends) => ends[row] as usize..ends[row + 1] as usize,
            Self::Large(ends) => ends[row] as usize..ends[row + 1] as usize,
            Self::Fixed(width) => row * width..(row + 1) * width,
        }
    }
}

/// A plan for keys of maps, which are text.
const KEY: &Plan = &Plan { name: String::new(), union: None, kind: Kind::Plain };

impl<'a> Column<'a> {
    /// The columns of a record; `None` when an array is of another type than its plan was made for.
    pub(super) fn all(arrays: &'a [ArrayRef], plans: &'a [(Option<usize>, Plan)]) -> Option<Vec<Self>> {
        let columns = plans.iter().map(|(index, plan)| match index {
            Some(index) => Self::new(arrays.get(*index)?, plan),
            None => Some(Self { name: &plan.name, nulls: None, union: plan.union, values: Values::Null }),
        });
        columns.collect()
    }

    fn new(array: &'a ArrayRef, plan: &'a Plan) -> Option<Self> {
        Some(Self {
            name: &plan.name,
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            union: plan.union,
            values: Values::new(array, &plan.kind)?,
        })
    }

    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

impl<'a> Values<'a> {
    fn new(array: &'a ArrayRef, kind: &'a Kind) -> Option<Self> {
        if let DataType::Dictionary(..) = array.data_type() {
            let dictionary = array.as_any_dictionary_opt()?;
            // Arrow refuses to look into a dictionary without values, where every row is null.
            let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
            return Some(Self::Dictionary(keys, Box::new(Self::new(dictionary.values(), kind)?)));
        }
        Some(match kind {
            Kind::Plain => return Self::plain(array),
            Kind::Float => match array.data_type() {
                DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>().values()),
                _ => Self::AsFloat(Self::numbers(array)?),
            },
            Kind::Double => match array.data_type() {
                DataType::Float64 => Self::Float64(array.as_primitive::<Float64Type>().values()),
                _ => Self::AsDouble(Self::numbers(array)?),
            },
            Kind::Fixed => Self::Fixed(array.as_fixed_size_binary_opt()?),
            Kind::UuidText => Self::Uuid(array.as_fixed_size_binary_opt()?),
            Kind::Decimal(size) => Self::Decimal(Self::decimals(array)?, *size),
            Kind::Scaled { times, by } => return Self::scaled(array, *times, *by),
            Kind::Duration => match array.data_type() {
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
            },
            Kind::Enum(symbols) => {
                let texts = Self::plain(array)?;
                let place = |row| {
                    let text = texts.bytes(row)?;
                    symbols.iter().position(|s| s.as_bytes() == text).map(|place| place as i64)
                };
                Self::Enum((0..array.len()).map(place).collect(), Box::new(texts))
            }
            Kind::List(plan) => match array.data_type() {
                DataType::List(_) => {
                    let list = array.as_list::<i32>();
                    Self::List(Spans::Small(list.value_offsets()), Box::new(Column::new(list.values(), plan)?))
                }
                DataType::LargeList(_) => {
                    let list = array.as_list::<i64>();
                    Self::List(Spans::Large(list.value_offsets()), Box::new(Column::new(list.values(), plan)?))
                }
                DataType::FixedSizeList(_, width) => {
                    let list = array.as_fixed_size_list();
                    let width = usize::try_from(*width).ok()?;
                    Self::List(Spans::Fixed(width), Box::new(Column::new(list.values(), plan)?))
                }
                _ => return None,
            },
            Kind::Map(plan) => {
                let map = array.as_map_opt()?;
                let pair = [Column::new(map.keys(), KEY)?, Column::new(map.values(), plan)?];
                Self::Map(map.value_offsets(), Box::new(pair))
            }
            Kind::Record(plans) => Self::Record(Column::all(array.as_struct_opt()?.columns(), plans)?),
        })
    }

    fn plain(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int8 => Self::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Self::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Date32 => Self::Int32(array.as_primitive::<Date32Type>().values()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Self::UInt16(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>().values()),
            DataType::Utf8 => {
                Self::Bytes(array.as_string::<i32>().value_offsets(), array.as_string::<i32>().value_data())
            }
            DataType::LargeUtf8 => {
                Self::LargeBytes(array.as_string::<i64>().value_offsets(), array.as_string::<i64>().value_data())
            }
            DataType::Utf8View => Self::TextView(array.as_string_view()),
            DataType::Binary => {
                Self::Bytes(array.as_binary::<i32>().value_offsets(), array.as_binary::<i32>().value_data())
            }
            DataType::LargeBinary => {
                Self::LargeBytes(array.as_binary::<i64>().value_offsets(), array.as_binary::<i64>().value_data())
            }
            DataType::BinaryView => Self::BytesView(array.as_binary_view()),
            _ => return None,
        })
    }

    fn numbers(array: &'a ArrayRef) -> Option<Numbers<'a>> {
        Some(match array.data_type() {
            DataType::Int8 => Numbers::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Numbers::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Numbers::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::UInt8 => Numbers::UInt8(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Numbers::UInt16(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Numbers::UInt32(array.as_primitive::<UInt32Type>().values()),
            DataType::Float16 => Numbers::Float16(array.as_primitive::<Float16Type>().values()),
            DataType::Float32 => Numbers::Float32(array.as_primitive::<Float32Type>().values()),
            _ => return None,
        })
    }

    fn decimals(array: &'a ArrayRef) -> Option<Decimals<'a>> {
        Some(match array.data_type() {
            DataType::UInt64 => Decimals::UInt64(array.as_primitive::<UInt64Type>().values()),
            DataType::Decimal32(..) => Decimals::Decimal32(array.as_primitive::<Decimal32Type>().values()),
            DataType::Decimal64(..) => Decimals::Decimal64(array.as_primitive::<Decimal64Type>().values()),
            DataType::Decimal128(..) => Decimals::Decimal128(array.as_primitive::<Decimal128Type>().values()),
            DataType::Decimal256(..) => Decimals::Decimal256(array.as_primitive::<Decimal256Type>().values()),
            _ => return None,
        })
    }

    fn scaled(array: &'a ArrayRef, times: i64, by: i64) -> Option<Self> {
        let of_64 = |values: &'a [i64]| match (times, by) {
            (1, 1) => Self::Int64(values),
            _ => Self::Scaled64(values, times, by),
        };
        Some(match array.data_type() {
            DataType::Time32(TimeUnit::Second) => {
                Self::Scaled32(array.as_primitive::<Time32SecondType>().values(), times, by)
            }
            DataType::Time32(_) => Self::Scaled32(array.as_primitive::<Time32MillisecondType>().values(), times, by),
            DataType::Time64(TimeUnit::Nanosecond) => of_64(array.as_primitive::<Time64NanosecondType>().values()),
            DataType::Time64(_) => of_64(array.as_primitive::<Time64MicrosecondType>().values()),
            DataType::Date64 => of_64(array.as_primitive::<Date64Type>().values()),
            DataType::Timestamp(unit, _) => of_64(match unit {
                TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
                TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
                TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
                TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
            }),
            _ => return None,
        })
    }

    /// The bytes of a row of bytes or text.
    pub(super) fn bytes(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Bytes(ends, data) => Some(&data[ends[row] as usize..ends[row + 1] as usize]),
            Self::LargeBytes(ends, data) => Some(&data[ends[row] as usize..ends[row + 1] as usize]),
            Self::TextView(texts) => Some(texts.value(row).as_bytes()),
            Self::BytesView(data) => Some(data.value(row)),
            _ => None,
        }
    }
}
