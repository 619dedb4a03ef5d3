//! One value of any column, as both sides tell it.

use arrow_array::{Array, cast::AsArray, types::*};
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};

use laminar_schema::field::is_json;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer, a decimal's digits, or a count of a unit.
    Int(i128),
    /// The bits of a DOUBLE; all that are no number are the same.
    F64(u64),
    /// The bits of a FLOAT; all that are no number are the same.
    F32(u32),
    /// Text.
    Text(String),
    /// JSON text, with its strings escaped in one way: [`json_text`].
    Json(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Elements.
    List(Vec<Cell>),
    /// Fields, in the order of the schema.
    Struct(Vec<Cell>),
    /// Pairs, in their order.
    Map(Vec<(Cell, Cell)>),
}

impl Cell {
    /// A DOUBLE.
    pub fn double(v: f64) -> Self {
        Self::F64(if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() })
    }

    /// A FLOAT.
    pub fn float(v: f32) -> Self {
        Self::F32(if v.is_nan() { f32::NAN.to_bits() } else { v.to_bits() })
    }
}

/// The value in a row of one of our columns.
///
/// # Panics
/// For a type that no target has.
pub fn cell(field: &Field, array: &dyn Array, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    macro_rules! int {
        ($type:ty) => {
            Cell::Int(array.as_primitive::<$type>().value(row).into())
        };
    }
    match field.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        DataType::Int8 => int!(Int8Type),
        DataType::Int16 => int!(Int16Type),
        DataType::Int32 => int!(Int32Type),
        DataType::Int64 => int!(Int64Type),
        DataType::UInt8 => int!(UInt8Type),
        DataType::UInt16 => int!(UInt16Type),
        DataType::UInt32 => int!(UInt32Type),
        DataType::UInt64 => int!(UInt64Type),
        DataType::Decimal128(..) => int!(Decimal128Type),
        DataType::Date32 => int!(Date32Type),
        DataType::Time32(TimeUnit::Millisecond) => int!(Time32MillisecondType),
        DataType::Time64(TimeUnit::Microsecond) => int!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Second, _) => int!(TimestampSecondType),
        DataType::Timestamp(TimeUnit::Millisecond, _) => int!(TimestampMillisecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => int!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => int!(TimestampNanosecondType),
        DataType::Duration(TimeUnit::Nanosecond) => int!(DurationNanosecondType),
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let interval = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            let parts = [interval.months.into(), interval.days.into(), i128::from(interval.nanoseconds)];
            Cell::List(parts.map(Cell::Int).to_vec())
        }
        DataType::Float64 => Cell::double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => Cell::float(array.as_primitive::<Float32Type>().value(row)),
        DataType::Utf8 if is_json(field) => Cell::Json(json_text(array.as_string::<i32>().value(row))),
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => Cell::Bytes(array.as_fixed_size_binary().value(row).to_vec()),
        DataType::List(item) => Cell::List(cells(item, &*array.as_list::<i32>().value(row))),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Cell::Struct(columns.map(|(field, column)| cell(field, column, row)).collect())
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else { unreachable!("a map's entries are a struct") };
            let entries = array.as_map().value(row);
            let keys = cells(&pair[0], entries.column(0));
            Cell::Map(keys.into_iter().zip(cells(&pair[1], entries.column(1))).collect())
        }
        DataType::Dictionary(..) => {
            let values = array.as_any_dictionary();
            let at = values.normalized_keys()[row];
            Cell::Text(values.values().as_string::<i32>().value(at).to_owned())
        }
        other => panic!("no target has {other}"),
    }
}

fn cells(field: &Field, array: &dyn Array) -> Vec<Cell> {
    (0..array.len()).map(|row| cell(field, array, row)).collect()
}

/// JSON text whose strings are written as serde_json writes them; the rest stays as it is.
///
/// # Panics
/// When it is no JSON: our columns hold nothing else.
pub fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let bytes = rest.as_bytes();
        let mut close = open + 1;
        while bytes[close] != b'"' {
            close += if bytes[close] == b'\\' { 2 } else { 1 };
        }
        let string: String = serde_json::from_str(&rest[open..=close]).unwrap_or_else(|e| panic!("{e}: {text}"));
        out.push_str(&rest[..open]);
        out.push_str(&serde_json::to_string(&string).unwrap_or_else(|e| panic!("{e}: {text}")));
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}
