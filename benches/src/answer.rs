//! What a decoder found, in a form that decoders of different shapes share.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

/// Row count and, as far as the decoder yields columns, one digest for each.
#[derive(Debug, Default, Clone)]
pub struct Answer {
    pub num_rows: usize,
    pub columns: BTreeMap<String, Digest>,
}

impl Answer {
    pub fn add_batch(&mut self, batch: &RecordBatch) {
        self.num_rows += batch.num_rows();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            self.column(field.name()).add_array(column);
        }
    }

    pub fn column(&mut self, name: &str) -> &mut Digest {
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), Digest::default());
        }
        self.columns.entry(name.to_owned()).or_default()
    }

    /// Compares the row count, and the digests of the columns that both have.
    ///
    /// # Panics
    /// If they differ: a benchmark of wrong answers has no meaning.
    pub fn assert_agrees(&self, other: &Self, who: &str) {
        assert_eq!(self.num_rows, other.num_rows, "{who}: rows");
        for (name, digest) in &self.columns {
            if let Some(found) = other.columns.get(name) {
                assert!(
                    digest.agrees(found),
                    "{who}: column {name}: {digest:?} is not {found:?}"
                );
            }
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
        self.floats += value;
    }

    pub fn add_text(&mut self, text: &str) {
        let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        self.add_int(hash as i64);
    }

    fn add_array(&mut self, array: &dyn Array) {
        match array.data_type() {
            DataType::Boolean => self.add_each(array.as_boolean().iter(), |digest, value| {
                digest.add_int(value.into())
            }),
            DataType::Int64 => {
                self.add_each(array.as_primitive::<Int64Type>().iter(), Self::add_int)
            }
            DataType::Float64 => {
                self.add_each(array.as_primitive::<Float64Type>().iter(), Self::add_float)
            }
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

    /// Floats may differ in the last place: serde_json rounds some of them wrongly.
    fn agrees(&self, other: &Self) -> bool {
        let scale = self.floats.abs().max(1.0);
        (self.values, self.nulls, self.sum) == (other.values, other.nulls, other.sum)
            && (self.floats - other.floats).abs() <= 1e-9 * scale
    }
}
