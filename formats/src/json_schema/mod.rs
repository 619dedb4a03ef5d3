//! JSON Schema ↔ Arrow schema: the columns that a schema of objects stands for, and the schema of columns.
//!
//! Lives here: the mapping. Does not live here: decoding JSON (`json`), or comparing two schemas (`compat`).
//!
//! Drafts 4 to 2020-12, as far as they name the same things alike. What a schema leaves open, or says in a way that no type
//! has, is a JSON column: nothing of a value is lost. `docs/json_schema.md` has the table.

mod from_arrow;
mod node;
mod to_arrow;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use arrow_schema::{Schema, SchemaRef};
use laminar_schema::{ConfigError, SchemaResult, error::cut};

use self::node::Node;

/// Deepest nesting of a schema.
pub const MAX_DEPTH: usize = 64;

/// Most subschemas of a schema, each counted as often as it is referred to.
pub const MAX_SUBSCHEMAS: usize = 10_000;

/// The columns that a JSON Schema of an object stands for. `referenced` are the schemas that it names in `$ref`, by that name.
///
/// Cost: each reference is followed where it stands, [`MAX_SUBSCHEMAS`] at most; what refers to itself becomes JSON there.
///
/// # Errors
/// A text that is no JSON Schema of an object with properties; a reference to what is not there.
pub fn arrow_schema_of(text: &str, referenced: &[(String, String)]) -> SchemaResult<SchemaRef> {
    let parse = |text: &str| serde_json::from_str::<Node>(text).map_err(|e| invalid(text, e.to_string()));
    let root = parse(text)?;
    let others =
        referenced.iter().map(|(name, text)| Ok((name.as_str(), parse(text)?))).collect::<SchemaResult<Vec<_>>>()?;
    let fields = to_arrow::Mapping { root: &root, others: &others, visited: Cell::new(0) }.columns();
    fields.map(|fields| Schema::new(fields).into()).map_err(|reason| invalid(text, reason))
}

/// A JSON Schema (draft 7) of objects as the JSON encoder writes them for these columns, called `title`.
///
/// Back through [`arrow_schema_of`] come the same columns but for types that JSON Schema has no word for: `docs/json_schema.md`.
pub fn json_schema_of(schema: &Schema, title: &str) -> String {
    from_arrow::schema(schema, title).to_string()
}

fn invalid(text: &str, reason: String) -> laminar_schema::SchemaError {
    ConfigError::invalid("schema", cut(text).to_string(), "a JSON Schema of an object with properties", reason).into()
}
