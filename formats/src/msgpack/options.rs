//! Options of `FORMAT MSGPACK`.

use laminar_schema::{ConnectorConfig, Options, SchemaResult};

use crate::{
    json::{DuplicateFields, JsonOptions, MultipleDocuments, NonObjects},
    policy::{NoContent, TypeMismatch, UnknownFields, words},
};

/// Options for reading and writing MessagePack.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct MsgPackOptions {
    /// How records lie in a byte stream: `values` (one behind the other) or `whole` (the file is one)
    #[config(default = "values")]
    pub framing: MsgPackFraming,
    /// What happens to a value that does not fit its column: `reject` (or `fail`) rejects the record, `null` makes it null, `rescue` makes it null and keeps it in the column `_rescued`
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What happens to a field that the schema lacks: `ignore`, `reject` the record, or `rescue` it into the JSON column `_rescued`
    #[config(default = "ignore")]
    pub unknown_fields: UnknownFields,
    /// What happens to a field that stands twice in a map: the `last` one counts, or `reject` the record
    #[config(default = "last")]
    pub duplicate_fields: DuplicateFields,
    /// What happens to a record of no bytes: `reject`, `skip`, or `null` for a row without fields
    #[config(default = "reject")]
    pub empty_records: NoContent,
    /// What happens to a record without a value: `skip`, `reject`, or `null` for a row without fields
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// What happens to a record of several values: `reject`, or `split` into a row of each
    #[config(default = "reject")]
    pub multiple_documents: MultipleDocuments,
    /// What happens to a record that is no map: `reject`, or `value` to take it for the column `value`; without this option, `value` where that is the only column and `reject` elsewhere
    pub non_objects: Option<NonObjects>,
    /// Name of a JSON column that takes each record whole, as JSON text
    pub document_column: Option<String>,
    /// Whether numbers and booleans may stand in strings
    #[config(default = false)]
    pub coerce_strings: bool,
    /// Deepest nesting of a record, unwanted fields included
    #[config(default = 128)]
    pub max_depth: usize,
    /// Largest record in bytes; any size without this option
    pub max_record_bytes: Option<usize>,
    /// Patterns of timestamps in strings and numbers, tried in order: `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or strftime's
    #[config(default = "iso8601")]
    pub timestamp_formats: Vec<String>,
    /// Whether null fields are written; they are left out otherwise
    #[config(default = true)]
    pub explicit_nulls: bool,
    /// How timestamps are written: `ext` (TIMESTAMPTZ as the timestamp extension, TIMESTAMP as text), `text` (ISO 8601), or `integer` (a count of the column's unit)
    #[config(default = "ext")]
    pub timestamps: Timestamps,
    /// How decimals are written: `text` (all digits), or `float` (the nearest one)
    #[config(default = "text")]
    pub decimals: Decimals,
    /// How UUIDs are written: `text`, or `binary`
    #[config(default = "text")]
    pub uuids: Uuids,
}

impl MsgPackOptions {
    /// What it has in common with JSON: the rules by which documents become rows.
    pub(super) fn row_rules(&self) -> SchemaResult<JsonOptions> {
        Ok(JsonOptions {
            type_mismatch: self.type_mismatch,
            unknown_fields: self.unknown_fields,
            duplicate_fields: self.duplicate_fields,
            empty_records: self.empty_records,
            tombstones: self.tombstones,
            multiple_documents: self.multiple_documents,
            non_objects: self.non_objects,
            document_column: self.document_column.clone(),
            max_depth: self.max_depth,
            max_record_bytes: self.max_record_bytes,
            ..JsonOptions::from_options(&Options::new())?
        })
    }
}

/// How records lie in a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MsgPackFraming {
    /// Each value is a record.
    Values,
    /// The whole file is one record.
    Whole,
}
words! { MsgPackFraming: "values or whole", "values" => Values, "whole" => Whole }

/// How timestamps are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    /// An instant as the timestamp extension; without a zone it is no instant, and written as text.
    Ext,
    /// ISO 8601 text.
    Text,
    /// A count of the column's unit since 1970.
    Integer,
}
words! { Timestamps: "ext, text or integer", "ext" => Ext, "text" => Text, "integer" => Integer }

/// How decimals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimals {
    /// As text of all their digits.
    Text,
    /// As the nearest float, which may lose digits.
    Float,
}
words! { Decimals: "text or float", "text" => Text, "float" => Float }

/// How UUIDs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uuids {
    /// As text with hyphens.
    Text,
    /// As sixteen bytes.
    Binary,
}
words! { Uuids: "text or binary", "text" => Text, "binary" => Binary }
