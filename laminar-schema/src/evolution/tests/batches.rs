//! Batches at random, and whether two values are the same, worked out in another way than the projector does.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, FixedSizeListArray, Int64Array, LargeListArray, ListArray,
    MapArray, RecordBatch, RecordBatchOptions, StringArray, StructArray,
    cast::AsArray as _,
    types::{Float64Type, Int64Type},
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_cast::{cast, display::array_value_to_string};
use arrow_schema::{DataType, Field, SchemaRef, TimeUnit};

use super::random::Dice;
use crate::evolution::{ColumnProjection, relation::decoded};

pub(super) fn batch_of(dice: &mut Dice, schema: &SchemaRef, rows: usize) -> RecordBatch {
    let columns = schema.fields().iter().map(|f| array_of(dice, f, rows)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).expect("columns of the schema's types")
}

fn nulls(dice: &mut Dice, field: &Field, rows: usize) -> Option<NullBuffer> {
    field.is_nullable().then(|| (0..rows).map(|_| !dice.one_in(4)).collect::<Vec<bool>>().into())
}

fn array_of(dice: &mut Dice, field: &Field, rows: usize) -> ArrayRef {
    let nulls = nulls(dice, field, rows);
    let is_null = |row: usize| nulls.as_ref().is_some_and(|n| n.is_null(row));
    let lengths = |dice: &mut Dice| (0..rows).map(|_| dice.roll(4)).collect::<Vec<usize>>();
    match field.data_type() {
        DataType::Struct(fields) => {
            let children = fields.iter().map(|f| array_of(dice, f, rows)).collect();
            Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, rows).expect("a struct"))
        }
        DataType::List(item) => {
            let lengths = lengths(dice);
            let values = array_of(dice, item, lengths.iter().sum());
            Arc::new(ListArray::new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), values, nulls))
        }
        DataType::LargeList(item) => {
            let lengths = lengths(dice);
            let values = array_of(dice, item, lengths.iter().sum());
            Arc::new(LargeListArray::new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), values, nulls))
        }
        DataType::FixedSizeList(item, n) => {
            let values = array_of(dice, item, rows * usize::try_from(*n).expect("a length"));
            Arc::new(FixedSizeListArray::new(Arc::clone(item), *n, values, nulls))
        }
        DataType::Map(entries, sorted) => {
            let lengths = lengths(dice);
            let inside = array_of(dice, entries, lengths.iter().sum());
            let inside = inside.as_struct().clone();
            Arc::new(MapArray::new(Arc::clone(entries), OffsetBuffer::from_lengths(lengths), inside, nulls, *sorted))
        }
        DataType::FixedSizeBinary(n) => {
            let size = usize::try_from(*n).expect("a size");
            let values = (0..rows).map(|row| (!is_null(row)).then(|| vec![7_u8; size]));
            let values: Vec<_> = values.collect();
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), *n).expect("bytes"))
        }
        DataType::Boolean => {
            Arc::new((0..rows).map(|row| (!is_null(row)).then(|| dice.one_in(2))).collect::<BooleanArray>())
        }
        t if is_text(t) => {
            let texts = ["", "1", "true", "null", "[1]", "x\u{e9}", "a much longer text than the others"];
            let values = (0..rows).map(|row| (!is_null(row)).then(|| texts[dice.roll(texts.len())]));
            cast(&values.collect::<StringArray>(), t).expect("text")
        }
        t => {
            let values = (0..rows).map(|row| (!is_null(row)).then(|| number(dice, field)));
            let numbers: ArrayRef = Arc::new(values.collect::<Int64Array>());
            let way =
                if matches!(t, DataType::Date32 | DataType::Time32(_)) { DataType::Int32 } else { DataType::Int64 };
            cast(&cast(&numbers, &way).expect("small"), t).expect("a number")
        }
    }
}

/// A small number, or, where one that does not fit the type may become null, one at the edge of some type.
fn number(dice: &mut Dice, field: &Field) -> i64 {
    let edges = [i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX), (1 << 53) + 1, 1 << 24, 255, 128, -1];
    let is_time = matches!(field.data_type(), DataType::Time32(_) | DataType::Time64(_));
    if field.is_nullable() && !is_time && dice.one_in(5) {
        edges[dice.roll(edges.len())]
    } else {
        dice.roll(120) as i64
    }
}

fn is_text(t: &DataType) -> bool {
    use DataType::{Binary, BinaryView, LargeBinary, LargeUtf8, Utf8, Utf8View};
    matches!(decoded(t), Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView)
}

/// Whether a new value is what the old one was.
pub(super) fn same_value(
    old: &ArrayRef,
    old_row: usize,
    new: &ArrayRef,
    new_row: usize,
    projection: Option<&ColumnProjection>,
) -> bool {
    let is_null = |array: &ArrayRef, row| array.logical_nulls().is_some_and(|n| n.is_null(row));
    if is_null(old, old_row) || is_null(new, new_row) {
        return is_null(old, old_row) && is_null(new, new_row);
    }
    if let (Some(old), Some(new)) = (items(old, old_row), items(new, new_row)) {
        let inner = projection.and_then(|p| p.nested.get(&0));
        return old.len() == new.len() && (0..old.len()).all(|i| same_value(&old, i, &new, i, inner));
    }
    if let (Some(old), Some(new)) = (old.as_struct_opt(), new.as_struct_opt()) {
        let in_place = (0..old.num_columns()).map(Some).collect();
        let mappings = projection.map_or(in_place, |p| p.mappings.clone());
        return mappings.len() == new.num_columns()
            && mappings.iter().enumerate().all(|(i, source)| {
                let nested = projection.and_then(|p| p.nested.get(&i));
                source.is_none_or(|s| same_value(old.column(s), old_row, new.column(i), new_row, nested))
            });
    }
    if let (Some(old), Some(new)) = (old.as_map_opt(), new.as_map_opt()) {
        let (old, new): (ArrayRef, ArrayRef) = (Arc::new(old.value(old_row)), Arc::new(new.value(new_row)));
        return old.len() == new.len() && (0..old.len()).all(|i| same_value(&old, i, &new, i, projection));
    }
    plain(old, old_row) == plain(new, new_row)
}

fn items(array: &ArrayRef, row: usize) -> Option<ArrayRef> {
    array
        .as_list_opt::<i32>()
        .map(|l| l.value(row))
        .or_else(|| array.as_list_opt::<i64>().map(|l| l.value(row)))
        .or_else(|| array.as_fixed_size_list_opt().map(|l| l.value(row)))
}

/// A scalar as text that does not depend on its type: bytes of text, digits without idle zeros, times in nanoseconds.
fn plain(array: &ArrayRef, row: usize) -> String {
    let one = array.slice(row, 1);
    let data_type = array.data_type();
    let shown = |array: &ArrayRef| array_value_to_string(array, 0).expect("a value");
    if is_text(data_type) || matches!(data_type, DataType::FixedSizeBinary(_)) {
        let bytes = cast(&one, &DataType::LargeBinary).expect("bytes");
        return format!("{:?}", bytes.as_binary::<i64>().value(0));
    }
    if data_type.is_numeric() {
        if data_type.is_floating() {
            // The shortest digits of a value depend on how wide its type is, and large ones end in an exponent.
            let wide = cast(&one, &DataType::Float64).expect("wider");
            let value = wide.as_primitive::<Float64Type>().value(0);
            return if value.fract() == 0.0 { format!("{value:.0}") } else { value.to_string() };
        }
        let digits = shown(&one);
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        return digits.to_owned();
    }
    if let Some(nanoseconds) = tick(data_type) {
        let way = if data_type.primitive_width() == Some(4) { DataType::Int32 } else { DataType::Int64 };
        let ticks = cast(&cast(&one, &way).expect("ticks"), &DataType::Int64).expect("ticks");
        return (i128::from(ticks.as_primitive::<Int64Type>().value(0)) * nanoseconds).to_string();
    }
    shown(&one)
}

/// How many nanoseconds a unit of dates and times has.
fn tick(data_type: &DataType) -> Option<i128> {
    let of = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    match data_type {
        DataType::Date32 => Some(86_400_000_000_000),
        DataType::Date64 => Some(1_000_000),
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => Some(of(unit)),
        _ => None,
    }
}
