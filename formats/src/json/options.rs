//! Options of `FORMAT JSON`.

use laminar_schema::{ConnectorConfig, WriterSchemaId};

use crate::{
    column::BinaryEncoding,
    policy::{NoContent, TypeMismatch, UnknownFields, words},
    wire::DocumentHeader,
};

/// Options for reading and writing JSON.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct JsonOptions {
    /// How records lie in a byte stream: `documents` (one per line, over several lines, or the elements of one array), `lines` (each line is one, arrays too), or `whole` (the file is one)
    #[config(default = "documents")]
    pub framing: JsonFraming,
    /// What stands in front of each document: `none`, `confluent` for the magic byte and schema id that serializers of a schema registry write, or `glue` for the header of AWS Glue's
    #[config(default = "none")]
    pub wire_format: DocumentHeader,
    /// Schema id that is written under `wire_format = 'confluent'`, or under 'glue', where it is a UUID; reading takes any
    pub schema_id: Option<WriterSchemaId>,
    /// What happens to a value that does not fit its column: `reject` (or `fail`) rejects the record, `null` makes it null, `rescue` makes it null and keeps it in the column `_rescued`
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What happens to a field that the schema lacks: `ignore`, `reject` the record, or `rescue` it into the JSON column `_rescued`
    #[config(default = "ignore")]
    pub unknown_fields: UnknownFields,
    /// What happens to a field that stands twice in an object: the `last` one counts, or `reject` the record
    #[config(default = "last")]
    pub duplicate_fields: DuplicateFields,
    /// What happens to a record of no bytes or white space only: `reject`, `skip`, or `null` for a row without fields
    #[config(default = "reject")]
    pub empty_records: NoContent,
    /// What happens to a record without a value: `skip`, `reject`, or `null` for a row without fields
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// What happens to a record of several documents: `reject`, or `split` into a row of each
    #[config(default = "reject")]
    pub multiple_documents: MultipleDocuments,
    /// What happens to a document that is no object: `reject`, or `value` to take it for the column `value`; without this option, `value` where that is the only column and `reject` elsewhere
    pub non_objects: Option<NonObjects>,
    /// Name of a JSON column that takes each document whole, as it is written
    pub document_column: Option<String>,
    /// Whether numbers and booleans may stand in strings
    #[config(default = false)]
    pub coerce_strings: bool,
    /// Deepest nesting of a record, unwanted fields included
    #[config(default = 128)]
    pub max_depth: usize,
    /// Largest record in bytes; any size without this option
    pub max_record_bytes: Option<usize>,
    /// How strings stand for bytes in BLOB columns, for reading and writing
    #[config(default = "base64")]
    pub binary_encoding: BinaryEncoding,
    /// Patterns of timestamps, tried in order: `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or strftime's
    #[config(default = "iso8601")]
    pub timestamp_formats: Vec<String>,
    /// Whether null fields are written; they are left out otherwise
    #[config(default = true)]
    pub explicit_nulls: bool,
    /// How NaN and infinities are written: `reject` fails, `null` writes null
    #[config(default = "reject")]
    pub non_finite: NonFinite,
}

/// How records lie in a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFraming {
    /// One document per line, or over several lines, or one array whose elements are the documents.
    Documents,
    /// Each line is a document, whatever it begins with.
    Lines,
    /// The whole file is one document.
    Whole,
}
words! { JsonFraming: "documents, lines or whole", "documents" => Documents, "lines" => Lines, "whole" => Whole }

/// A field that stands twice in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateFields {
    /// The last one counts.
    Last,
    /// The record is rejected.
    Reject,
}
words! { DuplicateFields: "last or reject", "last" => Last, "reject" => Reject }

/// A record of several documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultipleDocuments {
    /// It is rejected.
    Reject,
    /// Each gives a row.
    Split,
}
words! { MultipleDocuments: "reject or split", "reject" => Reject, "split" => Split }

/// A document that is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonObjects {
    /// The record is rejected.
    Reject,
    /// It is the value of the column `value`.
    Value,
}
words! { NonObjects: "reject or value", "reject" => Reject, "value" => Value }

/// NaN and infinities, which JSON has no text for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// They are an error.
    Reject,
    /// They are written as null.
    Null,
}
words! { NonFinite: "reject or null", "reject" => Reject, "fail" => Reject, "null" => Null }
