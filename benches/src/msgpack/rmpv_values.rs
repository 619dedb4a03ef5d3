//! What one would write for any schema: rmpv's tree of each record, borrowed from its bytes, then Arrow's builders.

use arrow_array::RecordBatch;
use arrow_schema::{Fields, SchemaRef};
use laminar_schema::RawBatch;
use rmpv::ValueRef;

use super::{
    Peer,
    builder::{Builder, finish},
};
use crate::input::Case;

/// The builders of a case's columns.
pub struct RmpvValues {
    schema: SchemaRef,
    columns: Vec<Builder>,
}

impl RmpvValues {
    pub fn new(case: &Case) -> Self {
        let schema = case.schema();
        Self { columns: Builder::all(schema.fields()), schema }
    }
}

impl Peer for RmpvValues {
    fn name(&self) -> &str {
        "rmpv values"
    }

    fn decode(&mut self, batch: &RawBatch) -> RecordBatch {
        for record in 0..batch.len() {
            let mut bytes = batch.value(record);
            let value = rmpv::decode::read_value_ref(&mut bytes).expect("the records are valid");
            push_map(self.schema.fields(), &mut self.columns, &value);
        }
        finish(&self.schema, &mut self.columns)
    }
}

fn push_map(fields: &Fields, columns: &mut [Builder], value: &ValueRef<'_>) {
    let ValueRef::Map(members) = value else { unreachable!("the records are maps") };
    for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
        let is_it = |key: &ValueRef<'_>| matches!(key, ValueRef::String(key) if key.as_str() == Some(field.name()));
        // Most have the order of the schema, so its place is looked at first.
        let found =
            members.get(index).filter(|(key, _)| is_it(key)).or_else(|| members.iter().find(|(key, _)| is_it(key)));
        match found {
            Some((_, value)) => push(column, value),
            None => column.push_null(),
        }
    }
}

fn push(column: &mut Builder, value: &ValueRef<'_>) {
    match (column, value) {
        (column, ValueRef::Nil) => column.push_null(),
        (Builder::Bool(b), ValueRef::Boolean(v)) => b.append_value(*v),
        (Builder::Int(b), ValueRef::Integer(v)) => b.append_value(v.as_i64().expect("the workloads' integers")),
        (Builder::Float(b), ValueRef::F64(v)) => b.append_value(*v),
        (Builder::Float(b), ValueRef::F32(v)) => b.append_value((*v).into()),
        (Builder::Float(b), ValueRef::Integer(v)) => b.append_value(v.as_f64().expect("every integer has one")),
        (Builder::Text(b), ValueRef::String(v)) => b.append_value(v.as_str().expect("the workloads' texts")),
        (Builder::Struct(fields, columns), value) => push_map(fields, columns, value),
        (column @ Builder::List(..), ValueRef::Array(values)) => {
            if let Builder::List(_, _, items) = column {
                values.iter().for_each(|value| push(items, value));
            }
            column.end_list();
        }
        (_, other) => unreachable!("the workloads have no {other} here"),
    }
}
