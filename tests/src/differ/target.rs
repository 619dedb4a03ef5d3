//! What records are decoded into: schemas with options, each with the seeds that suit it.

use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef};
use laminar_connector_generator::workload::Workload;
use laminar_formats::json::JsonOptions;
use laminar_schema::{ConnectorConfig, DeclaredColumn, Options, ddl};

use super::{Engines, oracle};

/// A schema with options.
#[derive(Debug)]
pub struct Target {
    /// Its name, which saved inputs carry.
    pub name: &'static str,
    columns: Columns,
    options: &'static [(&'static str, &'static str)],
    /// Whether the oracle can judge it: default options, or `type_mismatch = 'null'` alone.
    judged: Option<Forgives>,
}

#[derive(Debug)]
enum Columns {
    Of(Workload),
    Declared(&'static str),
}

type Forgives = bool;

const FLAT: &str =
    "a BIGINT, b DOUBLE, c VARCHAR, d BOOLEAN, e DECIMAL(20,4), l UTINYINT, m FLOAT, n HUGEINT, p UBIGINT,
     q SMALLINT, j JSON, key_of_thirty_two_bytes_and_more INTEGER, \"\" USMALLINT";
const NESTED: &str = "a BIGINT NOT NULL, s STRUCT(a BIGINT, b VARCHAR[], t STRUCT(x DOUBLE, y BOOLEAN)), m MAP(VARCHAR, DOUBLE),
     l BIGINT[], f INTEGER[2], j JSON, o STRUCT(k VARCHAR, v INTEGER)[], mm MAP(VARCHAR, STRUCT(x BIGINT, l JSON[])), mp MAP(VARCHAR, MAP(VARCHAR, BIGINT)), c VARCHAR";
const OTHERS: &str =
    "a DATE, b TIMESTAMP, c TIMESTAMPTZ, d TIME, e UUID, f BLOB, g INTERVAL, h TIMESTAMP_NS, i TIMESTAMP_S,
     j TIMESTAMP_MS, k DECIMAL(60,10), l BIGINT";

const fn of(workload: Workload) -> Target {
    Target { name: workload.name(), columns: Columns::Of(workload), options: &[], judged: Some(false) }
}

const fn declared(
    name: &'static str,
    columns: &'static str,
    options: &'static [(&'static str, &'static str)],
    judged: Option<Forgives>,
) -> Target {
    Target { name, columns: Columns::Declared(columns), options, judged }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    of(Workload::Trades),
    declared("flat", FLAT, &[], Some(false)),
    of(Workload::Wide),
    declared("nested_types", NESTED, &[], Some(false)),
    of(Workload::Nested),
    declared("flat_null", FLAT, &[("type_mismatch", "null")], Some(true)),
    of(Workload::Projected),
    declared("nested_null", NESTED, &[("type_mismatch", "null")], Some(true)),
    of(Workload::Escapes),
    declared("others", OTHERS, &[("timestamp_formats", "iso8601,epoch_ms,%d/%m/%Y")], None),
    of(Workload::Floats),
    declared("one", "a BIGINT", &[], Some(false)),
    of(Workload::Orders),
    declared(
        "rescue",
        "a BIGINT NOT NULL, b VARCHAR DEFAULT 'x', s STRUCT(a BIGINT, b VARCHAR[], t STRUCT(x DOUBLE)), m MAP(VARCHAR, DOUBLE), l BIGINT[], o STRUCT(k VARCHAR, v INTEGER)[], _rescued JSON",
        &[("unknown_fields", "rescue"), ("type_mismatch", "rescue"), ("coerce_strings", "true")],
        None,
    ),
    declared("strict", NESTED, &[("unknown_fields", "reject"), ("duplicate_fields", "reject")], None),
    declared(
        "documents",
        "a BIGINT, b DOUBLE DEFAULT 1.5, c VARCHAR, whole JSON",
        &[("multiple_documents", "split"), ("document_column", "whole"), ("empty_records", "null")],
        None,
    ),
    declared("value", "value JSON", &[("empty_records", "skip")], None),
    declared("values", "value BIGINT[], a BIGINT", &[("non_objects", "value"), ("max_depth", "3")], None),
];

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The workload whose records suit it, if it is of one.
    pub fn workload(&self) -> Option<Workload> {
        match self.columns {
            Columns::Of(workload) => Some(workload),
            Columns::Declared(_) => None,
        }
    }

    /// Its schema.
    ///
    /// # Panics
    /// When the table above is wrong.
    pub fn schema(&self) -> SchemaRef {
        match self.columns {
            Columns::Of(workload) => workload.schema(),
            Columns::Declared(columns) => schema(columns),
        }
    }

    /// All engines for it.
    ///
    /// # Panics
    /// When the table above is wrong.
    pub fn engines(&self) -> Engines {
        let options = options(self.options);
        Engines::new(&self.schema(), &options).unwrap_or_else(|e| panic!("target {}: {e}", self.name))
    }

    /// How the oracle judges it: whether values that do not fit become null. `None` where it cannot: by the options,
    /// or by a type.
    pub fn judged(&self) -> Option<bool> {
        let known = self.schema().fields().iter().all(|f| oracle::knows(f.data_type()));
        self.judged.filter(|_| known)
    }
}

/// The schema of declared columns.
///
/// # Panics
/// When they are no columns.
pub fn schema(columns: &str) -> SchemaRef {
    let declared = ddl::parse_columns(columns).unwrap_or_else(|e| panic!("{columns}: {e}"));
    Arc::new(Schema::new(declared.columns.iter().map(DeclaredColumn::to_field).collect::<Vec<Field>>()))
}

/// JSON options from their words.
///
/// # Panics
/// When they are none.
pub fn options(words: &[(&str, &str)]) -> JsonOptions {
    let options = Options::from_pairs(words.iter().copied());
    JsonOptions::from_options(&options).unwrap_or_else(|e| panic!("{words:?}: {e}"))
}
