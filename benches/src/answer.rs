//! What a decoder found, in a form that decoders of different shapes share.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

/// Row count and, as far as the decoder yields columns, one digest for each; from decoders that yield the schema's own
/// columns, the batches as well.
#[derive(Debug, Default)]
pub struct Answer {
    pub num_rows: usize,
    pub columns: BTreeMap<String, Digest>,
    pub batches: Vec<RecordBatch>,
    /// Floats of this decoder may differ in the last place.
    pub rounds_floats_wrongly: bool,
}

impl Answer {
    pub fn add_batch(&mut self, batch: &RecordBatch) {
        self.num_rows += batch.num_rows();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            self.column(field.name()).add_array(column);
        }
        self.batches.push(batch.clone());
    }

    pub fn column(&mut self, name: &str) -> &mut Digest {
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), Digest::default());
        }
        self.columns.entry(name.to_owned()).or_default()
    }

    /// Compares the row count, the digests of the columns that both have, and the batches if both have them.
    ///
    /// # Panics
    /// If they differ: a benchmark of wrong answers has no meaning.
    pub fn assert_agrees(&self, other: &Self, who: &str) {
        assert_eq!(self.num_rows, other.num_rows, "{who}: rows");
        for (name, digest) in &self.columns {
            if let Some(found) = other.columns.get(name) {
                let agrees = digest.agrees(found, other.rounds_floats_wrongly);
                assert!(agrees, "{who}: column {name}: {digest:?} is not {found:?}");
            }
        }
        if !other.batches.is_empty() {
            // Not `assert_eq!`, which would print megabytes.
            assert!(self.batches == other.batches, "{who}: the columns' digests agree, but their values differ");
        }
    }
}

/// A checksum over values, nested ones included, that does not depend on their order.
#[derive(Debug, Default, Clone)]
pub struct Digest {
    values: u64,
    nulls: u64,
    /// The wrapping sum of integers, booleans and text hashes.
    sum: u64,
    /// The wrapping sum of the floats' bits.
    float_bits: u64,
    floats: f64,
}

impl Digest {
    pub fn add_null(&mut self) {
        self.nulls += 1;
    }

    pub fn add_int(&mut self, value: i64) {
        self.values += 1;
        self.sum = self.sum.wrapping_add(value as u64);
    }

    pub fn add_float(&mut self, value: f64) {
        self.values += 1;
        self.float_bits = self.float_bits.wrapping_add(value.to_bits());
        self.floats += value;
    }

    pub fn add_text(&mut self, text: &str) {
        let hash = text
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        self.add_int(hash as i64);
    }

    fn add_array(&mut self, array: &dyn Array) {
        match array.data_type() {
            DataType::Boolean => self.add_each(array.as_boolean().iter(), |digest, value| digest.add_int(value.into())),
            DataType::Int64 => self.add_each(array.as_primitive::<Int64Type>().iter(), Self::add_int),
            DataType::Float64 => self.add_each(array.as_primitive::<Float64Type>().iter(), Self::add_float),
            DataType::Utf8 => self.add_each(array.as_string::<i32>().iter(), Self::add_text),
            DataType::Struct(_) => {
                assert_eq!(array.null_count(), 0, "the workloads have no null structs");
                for column in array.as_struct().columns() {
                    self.add_array(column);
                }
            }
            DataType::List(_) => {
                assert_eq!(array.null_count(), 0, "the workloads have no null lists");
                self.add_array(array.as_list::<i32>().values());
            }
            other => unreachable!("the workloads have no {other}"),
        }
    }

    fn add_each<T>(&mut self, values: impl Iterator<Item = Option<T>>, add: impl Fn(&mut Self, T)) {
        for value in values {
            match value {
                Some(value) => add(self, value),
                None => self.add_null(),
            }
        }
    }

    /// Tells whether both saw the same values, or, if floats may be wrong in the last place, nearly the same.
    fn agrees(&self, other: &Self, floats_may_differ: bool) -> bool {
        let nearly = || (self.floats - other.floats).abs() <= 1e-9 * self.floats.abs().max(1.0);
        (self.values, self.nulls, self.sum) == (other.values, other.nulls, other.sum)
            && (self.float_bits == other.float_bits || floats_may_differ && nearly())
    }
}
