//! Synthetic JSON records, the same on every machine: what quickstarts, tests and benchmarks read.
//!
//! A [`Workload`] is a shape of record with the Arrow schema it decodes to; a [`WorkloadGenerator`] writes its records.
//! Nothing here knows about connectors, formats or time: the source connector on top decides how many records to write,
//! how fast, and where to resume.
//!
//! ```
//! use laminar_connector_generator::workload::Workload;
//!
//! let mut generator = Workload::Trades.generator(42);
//! let mut record = Vec::new();
//! generator.write_record(&mut record);
//! assert!(record.starts_with(br#"{"symbol":""#));
//!
//! // Record 1,000,000 does not need the million before it.
//! generator.seek(1_000_000);
//! assert_eq!(generator.position(), 1_000_000);
//! ```

mod catalogue;
mod defect;
mod generator;
mod random;
mod template;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

use template::Column;

pub use defect::Defect;
pub use generator::WorkloadGenerator;

/// No workload has more top-level columns, so that a record's key order fits on the stack.
const MAX_COLUMNS: usize = 64;

/// A shape of record. Sizes are means over many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Workload {
    /// Small flat records, 85 bytes: `symbol`, `price`, `volume`, `ts` in ms since the Unix epoch, `side`.
    Trades,
    /// 40 flat columns, 863 bytes: strings, integers, floats and booleans, four of them nullable.
    Wide,
    /// Structs two deep and a list of structs, 682 bytes.
    Nested,
    /// The records of [`Wide`](Self::Wide), of which the schema wants only 5 columns.
    Projected,
    /// Strings full of escapes, surrogate pairs and raw multi-byte UTF-8, 338 bytes.
    Escapes,
    /// 16 floats of 15 to 17 digits, 409 bytes.
    Floats,
    /// Realistic orders, 500 bytes: a customer, a list of items, optional keys, nulls and an RFC 3339 timestamp.
    Orders,
}

impl Workload {
    /// Every workload, in the order of their declaration.
    pub const ALL: [Self; 7] =
        [Self::Trades, Self::Wide, Self::Nested, Self::Projected, Self::Escapes, Self::Floats, Self::Orders];

    /// Finds a workload by its [name](Self::name), as an option or an argument spells it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    /// The names of all workloads, for help texts and suggestions.
    #[must_use]
    pub fn names() -> [&'static str; Self::ALL.len()] {
        Self::ALL.map(Self::name)
    }

    /// The workload's name: one lower-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Wide => "wide",
            Self::Nested => "nested",
            Self::Projected => "projected",
            Self::Escapes => "escapes",
            Self::Floats => "floats",
            Self::Orders => "orders",
        }
    }

    /// The mean size of a record, to within a tenth, for sizing buffers.
    #[must_use]
    pub const fn mean_record_bytes(self) -> usize {
        match self {
            Self::Trades => 85,
            Self::Wide | Self::Projected => 863,
            Self::Nested => 682,
            Self::Escapes => 338,
            Self::Floats => 409,
            Self::Orders => 500,
        }
    }

    /// The Arrow schema that the records decode to; every field is nullable.
    ///
    /// Shape: one column per top-level key, in the order of the keys; 5 of the 40 for [`Projected`](Self::Projected).
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        let wanted = |column: &&Column| self.projection().is_none_or(|names| names.contains(&column.name));
        let fields = self.columns().iter().filter(wanted).map(Column::field);
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Starts a generator at record 0.
    #[must_use]
    pub fn generator(self, seed: u64) -> WorkloadGenerator {
        WorkloadGenerator::new(self, seed)
    }

    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Trades => catalogue::TRADES,
            Self::Wide | Self::Projected => catalogue::WIDE,
            Self::Nested => catalogue::NESTED,
            Self::Escapes => catalogue::ESCAPES_AND_UNICODE,
            Self::Floats => catalogue::FLOATS,
            Self::Orders => catalogue::ORDERS,
        }
    }

    const fn projection(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Projected => Some(catalogue::PROJECTION),
            _ => None,
        }
    }
}
