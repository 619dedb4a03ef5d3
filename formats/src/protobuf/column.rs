//! One column of a batch, downcast once.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringViewArray, cast::AsArray, types::*,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, TimeUnit};
use half::f16;
use laminar_schema::field;

use super::plan::{Plan, Shape};
use crate::{cell::Cells, column::BinaryEncoding};

/// One column of a batch, with its nulls.
#[derive(Debug)]
pub(super) struct Column<'a> {
    /// Nothing where no row is null.
    nulls: Option<NullBuffer>,
    pub(super) values: Values<'a>,
}

/// The values.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Boolean(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    /// Integers, and counts of a time's unit.
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Float16(&'a [f16]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    /// Text and bytes.
    Bytes(&'a [i32], &'a [u8]),
    LargeBytes(&'a [i64], &'a [u8]),
    Utf8View(&'a StringViewArray),
    BinaryView(&'a BinaryViewArray),
    FixedBinary(&'a FixedSizeBinaryArray),
    /// What Protobuf has no type for, as text.
    Text(Cells<'a>),
    Struct(Vec<Column<'a>>),
    List(Spans<'a>, Box<Column<'a>>),
    /// Entries of a row, their keys and their values.
    Map(&'a [i32], Box<[Column<'a>; 2]>),
    /// Each row's place among the values.
    Dictionary(Vec<usize>, Box<Values<'a>>),
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

impl<'a> Column<'a> {
    /// The columns of plans, in their order; `None` when an array is not of its field's type.
    pub(super) fn all(
        plans: &[Plan],
        fields: &'a [arrow_schema::FieldRef],
        arrays: &'a [ArrayRef],
    ) -> Option<Vec<Self>> {
        let columns = plans.iter().map(|plan| {
            let (f, array) = (fields.get(plan.column)?, arrays.get(plan.column)?);
            if f.data_type() != array.data_type() {
                return None;
            }
            Self::new(f, array, &plan.shape)
        });
        columns.collect()
    }

    fn new(f: &'a Field, array: &'a ArrayRef, shape: &Shape) -> Option<Self> {
        Some(Self {
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values: Values::new(f, array, shape)?,
        })
    }

    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

impl<'a> Values<'a> {
    fn new(f: &'a Field, array: &'a ArrayRef, shape: &Shape) -> Option<Self> {
        Some(match (f.data_type(), shape) {
            (DataType::Boolean, _) => Self::Boolean(array.as_boolean()),
            (DataType::Int8, _) => Self::Int8(array.as_primitive::<Int8Type>().values()),
            (DataType::Int16, _) => Self::Int16(array.as_primitive::<Int16Type>().values()),
            (DataType::Int32, _) => Self::Int32(array.as_primitive::<Int32Type>().values()),
            (DataType::Int64, _) => Self::Int64(array.as_primitive::<Int64Type>().values()),
            (DataType::UInt8, _) => Self::UInt8(array.as_primitive::<UInt8Type>().values()),
            (DataType::UInt16, _) => Self::UInt16(array.as_primitive::<UInt16Type>().values()),
            (DataType::UInt32, _) => Self::UInt32(array.as_primitive::<UInt32Type>().values()),
            (DataType::UInt64, _) => Self::UInt64(array.as_primitive::<UInt64Type>().values()),
            (DataType::Float16, _) => Self::Float16(array.as_primitive::<Float16Type>().values()),
            (DataType::Float32, _) => Self::Float32(array.as_primitive::<Float32Type>().values()),
            (DataType::Float64, _) => Self::Float64(array.as_primitive::<Float64Type>().values()),
            (DataType::Utf8, _) => {
                let texts = array.as_string::<i32>();
                Self::Bytes(texts.value_offsets(), texts.value_data())
            }
            (DataType::LargeUtf8, _) => {
                let texts = array.as_string::<i64>();
                Self::LargeBytes(texts.value_offsets(), texts.value_data())
            }
            (DataType::Utf8View, _) => Self::Utf8View(array.as_string_view()),
            (DataType::Binary, _) => {
                let bytes = array.as_binary::<i32>();
                Self::Bytes(bytes.value_offsets(), bytes.value_data())
            }
            (DataType::LargeBinary, _) => {
                let bytes = array.as_binary::<i64>();
                Self::LargeBytes(bytes.value_offsets(), bytes.value_data())
            }
            (DataType::BinaryView, _) => Self::BinaryView(array.as_binary_view()),
            (DataType::FixedSizeBinary(_), _) if !field::is_uuid(f) => Self::FixedBinary(array.as_fixed_size_binary()),
            (DataType::Timestamp(unit, _), Shape::Timestamp(_)) => Self::Int64(timestamps(array, *unit)),
            (DataType::Duration(unit), Shape::Duration(_)) => Self::Int64(durations(array, *unit)),
            (DataType::Dictionary(..), _) => {
                let dictionary = array.as_any_dictionary_opt()?;
                // Arrow refuses to look into a dictionary without values, where every row is null.
                let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
                let values = dictionary.values();
                let texts = match values.data_type() {
                    DataType::Utf8 => {
                        Self::Bytes(values.as_string::<i32>().value_offsets(), values.as_string::<i32>().value_data())
                    }
                    DataType::LargeUtf8 => Self::LargeBytes(
                        values.as_string::<i64>().value_offsets(),
                        values.as_string::<i64>().value_data(),
                    ),
                    DataType::Utf8View => Self::Utf8View(values.as_string_view()),
                    _ => return None,
                };
                Self::Dictionary(keys, Box::new(texts))
            }
            (DataType::List(item), Shape::List(shape)) => {
                let list = array.as_list::<i32>();
                Self::List(Spans::Small(list.value_offsets()), Box::new(Column::new(item, list.values(), shape)?))
            }
            (DataType::LargeList(item), Shape::List(shape)) => {
                let list = array.as_list::<i64>();
                Self::List(Spans::Large(list.value_offsets()), Box::new(Column::new(item, list.values(), shape)?))
            }
            (DataType::FixedSizeList(item, width), Shape::List(shape)) => {
                let list = array.as_fixed_size_list();
                Self::List(Spans::Fixed(*width as usize), Box::new(Column::new(item, list.values(), shape)?))
            }
            (DataType::Struct(fields), Shape::Struct(plans)) => {
                Self::Struct(Column::all(plans, fields, array.as_struct().columns())?)
            }
            (DataType::Map(entries, _), Shape::Map(_, shape)) => {
                let DataType::Struct(pair) = entries.data_type() else { return None };
                let map = array.as_map();
                let keys = Column::new(&pair[0], map.entries().column(0), &Shape::Scalar)?;
                let values = Column::new(&pair[1], map.entries().column(1), shape)?;
                Self::Map(map.value_offsets(), Box::new([keys, values]))
            }
            _ => Self::Text(Cells::new(f, array, BinaryEncoding::Utf8)?),
        })
    }
}

fn timestamps(array: &ArrayRef, unit: TimeUnit) -> &[i64] {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    }
}

fn durations(array: &ArrayRef, unit: TimeUnit) -> &[i64] {
    match unit {
        TimeUnit::Second => array.as_primitive::<DurationSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<DurationMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<DurationMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<DurationNanosecondType>().values(),
    }
}
