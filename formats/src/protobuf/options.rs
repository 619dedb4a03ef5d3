//! Options of `FORMAT PROTOBUF`.

use laminar_schema::ConnectorConfig;

use crate::{
    policy::{NoContent, TypeMismatch, UnknownFields, words},
    wire::SchemaIdHeader,
};

/// Options for reading and writing Protobuf.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct ProtobufOptions {
    /// A `.proto` file, or a descriptor set (`.desc`, `.pb`, …), that defines the message
    pub schema_file: Option<String>,
    /// Directories in which imports of a `.proto` file are looked up; its own directory without this option
    #[config(default = "")]
    pub include: Vec<String>,
    /// The definition itself, as text of a `.proto` file
    pub schema: Option<String>,
    /// Full name of the message that a record is, such as `shop.Order`; the only message of the file without this option
    pub message: Option<String>,
    /// What stands in front of each message: `none`, or `confluent` (a magic byte, the schema's id, and which message of it)
    #[config(default = "none")]
    pub wire_format: SchemaIdHeader,
    /// Id of the schema in its registry, which is written with `wire_format` = 'confluent'
    pub schema_id: Option<u32>,
    /// How records lie in a byte stream: `delimited` (each behind its length, as a varint) or `whole` (the file is one)
    #[config(default = "delimited")]
    pub framing: ProtobufFraming,
    /// What an enum becomes where no column is declared: `dictionary` (VARCHAR, each name kept once), `varchar`, or `integer`
    #[config(default = "dictionary")]
    pub enums: Enums,
    /// What happens to an enum's number that has no name, in a column of names: `number` keeps it as text, `reject` rejects the record
    #[config(default = "number")]
    pub unknown_enums: UnknownEnums,
    /// What a message that contains itself becomes: `json` from the point on at which it does, or `reject` to refuse the definition
    #[config(default = "json")]
    pub recursion: Recursion,
    /// What `google.protobuf.Any` becomes where no column is declared: `struct` of its type and bytes, or `json`
    #[config(default = "struct")]
    pub any: Anys,
    /// Unit of `google.protobuf.Timestamp` and `Duration` where no column is declared: `s`, `ms`, `us` or `ns`; a value that is finer is rejected
    #[config(default = "us")]
    pub time_unit: TimeUnits,
    /// What happens to a value that does not fit its column: `reject` (or `fail`) rejects the record, `null` makes it null, `rescue` makes it null and keeps it in the column `_rescued`
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What happens to a field that the message's definition lacks: `ignore`, `reject` the record, or `rescue` it into the JSON column `_rescued`
    #[config(default = "ignore")]
    pub unknown_fields: UnknownFields,
    /// What happens to a record without a value: `skip`, `reject`, or `null` for a row without fields
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// Name of a JSON column that takes each record whole, in Protobuf's JSON mapping
    pub document_column: Option<String>,
    /// What is written for a list or a map that is null, which Protobuf has none of: `reject` refuses it, `empty` writes an empty one
    #[config(default = "reject")]
    pub null_lists: NullLists,
    /// Deepest nesting of messages in a record, unwanted ones included; at most 1000
    #[config(default = 100)]
    pub max_depth: usize,
    /// Largest record in bytes; any size without this option
    pub max_record_bytes: Option<usize>,
}

/// How records lie in a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtobufFraming {
    /// Each behind its length.
    Delimited,
    /// The whole file is one record.
    Whole,
}
words! { ProtobufFraming: "delimited or whole", "delimited" => Delimited, "whole" => Whole }

/// What an enum becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enums {
    /// A dictionary of its names.
    Dictionary,
    /// Its names as VARCHAR.
    Varchar,
    /// Its numbers as INTEGER.
    Integer,
}
words! { Enums: "dictionary, varchar or integer", "dictionary" => Dictionary, "varchar" => Varchar, "integer" => Integer }

/// What happens to an enum's number that has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownEnums {
    /// Its digits are kept.
    Number,
    /// The record is rejected.
    Reject,
}
words! { UnknownEnums: "number or reject", "number" => Number, "reject" => Reject }

/// What a message that contains itself becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recursion {
    /// JSON, from the second one on.
    Json,
    /// An error that names the cycle.
    Reject,
}
words! { Recursion: "json or reject", "json" => Json, "reject" => Reject }

/// What `google.protobuf.Any` becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anys {
    /// A struct of its two fields.
    Struct,
    /// JSON of the message in it.
    Json,
}
words! { Anys: "struct or json", "struct" => Struct, "json" => Json }

/// What is written for a list that is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullLists {
    /// Nothing: it is an error.
    Reject,
    /// An empty list, which is what it is when it is read.
    Empty,
}
words! { NullLists: "reject or empty", "reject" => Reject, "empty" => Empty }

/// Unit of timestamps and durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnits {
    /// Seconds.
    Second,
    /// Milliseconds.
    Milli,
    /// Microseconds.
    Micro,
    /// Nanoseconds.
    Nano,
}
words! { TimeUnits: "s, ms, us or ns", "s" => Second, "ms" => Milli, "us" => Micro, "ns" => Nano }
