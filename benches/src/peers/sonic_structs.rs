//! What one would write by hand for a single known shape: sonic-rs into a struct. No Arrow comes out of it.
//!
//! Every field is optional, because every field of the Arrow schemas is nullable.

use std::borrow::Cow;
use std::hint::black_box;
use std::marker::PhantomData;

use laminar_connector_generator::workload::Workload;
use serde::Deserialize;

use super::Peer;
use crate::answer::{Answer, Digest};
use crate::input::{Batch, Case};

/// Its name among the peers.
pub const NAME: &str = "sonic-rs struct";

/// Adds a value to its column's digest, as `Digest` does with Arrow arrays.
trait Digested {
    fn add_to(&self, digest: &mut Digest);
}

/// A struct that stands for one record.
trait Row<'de>: Deserialize<'de> {
    fn add_columns(&self, answer: &mut Answer);
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Digested for Text<'_> {
    fn add_to(&self, digest: &mut Digest) {
        digest.add_text(&self.0);
    }
}

impl Digested for i64 {
    fn add_to(&self, digest: &mut Digest) {
        digest.add_int(*self);
    }
}

impl Digested for f64 {
    fn add_to(&self, digest: &mut Digest) {
        digest.add_float(*self);
    }
}

impl Digested for bool {
    fn add_to(&self, digest: &mut Digest) {
        digest.add_int((*self).into());
    }
}

impl<T: Digested> Digested for Option<T> {
    fn add_to(&self, digest: &mut Digest) {
        match self {
            Some(value) => value.add_to(digest),
            None => digest.add_null(),
        }
    }
}

impl<T: Digested> Digested for Vec<T> {
    fn add_to(&self, digest: &mut Digest) {
        for element in self {
            element.add_to(digest);
        }
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

        impl Digested for $name<'_> {
            fn add_to(&self, digest: &mut Digest) {
                $(self.$field.add_to(digest);)*
            }
        }

        impl<'a> Row<'a> for $name<'a> {
            fn add_columns(&self, answer: &mut Answer) {
                answer.num_rows += 1;
                $(self.$field.add_to(answer.column(stringify!($field)));)*
            }
        }
    )* };
}

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

/// Keeps the memory of the last batch's rows.
struct SonicStructs<S: Shape>(Vec<S::Row<'static>>);

impl<S: Shape> SonicStructs<S> {
    fn boxed() -> Box<dyn Peer>
    where
        S: 'static,
    {
        Box::new(Self(Vec::new()))
    }

    /// Parses a batch, lends out its rows, and takes their memory back.
    fn with_rows<'a, T>(&mut self, batch: &Batch<'a>, see: impl FnOnce(&[S::Row<'a>]) -> T) -> T {
        let mut rows = other_lifetime(std::mem::take(&mut self.0));
        let parse = |record: &&'a [u8]| sonic_rs::from_slice(record).expect("the records fit the struct");
        rows.extend(batch.records.iter().map(parse));
        let seen = see(&rows);
        self.0 = other_lifetime(rows);
        seen
    }
}

/// The same memory for rows that borrow from another batch. `collect` builds a vector of equal layout in place.
fn other_lifetime<A, B>(mut rows: Vec<A>) -> Vec<B> {
    rows.clear();
    rows.into_iter().map(|_| unreachable!("the rows have been cleared")).collect()
}

impl<S: Shape + 'static> Peer for SonicStructs<S> {
    fn name(&self) -> &str {
        NAME
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        self.with_rows(batch, |rows| black_box(rows).len())
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        self.with_rows(batch, |rows| rows.iter().for_each(|row| row.add_columns(answer)));
    }
}

/// The peer whose struct has the case's shape.
pub fn sonic_structs(case: &Case) -> Box<dyn Peer> {
    match case.workload {
        Workload::Trades => SonicStructs::<TradeShape>::boxed(),
        Workload::Wide => SonicStructs::<WideShape>::boxed(),
        Workload::Projected => SonicStructs::<ProjectedShape>::boxed(),
        Workload::Nested => SonicStructs::<TraceShape>::boxed(),
        Workload::Escapes => SonicStructs::<EscapedShape>::boxed(),
        Workload::Floats => SonicStructs::<FloatsShape>::boxed(),
        other => unreachable!("no benchmark case uses {}", other.name()),
    }
}

crate::rows::workload_rows!(rows);
