//! Formats that tell their schema themselves: files with a header or a footer, descriptors named by an option.

use std::{
    collections::HashMap,
    io::{Read, Seek},
};

use arrow_schema::SchemaRef;

use crate::inference::FieldMeta;

/// What a format says of its records without a sample of them (SPEC.md §2.2).
#[derive(Debug, Clone)]
pub struct SelfDescription {
    /// The records' columns.
    pub schema: SchemaRef,
    /// What is known of fields beyond Arrow's types, by the name of the column.
    pub fields: HashMap<String, FieldMeta>,
    /// Whether it holds for every record, and not for those of one file alone.
    pub is_authoritative: bool,
}

impl SelfDescription {
    /// A schema that holds for every record, and nothing beyond it.
    pub fn authoritative(schema: SchemaRef) -> Self {
        Self { schema, fields: HashMap::new(), is_authoritative: true }
    }
}

/// A file's bytes, uncompressed, to be read in any place.
pub trait FormatFile: Read + Seek + Send {}

impl<F: Read + Seek + Send> FormatFile for F {}
