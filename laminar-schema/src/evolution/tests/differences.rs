//! What a difference is called.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};

use crate::{
    evolution::{MAX_DEPTH, apply, diff},
    field::{DEFAULT_METADATA, FIELD_ID_METADATA, json_field, uuid_field, with_metadata},
};

fn check(from: Vec<Field>, to: Vec<Field>, expected: &[&str]) {
    let (from, to) = (Schema::new(from), Schema::new(to));
    let changes = diff(&from, &to);
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    let applied = apply(&from, &changes).expect("changes of these schemas");
    assert_eq!(*applied.0, to);
}

fn int(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn with_id(field: Field, id: &str) -> Field {
    with_metadata(field, FIELD_ID_METADATA, id)
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(Fields::from(fields)), true)
}

fn list(name: &str, item: Field) -> Field {
    Field::new(name, DataType::List(Arc::new(item)), true)
}

fn map(name: &str, key: Field, value: Field) -> Field {
    let entries = Field::new("entries", DataType::Struct(Fields::from(vec![key, value])), false);
    Field::new(name, DataType::Map(Arc::new(entries), false), true)
}

#[test]
fn columns() {
    check(vec![int("a"), int("b")], vec![int("a"), int("b")], &[]);
    check(
        vec![int("a"), int("b"), Field::new("c", DataType::Utf8, false)],
        vec![int("b"), with_metadata(Field::new("d", DataType::Int32, false), DEFAULT_METADATA, "7")],
        &["a is optional to readers of the schema before", "drop a", "drop c", "add d INTEGER NOT NULL DEFAULT 7"],
    );
    check(
        vec![Field::new("a", DataType::Int32, false), int("b")],
        vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Int16, true)],
        &["widen a INTEGER → BIGINT", "allow null in a", "narrow b BIGINT → SMALLINT"],
    );
}

#[test]
fn moves_are_as_few_as_can_be() {
    let columns = |names: &str| names.chars().map(|c| int(&c.to_string())).collect::<Vec<_>>();
    check(columns("abcd"), columns("dabc"), &["move d to the front"]);
    check(columns("abcd"), columns("bcda"), &["move a behind d"]);
    check(columns("abcd"), columns("dcba"), &["move d to the front", "move c behind d", "move b behind c"]);
    check(columns("ab"), columns("axb"), &["add x BIGINT", "move x behind a"]);
}

#[test]
fn ids_tell_renames_from_drops() {
    let (a, b) = (with_id(int("a"), "1"), with_id(int("b"), "2"));
    check(vec![a.clone()], vec![a.clone().with_name("z")], &["rename a to z"]);
    // Two columns change names with each other.
    let swapped = vec![a.clone().with_name("b"), b.with_name("a")];
    check(vec![a.clone(), with_id(int("b"), "2")], swapped, &["rename a to b", "rename b to a"]);
    // Of the same name, and yet another column.
    check(
        vec![a.clone()],
        vec![with_id(int("a"), "9")],
        &[
            "a is optional to readers of the schema before",
            "drop a",
            "add a BIGINT",
            "set PARQUET:field_id of a none → 9",
        ],
    );
    check(vec![int("a")], vec![a], &["set PARQUET:field_id of a none → 1"]);
    check(vec![int("a")], vec![int("z")], &["a is optional to readers of the schema before", "drop a", "add z BIGINT"]);
}

#[test]
fn nested_columns_have_paths() {
    let city = with_id(Field::new("city", DataType::Utf8, true), "1");
    check(
        vec![structure("address", vec![city.clone(), with_id(int("zip"), "2")])],
        vec![structure("address", vec![city.with_name("town"), with_id(Field::new("zip", DataType::Utf8, true), "2")])],
        &["rename address.city to address.town", "narrow address.zip BIGINT → VARCHAR"],
    );
    let price = |t| structure("item", vec![Field::new("price", t, true)]);
    check(
        vec![list("lines", price(DataType::Float32))],
        vec![list("lines", price(DataType::Float64))],
        &["widen lines[].price FLOAT → DOUBLE"],
    );
    check(
        vec![map("labels", Field::new("keys", DataType::Int32, false), int("values"))],
        vec![map("labels", Field::new("keys", DataType::Int64, false), json_field("values", true))],
        &[
            "widen labels{key} INTEGER → BIGINT",
            "narrow labels{} BIGINT → VARCHAR",
            "set extension type of labels{} none → arrow.json",
        ],
    );
    check(
        vec![structure("a.b", vec![int("c")])],
        vec![structure("a.b", vec![int("c"), int("[]")])],
        &[r#"add "a.b"."[]" BIGINT"#],
    );
}

#[test]
fn layouts_and_extension_types() {
    let item = |name: &str| Field::new(name, DataType::Int32, true);
    check(
        vec![list("l", item("item"))],
        vec![list("l", item("element").with_data_type(DataType::Int64))],
        &["lay out l List(Int32) → List(Int32, field: 'element')", "widen l[] INTEGER → BIGINT"],
    );
    check(
        vec![Field::new("d", DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), true)],
        vec![Field::new("d", DataType::Utf8, true)],
        &["lay out d Dictionary(Int32, Utf8) → Utf8"],
    );
    check(
        vec![uuid_field("u", true), json_field("j", true)],
        vec![Field::new("u", DataType::FixedSizeBinary(16), true), Field::new("j", DataType::Utf8, true)],
        &["set extension type of u arrow.uuid → none", "set extension type of j arrow.json → none"],
    );
}

#[test]
fn what_is_too_deep_is_compared_as_a_whole() {
    let nested = |levels, leaf| {
        let wrap = |t, _| DataType::List(Arc::new(Field::new_list_field(t, true)));
        vec![Field::new("c", (0..levels).fold(leaf, wrap), true)]
    };
    let text = |levels| {
        let (from, to) = (Schema::new(nested(levels, DataType::Int32)), Schema::new(nested(levels, DataType::Int64)));
        let changes = diff(&from, &to);
        assert_eq!(*apply(&from, &changes).expect("changes of these schemas").0, to);
        changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(text(MAX_DEPTH - 1), format!("widen c{} INTEGER → BIGINT", "[]".repeat(MAX_DEPTH - 1)));
    let whole = format!("narrow c{} INTEGER[] → BIGINT[]", "[]".repeat(MAX_DEPTH));
    assert_eq!(text(MAX_DEPTH + 1), whole);
}

#[test]
fn fields_of_one_name_are_compared_as_a_whole() {
    let twins = |t: DataType| vec![structure("s", vec![int("a"), Field::new("a", t, true)])];
    check(
        twins(DataType::Int32),
        twins(DataType::Int64),
        &["narrow s STRUCT(a BIGINT, a INTEGER) → STRUCT(a BIGINT, a BIGINT)"],
    );
}
