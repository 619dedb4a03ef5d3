//! What a batch becomes.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, FixedSizeListArray, Float64Array, Int32Array, Int64Array, ListArray, MapArray,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, cast::AsArray as _, types::Int64Type,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::{
    ColumnProjection, SchemaResult,
    evolution::{BatchProjector, apply, diff},
    field::{DEFAULT_METADATA, json_field, uuid_field, with_metadata},
};

fn project(batch: &RecordBatch, to: Vec<Field>) -> SchemaResult<RecordBatch> {
    let to: SchemaRef = Arc::new(Schema::new(to));
    let (schema, projection) = apply(batch.schema_ref(), &diff(batch.schema_ref(), &to))?;
    assert_eq!(schema, to);
    projection.project(batch, &schema)
}

fn batch(fields: Vec<Field>, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns of these fields")
}

fn one(data_type: DataType, column: ArrayRef) -> RecordBatch {
    batch(vec![Field::new("c", data_type, true)], vec![column])
}

fn error(batch: &RecordBatch, to: Field) -> String {
    project(batch, vec![to]).map(drop).unwrap_err().to_string()
}

fn list_of(item: Field) -> DataType {
    DataType::List(Arc::new(item))
}

#[test]
fn columns_are_moved_without_a_copy() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let part = |name: &str| Field::new(name, DataType::Int64, true);
    let parts = Fields::from(vec![part("a"), part("b")]);
    let inside = StructArray::new(parts.clone(), vec![Arc::clone(&inner), Arc::clone(&inner)], None);
    let fields = vec![Field::new("t", DataType::Utf8, true), Field::new("s", DataType::Struct(parts), true)];
    let old = batch(fields, vec![Arc::clone(&texts), Arc::new(inside)]);
    let parts = Fields::from(vec![part("new"), part("b")]);
    let to = vec![Field::new("s", DataType::Struct(parts), true), Field::new("t", DataType::Utf8, true)];
    let new = project(&old, to).expect("a projection");
    assert!(Arc::ptr_eq(new.column(1), &texts));
    let inside = new.column(0).as_struct();
    assert!(Arc::ptr_eq(inside.column(1), &inner));
    assert_eq!(inside.column(0).null_count(), 2);
}

#[test]
fn casts_that_share_buffers() {
    let texts = StringArray::from(vec!["x", "y"]);
    let bytes = texts.values().as_ptr();
    let new =
        project(&one(DataType::Utf8, Arc::new(texts)), vec![Field::new("c", DataType::Binary, true)]).expect("bytes");
    assert_eq!(new.column(0).as_binary::<i32>().values().as_ptr(), bytes);
    let zone = |z: &str| DataType::Timestamp(TimeUnit::Microsecond, Some(z.into()));
    let at = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC");
    let values = at.values().as_ptr();
    let new = project(&one(zone("UTC"), Arc::new(at)), vec![Field::new("c", zone("+00:00"), true)]).expect("instants");
    assert_eq!(new.column(0).as_primitive::<arrow_array::types::TimestampMicrosecondType>().values().as_ptr(), values);
    // Only the items' name is another.
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let item = Field::new("item", DataType::Int64, true);
    let lists = ListArray::new(Arc::new(item.clone()), OffsetBuffer::from_lengths([1, 2]), Arc::clone(&values), None);
    let to = vec![Field::new("c", list_of(item.clone().with_name("element")), true)];
    let new = project(&one(list_of(item), Arc::new(lists)), to).expect("the same list");
    assert_eq!(
        new.column(0).as_list::<i32>().values().to_data().buffers()[0].as_ptr(),
        values.to_data().buffers()[0].as_ptr()
    );
}

#[test]
fn missing_columns_are_filled() {
    let old = one(DataType::Int64, Arc::new(Int64Array::from(vec![1, 2, 3])));
    let c = Field::new("c", DataType::Int64, true);
    let filled = |default: &str, t| with_metadata(Field::new("d", t, false), DEFAULT_METADATA, default);
    let new = project(&old, vec![c.clone(), filled("'it''s'", DataType::Utf8)]).expect("a DEFAULT");
    assert_eq!(new.column(1).as_ref(), &StringArray::from(vec!["it's"; 3]) as &dyn Array);
    let new = project(&old, vec![c.clone(), Field::new("d", DataType::Utf8, true)]).expect("nulls");
    assert_eq!(new.column(1).null_count(), 3);
    let refused = |field| project(&old, vec![c.clone(), field]).map(drop).unwrap_err().to_string();
    assert_eq!(
        refused(Field::new("d", DataType::Utf8, false)),
        "field d: expected VARCHAR NOT NULL, found no such column; give it a DEFAULT, or make it nullable"
    );
    assert!(refused(filled("'x'", DataType::Int8)).starts_with("column `d`: DEFAULT 'x' is no TINYINT: "));
    // A batch without columns still has its rows.
    let new = project(&old, vec![filled("7", DataType::Int64)]).expect("another column");
    assert_eq!(new.column(0).as_primitive::<Int64Type>().values().as_ref(), [7, 7, 7]);
    assert_eq!(project(&old, vec![]).expect("no column").num_rows(), 3);
}

#[test]
fn narrowing_is_checked_value_by_value() {
    let numbers = one(DataType::Int64, Arc::new(Int64Array::from(vec![Some(1), None, Some(3_000_000_000)])));
    let advice = "; keep the wider type, or mend the value at its source";
    let to = |t| Field::new("c", t, true);
    assert_eq!(
        error(&numbers, to(DataType::Int32)),
        format!("[row 2] field c: expected INTEGER, found 3000000000{advice}")
    );
    let small = project(&numbers.slice(0, 2), vec![to(DataType::Int32)]).expect("small numbers");
    assert_eq!(small.column(0).as_ref(), &Int32Array::from(vec![Some(1), None]) as &dyn Array);
    let floats = one(DataType::Float64, Arc::new(Float64Array::from(vec![1.0, 0.1])));
    assert_eq!(error(&floats, to(DataType::Int64)), format!("[row 1] field c: expected BIGINT, found 0.1{advice}"));
    assert_eq!(error(&floats, to(DataType::Float32)), format!("[row 1] field c: expected FLOAT, found 0.1{advice}"));
    let days = one(DataType::Date32, Arc::new(arrow_array::Date32Array::from(vec![1, i32::MAX])));
    let at = to(DataType::Timestamp(TimeUnit::Nanosecond, None));
    assert!(error(&days, at).starts_with("[row 1] field c: expected TIMESTAMP_NS, found "));
    let texts = one(DataType::Utf8, Arc::new(StringArray::from(vec![r#"{"a": 1}"#, "a: 1"])));
    assert_eq!(error(&texts, json_field("c", true)), format!("[row 1] field c: expected JSON, found a: 1{advice}"));
    let refused = "and no conversion keeps its values; give the new column another name";
    assert_eq!(error(&texts, to(DataType::Int64)), format!("field c: expected BIGINT, found VARCHAR, {refused}"));
    assert_eq!(error(&numbers, to(DataType::Utf8)), format!("field c: expected VARCHAR, found BIGINT, {refused}"));
    let nulls = error(&numbers, Field::new("c", DataType::Int64, false));
    assert_eq!(nulls, "[row 1] field c: expected BIGINT NOT NULL, found null; keep the column nullable");
}

#[test]
fn rows_of_nested_values_are_those_of_the_batch() {
    let item = Field::new("item", DataType::Int64, true);
    let lists = |nulls: Option<Vec<bool>>| {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(1 << 40), Some(3), None]));
        let offsets = OffsetBuffer::from_lengths([1, 1, 0, 2]);
        one(
            list_of(item.clone()),
            Arc::new(ListArray::new(Arc::new(item.clone()), offsets, values, nulls.map(NullBuffer::from))),
        )
    };
    let to = |t, nullable| Field::new("c", list_of(Field::new("item", t, nullable)), true);
    let large = error(&lists(None), to(DataType::Int32, true));
    assert!(large.starts_with("[row 1] field c[]: expected INTEGER, found 1099511627776;"), "{large}");
    let null = error(&lists(None), to(DataType::Int64, false));
    assert!(null.starts_with("[row 3] field c[]: expected BIGINT NOT NULL, found null;"), "{null}");
    // What a null or a slice hides is no error.
    let hidden = lists(Some(vec![true, false, true, true]));
    let new = project(&hidden, vec![to(DataType::Int32, true)]).expect("nobody sees the large number");
    assert_eq!(new.column(0).as_list::<i32>().value(3).as_ref(), &Int32Array::from(vec![Some(3), None]) as &dyn Array);
    assert!(project(&lists(None).slice(2, 2), vec![to(DataType::Int32, true)]).is_ok());
    let first = project(&hidden.slice(0, 3), vec![to(DataType::Int64, false)]).expect("nobody sees the null");
    assert_eq!(first.column(0).null_count(), 1);
}

#[test]
fn nulls_around_a_struct_hide_what_is_in_it() {
    let part = |t, nullable| Fields::from(vec![Field::new("n", t, nullable)]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1 << 40), Some(3)]));
    let nulls = NullBuffer::from(vec![false, false, true]);
    let inside = StructArray::new(part(DataType::Int64, true), vec![numbers], Some(nulls));
    let old = one(DataType::Struct(part(DataType::Int64, true)), Arc::new(inside));
    let new = project(&old, vec![Field::new("c", DataType::Struct(part(DataType::Int32, false)), true)]);
    let new = new.expect("what does not fit is hidden");
    assert_eq!(new.column(0).null_count(), 2);
    assert_eq!(new.column(0).as_struct().column(0).len(), 3);
}

#[test]
fn projections_of_other_schemas_are_refused() {
    let old = one(DataType::Int64, Arc::new(Int64Array::from(vec![1])));
    let schema = old.schema();
    let check = |mappings, expected: &str| {
        let projection = ColumnProjection::of_columns(mappings);
        let error = projection.project(&old, &schema).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the projection is for {expected}, found 1 fields of 1;")), "{error}");
    };
    check(vec![], "0 fields");
    check(vec![Some(0), None], "2 fields");
    check(vec![Some(7)], "1 fields of at least 8");
    let projection = ColumnProjection::of_columns(vec![Some(0)]);
    let projector = BatchProjector::new(&projection, &schema, &schema).expect("the identity");
    let other = one(DataType::Int32, Arc::new(Int32Array::from(vec![1])));
    let error = projector.project(&other).map(drop).unwrap_err().to_string();
    assert!(error.starts_with(r#"the projection is for "c" BIGINT, found "c" INTEGER;"#), "{error}");
}

#[test]
fn bytes_lists_and_dictionaries_are_checked_too() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"0123456789abcdef".as_slice(), b"\xff"]));
    let old = one(DataType::Binary, bytes);
    let to = |t| Field::new("c", t, true);
    for text in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
        assert!(error(&old, to(text)).starts_with("[row 1] field c: expected VARCHAR, found ff;"));
    }
    assert!(error(&old, uuid_field("c", true)).starts_with("[row 1] field c: expected UUID, found ff;"));
    assert!(project(&old.slice(0, 1), vec![uuid_field("c", true)]).is_ok());

    let lengths = [2, 1];
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let lists = ListArray::new(Arc::clone(&item), OffsetBuffer::from_lengths(lengths), values, None);
    let old = one(DataType::List(Arc::clone(&item)), Arc::new(lists));
    let pair = |t| to(DataType::FixedSizeList(Arc::new(Field::new_list_field(t, true)), 2));
    assert!(error(&old, pair(DataType::Int64)).starts_with("[row 1] field c: expected BIGINT[2], found [3];"));
    let new = project(&old.slice(0, 1), vec![pair(DataType::Int32)]).expect("a list of two");
    assert_eq!(new.column(0).as_fixed_size_list().value(0).as_ref(), &Int32Array::from(vec![1, 2]) as &dyn Array);
    let views = to(DataType::ListView(item));
    assert_eq!(project(&old, vec![views]).expect("another layout").num_rows(), 2);

    let texts: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    let old = one(DataType::Utf8, Arc::new(StringArray::from(texts)));
    let small = to(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)));
    let error = error(&old, small.clone());
    assert!(error.starts_with("field c: "), "{error}");
    assert!(project(&old.slice(0, 100), vec![small]).is_ok());
}

#[test]
fn maps_and_lists_of_no_length() {
    let parts = |t| Fields::from(vec![Field::new("k", DataType::Utf8, false), Field::new("v", t, true)]);
    let map = |t| DataType::Map(Field::new("entries", DataType::Struct(parts(t)), false).into(), false);
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 1 << 40]));
    let entries = StructArray::new(parts(DataType::Int64), vec![keys, values], None);
    let field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let maps = MapArray::new(field, OffsetBuffer::from_lengths([2, 0, 1]), entries, None, false);
    let old = one(map(DataType::Int64), Arc::new(maps));
    let large = error(&old, Field::new("c", map(DataType::Int32), true));
    assert!(large.starts_with("[row 2] field c{}: expected INTEGER, found 1099511627776;"), "{large}");
    let new = project(&old.slice(0, 2), vec![Field::new("c", map(DataType::Int32), true)]).expect("small values");
    assert_eq!(new.column(0).as_map().value(0).column(1).as_ref(), &Int32Array::from(vec![1, 2]) as &dyn Array);

    let none = |t| DataType::FixedSizeList(Arc::new(Field::new_list_field(t, true)), 0);
    let empty: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    let nulls = Some(NullBuffer::from(vec![true, false]));
    let lists = FixedSizeListArray::try_new_with_length(item, 0, empty, nulls, 2).expect("two lists of nothing");
    let old = one(none(DataType::Int64), Arc::new(lists));
    let new = project(&old, vec![Field::new("c", none(DataType::Int32), true)]).expect("lists of nothing");
    assert_eq!((new.num_rows(), new.column(0).null_count()), (2, 1));
}
