//! One column of a batch, downcast once.

use std::ops::Range;

use arrow_array::{Array, ArrayRef, BooleanArray, StringArray, StringViewArray, cast::AsArray, types::*};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};
use half::f16;
use laminar_schema::field;

use super::plan::{Glue, Plan};
use crate::{
    cell::{Cells, float},
    column::BinaryEncoding,
};

/// One column of a batch, and the text before its values.
#[derive(Debug)]
pub(in crate::json) struct Column<'a> {
    pub(super) glue: &'a Glue,
    /// Nothing where no row is null.
    pub(super) nulls: Option<NullBuffer>,
    pub(super) values: Values<'a>,
    pub(super) name: &'a str,
}

/// The values: common types by themselves, so that one jump leads to them.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Boolean(&'a BooleanArray),
    Int64(&'a [i64]),
    Float64(&'a [f64]),
    /// Floats of which most have few decimals: see [`float::write_short`].
    ShortFloat64(&'a [f64]),
    Utf8(&'a [i32], &'a [u8]),
    List(Spans<'a>, Box<Column<'a>>),
    Struct(Vec<Column<'a>>),
    /// Boxed, so that the others stay close together.
    Other(Box<Other<'a>>),
}

/// The values of the other types.
#[derive(Debug)]
pub(super) enum Other<'a> {
    Int32(&'a [i32]),
    Float16(&'a [f16]),
    Float32(&'a [f32]),
    LargeUtf8(&'a [i64], &'a [u8]),
    Utf8View(&'a StringViewArray),
    /// Bounded text without anything to escape.
    Bare(Cells<'a>),
    /// The same in quotes.
    Quoted(Cells<'a>),
    /// The same, if it is a time of day.
    Time(Cells<'a>),
    /// Bytes in base64 or hexadecimal digits.
    Digits(Cells<'a>),
    /// Bytes that are text, if they are.
    Bytes(Cells<'a>),
    /// JSON text.
    Json(&'a StringArray),
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
    /// The columns of one level; `None` when an array is not of its field's type.
    pub(in crate::json) fn all<'f>(
        fields: impl IntoIterator<Item = &'f arrow_schema::FieldRef>,
        arrays: &'a [ArrayRef],
        plans: &'a [Plan],
        encoding: BinaryEncoding,
    ) -> Option<Vec<Self>> {
        let columns = fields.into_iter().zip(arrays).zip(plans);
        columns.map(|((f, array), plan)| Self::new(f, array, plan, encoding)).collect()
    }

    fn new(f: &Field, array: &'a ArrayRef, plan: &'a Plan, encoding: BinaryEncoding) -> Option<Self> {
        if f.data_type() != array.data_type() {
            return None;
        }
        Some(Self {
            glue: &plan.glue,
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values: Values::new(f, array, plan, encoding)?,
            name: &plan.name,
        })
    }
}

impl<'a> Values<'a> {
    fn new(f: &Field, array: &'a ArrayRef, plan: &'a Plan, encoding: BinaryEncoding) -> Option<Self> {
        let items = |f, array| Some(Box::new(Column::new(f, array, plan.children.first()?, encoding)?));
        Some(match f.data_type() {
            DataType::Boolean if !plan.quoted => Self::Boolean(array.as_boolean()),
            DataType::Int64 if !plan.quoted => Self::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::Float64 if !plan.quoted => {
                let values = array.as_primitive::<Float64Type>().values();
                if float::are_mostly_short(values) { Self::ShortFloat64(values) } else { Self::Float64(values) }
            }
            DataType::Utf8 if plan.quoted => {
                let texts = array.as_string::<i32>();
                Self::Utf8(texts.value_offsets(), texts.value_data())
            }
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                Self::List(Spans::Small(list.value_offsets()), items(item, list.values())?)
            }
            DataType::LargeList(item) => {
                let list = array.as_list::<i64>();
                Self::List(Spans::Large(list.value_offsets()), items(item, list.values())?)
            }
            DataType::FixedSizeList(item, width) => {
                let list = array.as_fixed_size_list();
                Self::List(Spans::Fixed(*width as usize), items(item, list.values())?)
            }
            DataType::Struct(fields) => {
                Self::Struct(Column::all(fields, array.as_struct().columns(), &plan.children, encoding)?)
            }
            _ => Self::Other(Box::new(Other::new(f, array, plan, encoding)?)),
        })
    }
}

impl<'a> Other<'a> {
    fn new(f: &Field, array: &'a ArrayRef, plan: &'a Plan, encoding: BinaryEncoding) -> Option<Self> {
        Some(match f.data_type() {
            DataType::Utf8 => Self::Json(array.as_string()),
            DataType::LargeUtf8 => {
                let texts = array.as_string::<i64>();
                Self::LargeUtf8(texts.value_offsets(), texts.value_data())
            }
            DataType::Utf8View => Self::Utf8View(array.as_string_view()),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
                if !field::is_uuid(f) =>
            {
                let cells = Cells::new(f, array, encoding)?;
                match encoding {
                    BinaryEncoding::Utf8 => Self::Bytes(cells),
                    BinaryEncoding::Base64 | BinaryEncoding::Hex => Self::Digits(cells),
                }
            }
            DataType::Map(entries, _) => {
                let DataType::Struct(pair) = entries.data_type() else { return None };
                let map = array.as_map();
                let columns = Column::all(pair, map.entries().columns(), &plan.children, encoding)?;
                Self::Map(map.value_offsets(), Box::new(columns.try_into().ok()?))
            }
            DataType::Dictionary(_, value) => {
                let dictionary = array.as_any_dictionary_opt()?;
                // Arrow refuses to look into a dictionary without values, where every row is null.
                let is_empty = dictionary.values().is_empty();
                let keys = if is_empty { Vec::new() } else { dictionary.normalized_keys() };
                let value = Field::new("", (**value).clone(), true);
                Self::Dictionary(keys, Box::new(Values::new(&value, dictionary.values(), plan, encoding)?))
            }
            DataType::Time32(_) | DataType::Time64(_) => Self::Time(Cells::new(f, array, encoding)?),
            _ if plan.quoted => Self::Quoted(Cells::new(f, array, encoding)?),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Float16 => Self::Float16(array.as_primitive::<Float16Type>().values()),
            DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>().values()),
            _ => Self::Bare(Cells::new(f, array, encoding)?),
        })
    }
}
