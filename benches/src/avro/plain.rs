//! Columns without what decoders call differently: zones, names of items and entries, dictionaries, the order of a map's pairs.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, RecordBatch, StringArray, StructArray,
    cast::AsArray,
    types::{Int32Type, TimestampMicrosecondType, TimestampMillisecondType},
};
use arrow_schema::{DataType, TimeUnit};

/// The columns in a form in which all decoders give the same.
pub fn plain(batch: &RecordBatch) -> Vec<Vec<ArrayRef>> {
    batch.columns().iter().map(|column| leaves(column)).collect()
}

/// The leaves of a column, from left to right, with what says where rows begin.
fn leaves(column: &ArrayRef) -> Vec<ArrayRef> {
    let offsets = |ends: &[i32]| {
        Arc::new(arrow_array::Int32Array::from_iter_values(ends.iter().map(|end| end - ends[0]))) as ArrayRef
    };
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            vec![Arc::new(column.as_primitive::<TimestampMillisecondType>().clone().with_timezone_opt(None::<&str>))]
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            vec![Arc::new(column.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>))]
        }
        DataType::Dictionary(..) => {
            let symbols = column.as_dictionary::<Int32Type>();
            let values = symbols.values().as_string::<i32>();
            let texts = symbols.keys().iter().map(|key| key.map(|key| values.value(key as usize)));
            vec![Arc::new(texts.collect::<StringArray>())]
        }
        DataType::Struct(_) => column.as_struct().columns().iter().flat_map(leaves).collect(),
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let mut all = vec![offsets(list.value_offsets())];
            all.extend(leaves(list.values()));
            all
        }
        DataType::Map(..) => {
            let map = column.as_map();
            vec![offsets(map.value_offsets()), Arc::new(sorted(map.value_offsets(), map.entries()))]
        }
        _ => vec![Arc::clone(column)],
    }
}

/// The pairs of maps of texts, in the order of their keys.
fn sorted(ends: &[i32], entries: &StructArray) -> StringArray {
    let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
    let mut texts = Vec::with_capacity(entries.len());
    for rows in ends.windows(2) {
        let mut pairs: Vec<String> =
            (rows[0] as usize..rows[1] as usize).map(|at| format!("{}={}", keys.value(at), values.value(at))).collect();
        pairs.sort_unstable();
        texts.extend(pairs);
    }
    StringArray::from(texts)
}
