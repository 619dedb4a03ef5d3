//! Decoders against an oracle of their format: what `tests/fuzz_corpus.rs` checks over a few thousand mutated records, and
//! `fuzz/src/bin/formats.rs` over millions.
//!
//! Lives here: the comparison ([`Examiner`]), cells that both sides are turned into ([`Cell`]), mutations of bytes, and one
//! folder per format with its oracle. Does not live here: JSON, whose engines are compared with each other as well
//! ([`differ`](crate::differ)). It is compiled into the workspace of the fuzzer too, so it uses little.
//!
//! ```text
//! Oracle::generate ─▶ mutate ─▶ a batch ─▶ our decoder ─▶ Reading ─┐
//!                                  └─────▶ Oracle::judge ─▶ Reading ─┴─▶ the same, or a class that says who is wrong
//! ```
//!
//! A format joins by an [`Oracle`] and a line in [`each_format`](crate::each_format); one that compares whole batches in a way of
//! its own, by a [`Comparison`].

pub mod avro;
pub mod cell;
pub mod csv;
pub mod examine;
pub mod msgpack;
pub mod mutate;
pub mod number;
pub mod protobuf;

pub use cell::Cell;
pub use examine::{BATCHES, Comparison, Examiner, Finding, Tally};

use arrow_schema::SchemaRef;
use laminar_formats::AnyDecoder;
use laminar_schema::{DecodeSpec, DecoderSet, SchemaResult};

use crate::random::Random;

/// Calls a function for each format that has an oracle: `each_format!(run, 1)` is `run::<Examiner<MsgPack>>(1); …`.
#[macro_export]
macro_rules! each_format {
    ($run:ident $(, $argument:expr)*) => {
        $run::<$crate::differential::Examiner<$crate::differential::msgpack::MsgPack>>($($argument),*);
        $run::<$crate::differential::Examiner<$crate::differential::csv::Csv>>($($argument),*);
        $run::<$crate::differential::protobuf::Protobuf>($($argument),*);
        $run::<$crate::differential::avro::Avro>($($argument),*);
    };
}

/// What a decoder is compared on.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Columns, in SQL.
    pub columns: &'static str,
    /// Options of the format.
    pub options: &'static [(&'static str, &'static str)],
}

/// A kind of record about which the oracle's library is wrong, or another reading is as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// A short name.
    pub name: &'static str,
    /// Who is wrong, and by which clause of which specification.
    pub clause: &'static str,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A row of these cells.
    Row(Vec<Cell>),
    /// No row, and no error.
    Nothing,
    /// An error.
    Refused,
}

/// What a record must become.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// What the oracle's library makes of it, mapped to the columns.
    Theirs(Reading),
    /// The library makes that of it, but by a class's clause it must be something else.
    Corrected(Reading, Class, Reading),
    /// Nobody here knows, for the reason of the class: only a panic would be a finding.
    Unknown(Class),
}

/// A format's oracle for one target.
pub trait Oracle: Sized {
    /// The format's name.
    const FORMAT: &'static str;
    /// What is compared.
    const TARGETS: &'static [Target];

    /// The oracle of a target.
    fn new(target: &Target, schema: &SchemaRef) -> Self;

    /// Our decoder, with whatever lets it try its fast way on every record.
    ///
    /// # Errors
    /// The target is none.
    fn decoder(spec: &DecodeSpec) -> SchemaResult<Option<AnyDecoder>> {
        AnyDecoder::build(spec)
    }

    /// Writes a record that is valid, and fits the columns more often than not.
    fn generate(&mut self, random: &mut Random) -> Vec<u8>;

    /// Changes a record; `other` is what pieces are taken from.
    fn mutate(&mut self, random: &mut Random, record: &mut Vec<u8>, other: &[u8]) {
        mutate::bytes(random, record, other, &[]);
    }

    /// What a record must become.
    fn judge(&mut self, record: &[u8]) -> Judgement;
}
