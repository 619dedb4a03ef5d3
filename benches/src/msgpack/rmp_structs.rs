//! What one would write by hand for a single known shape: rmp-serde into a struct, then Arrow's builders.

use std::{borrow::Cow, marker::PhantomData};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_connector_generator::workload::Workload;
use laminar_schema::RawBatch;
use serde::Deserialize;

use super::{
    Peer,
    builder::{Builder, finish},
};
use crate::{input::Case, rows::workload_rows};

/// A value on its way into its column.
trait Pushed {
    fn push(&self, column: &mut Builder);
}

/// A struct that stands for one record.
trait Row<'de>: Deserialize<'de> {
    fn push_fields(&self, columns: &mut [Builder]);
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

macro_rules! scalars {
    ($($type:ty: $variant:ident;)*) => { $(
        impl Pushed for $type {
            fn push(&self, column: &mut Builder) {
                let Builder::$variant(b) = column else { unreachable!("the struct has the schema's fields") };
                b.append_value(*self);
            }
        }
    )* };
}
scalars! {
    i64: Int;
    f64: Float;
    bool: Bool;
}

impl Pushed for Text<'_> {
    fn push(&self, column: &mut Builder) {
        let Builder::Text(b) = column else { unreachable!("the struct has the schema's fields") };
        b.append_value(&self.0);
    }
}

impl<T: Pushed> Pushed for Option<T> {
    fn push(&self, column: &mut Builder) {
        match self {
            Some(value) => value.push(column),
            None => column.push_null(),
        }
    }
}

impl<T: Pushed> Pushed for Vec<T> {
    fn push(&self, column: &mut Builder) {
        if let Builder::List(_, _, items) = column {
            self.iter().for_each(|value| value.push(items));
        }
        column.end_list();
    }
}

/// Declares structs of optional fields whose lifetime is that of the record's bytes.
macro_rules! rows {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => { $(
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        struct $name<'a> {
            $($field: Option<$type>,)*
            #[serde(skip)]
            record: PhantomData<&'a [u8]>,
        }

        impl Pushed for $name<'_> {
            fn push(&self, column: &mut Builder) {
                let Builder::Struct(_, columns) = column else { unreachable!("the struct has the schema's fields") };
                self.push_fields(columns);
            }
        }

        impl<'a> Row<'a> for $name<'a> {
            fn push_fields(&self, columns: &mut [Builder]) {
                let mut columns = columns.iter_mut();
                $(self.$field.push(columns.next().expect("the struct has the schema's fields"));)*
            }
        }
    )* };
}
workload_rows!(rows);

/// Names a type constructor, so that one peer serves rows of every lifetime.
trait Shape {
    type Row<'a>: Row<'a>;
}

macro_rules! shapes {
    ($($shape:ident => $row:ident)*) => { $(
        struct $shape;

        impl Shape for $shape {
            type Row<'a> = $row<'a>;
        }
    )* };
}

shapes! {
    TradeShape => Trade
    WideShape => Wide
    ProjectedShape => Projected
    TraceShape => Trace
    EscapedShape => Escaped
    FloatsShape => Floats
}

/// The builders of a case's columns.
struct RmpStructs<S> {
    schema: SchemaRef,
    columns: Vec<Builder>,
    shape: PhantomData<S>,
}

impl<S: Shape + 'static> RmpStructs<S> {
    fn boxed(case: &Case) -> Box<dyn Peer> {
        let schema = case.schema();
        Box::new(Self { columns: Builder::all(schema.fields()), schema, shape: PhantomData })
    }
}

impl<S: Shape + 'static> Peer for RmpStructs<S> {
    fn name(&self) -> &str {
        "rmp-serde structs"
    }

    fn decode(&mut self, batch: &RawBatch) -> RecordBatch {
        for record in 0..batch.len() {
            let row: S::Row<'_> = rmp_serde::from_slice(batch.value(record)).expect("the records fit the struct");
            row.push_fields(&mut self.columns);
        }
        finish(&self.schema, &mut self.columns)
    }
}

/// The peer whose struct has the case's shape.
pub fn rmp_structs(case: &Case) -> Box<dyn Peer> {
    match case.workload {
        Workload::Trades => RmpStructs::<TradeShape>::boxed(case),
        Workload::Wide => RmpStructs::<WideShape>::boxed(case),
        Workload::Projected => RmpStructs::<ProjectedShape>::boxed(case),
        Workload::Nested => RmpStructs::<TraceShape>::boxed(case),
        Workload::Escapes => RmpStructs::<EscapedShape>::boxed(case),
        Workload::Floats => RmpStructs::<FloatsShape>::boxed(case),
        other => unreachable!("no benchmark case uses {}", other.name()),
    }
}
