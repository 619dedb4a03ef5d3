//! Values that are exactly values of another type stay, the others become null.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, Float64Array, Int64Array, StringArray, StructArray,
    TimestampNanosecondArray, types::Int64Type,
};
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, TimeUnit};

use crate::evolution::fitting;

fn check(array: impl Array + 'static, to: DataType, expected: &str) {
    let array: ArrayRef = Arc::new(array);
    let fitted = fitting(&array, &to).unwrap();
    assert_eq!((fitted.data_type(), fitted.len()), (&to, array.len()));
    let shown = |row| match fitted.is_null(row) {
        true => "null".to_owned(),
        false => array_value_to_string(&fitted, row).unwrap(),
    };
    assert_eq!((0..fitted.len()).map(shown).collect::<Vec<_>>().join(" "), expected, "{to}");
}

#[test]
fn what_does_not_fit_is_null() {
    let numbers = || Int64Array::from(vec![Some(1), Some(1 << 40), None, Some((1 << 53) + 1)]);
    check(numbers(), DataType::Int32, "1 null null null");
    check(numbers(), DataType::Float64, "1.0 1099511627776.0 null null");
    check(numbers(), DataType::Int64, "1 1099511627776 null 9007199254740993");
    check(numbers(), DataType::Utf8, "null null null null");
    check(Float64Array::from(vec![1.0, 1.5, f64::NAN]), DataType::Int64, "1 null null");
    check(StringArray::from(vec!["5", "x"]), DataType::Int64, "null null");
    check(BinaryArray::from(vec![&b"ok"[..], b"\xff"]), DataType::Utf8, "ok null");
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    check(TimestampNanosecondArray::from(vec![1000, 1001]), micros, "1970-01-01T00:00:00.000001 null");
    let words: DictionaryArray<Int64Type> = vec!["a", "b"].into_iter().collect();
    check(words, DataType::Utf8, "a b");
    check(StructArray::new_empty_fields(2, None), DataType::Int64, "null null");
}
