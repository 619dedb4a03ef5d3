//! Changes that do not fit, and the default implementation of the trait.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use crate::{
    ColumnProjection, CompatibilityMode, EvolutionVerdict, SchemaChange, SchemaEvolvable,
    evolution::{apply, diff},
};

fn schema() -> SchemaRef {
    let city = Fields::from(vec![Field::new("city", DataType::Utf8, true)]);
    let twins = Fields::from(vec![Field::new("t", DataType::Int8, true), Field::new("t", DataType::Int16, true)]);
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("address", DataType::Struct(city), true),
        Field::new("twins", DataType::Struct(twins), true),
    ]))
}

fn refused(change: SchemaChange, expected: &str) {
    let error = apply(&schema(), &[change]).map(drop).unwrap_err().to_string();
    assert_eq!(error, expected);
}

#[test]
fn changes_that_do_not_fit() {
    let drop = |name: &str| SchemaChange::ColumnDropped { name: name.into() };
    let add = |name: &str| SchemaChange::ColumnAdded {
        name: name.into(),
        data_type: DataType::Int8,
        nullable: true,
        default: None,
    };
    let rename = |old: &str, new: &str| SchemaChange::ColumnRenamed { old_name: old.into(), new_name: new.into() };
    refused(drop("price"), "cannot drop price: the schema has no such column");
    refused(drop("id.x"), "cannot drop id.x: the schema has no such column");
    refused(drop("address{}.city"), "cannot drop address{}.city: the schema has no such column");
    refused(
        drop("twins.t"),
        "cannot drop twins.t: several columns beside each other have that name; rename all but one",
    );
    refused(
        add("address.city"),
        "cannot add address.city TINYINT: there is a column of that name already; drop or rename it first",
    );
    refused(
        rename("id", "address"),
        "cannot rename id to address: there is a column of that name already; drop or rename it first",
    );
    let bad = "expected a path of a column such as `address.city` or `lines[].price`, found";
    refused(drop("a..b"), &format!("cannot drop a..b: {bad} `a..b`"));
    refused(drop(""), &format!("cannot drop : {bad} ``"));
    refused(rename("address.city", "city"), &format!("cannot rename address.city to city: {bad} `address.city`"));
    refused(
        SchemaChange::TypeWidened { name: "id".into(), from: DataType::Int32, to: DataType::Int64 },
        "cannot widen id INTEGER → BIGINT: found Int64; compare with the schema in force again",
    );
    refused(
        SchemaChange::PropertyChanged { name: "id".into(), key: "k".into(), from: Some("1".into()), to: None },
        "cannot set k of id 1 → none: found none; compare with the schema in force again",
    );
    refused(
        SchemaChange::ColumnMoved { name: "id".into(), after: Some("price".into()) },
        "cannot move id behind price: found no column price beside it; compare with the schema in force again",
    );
}

#[test]
fn renames_in_a_row_are_one_step() {
    let rename = |old: &str, new: &str| SchemaChange::ColumnRenamed { old_name: old.into(), new_name: new.into() };
    let names = |changes: &[SchemaChange]| {
        let (schema, _) = apply(&schema(), changes).expect("renames that fit");
        schema.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[rename("id", "address"), rename("address", "id")]), ["address", "id", "twins"]);
    // A name that the rename before it gave is there only afterwards.
    assert_eq!(names(&[rename("id", "a"), rename("a", "b")]), ["b", "address", "twins"]);
}

#[test]
fn projections_say_where_nested_fields_come_from() {
    let fields = |names: &[&str]| Fields::from_iter(names.iter().map(|n| Field::new(*n, DataType::Int8, true)));
    let list = |names: &[&str]| DataType::List(Field::new_list_field(DataType::Struct(fields(names)), true).into());
    let from = Schema::new(vec![Field::new("a", DataType::Int8, true), Field::new("l", list(&["x", "y"]), true)]);
    let to = Schema::new(vec![Field::new("l", list(&["y", "z"]), true), Field::new("b", DataType::Int8, true)]);
    let (_, projection) = apply(&from, &diff(&from, &to)).expect("changes of these schemas");
    let item = ColumnProjection::of_columns(vec![Some(1), None]);
    let inside = ColumnProjection { mappings: vec![Some(0)], nested: [(0, item)].into() };
    assert_eq!(projection, ColumnProjection { mappings: vec![Some(1), None], nested: [(0, inside)].into() });
}

#[test]
fn an_empty_impl_follows_changes() {
    struct Follower;
    impl SchemaEvolvable for Follower {}
    let mut fields: Vec<Field> = schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(Field::new("note", DataType::Utf8, true));
    let proposed = Arc::new(Schema::new(fields));
    let changes = Follower.diff_schemas(&schema(), &proposed);
    let verdict = Follower.evaluate_evolution(&changes, CompatibilityMode::FullTransitive);
    assert_eq!(verdict, EvolutionVerdict::Compatible(changes.clone()));
    let (schema, projection) = Follower.apply_evolution(&schema(), &changes).expect("a column more");
    assert_eq!(schema, proposed);
    assert_eq!(projection, ColumnProjection::of_columns(vec![Some(0), Some(1), Some(2), None]));
    assert_eq!(Follower.schema_version(), 0);
}
