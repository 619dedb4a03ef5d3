//! Formats whose schemas are in a registry: what their options say of it.

use super::WriterSchemaId;
use crate::{
    config::{ConfigKey, FormatSpec},
    registry::{RegisteredSchema, RegistryConnection},
};

/// Option of a format: what stands in front of a message.
const WIRE_FORMAT: &str = "wire_format";
/// Option of a format: the schema to read with, if it is another than the writer's.
pub(crate) const READER_SCHEMA: &str = "reader_schema";
/// Option of a format: the schema to write with.
const SCHEMA: &str = "schema";
/// Option of a format: the id that is written in front of a message.
const SCHEMA_ID: &str = "schema_id";

/// The word of `wire_format` for messages of a registry's serializers.
pub(crate) fn header_of(connection: &RegistryConnection) -> &'static str {
    match &connection.foreign {
        Some(foreign) => foreign.wire_format(),
        None if connection.glue.is_some() => "glue",
        None => "confluent",
    }
}

/// The format of messages that name their schema as serializers of a registry do, unless its options say otherwise.
pub(crate) fn of_messages(format: &FormatSpec, options: &[ConfigKey], header: &str) -> FormatSpec {
    let mut format = format.clone();
    if options.iter().any(|option| option.key == WIRE_FORMAT) && format.options.get(WIRE_FORMAT).is_none() {
        format.options.insert(WIRE_FORMAT, header, None);
    }
    format
}

/// The id of the schema that a message names, where the format has one in front of each message.
pub(crate) fn schema_id_of(format: &FormatSpec, message: &[u8]) -> Option<u32> {
    let is_framed = format.options.get(WIRE_FORMAT).is_some_and(|named| named.trim().eq_ignore_ascii_case("confluent"));
    match message {
        [0, id @ ..] if is_framed => id.first_chunk().map(|id| u32::from_be_bytes(*id)),
        _ => None,
    }
}

/// Whether messages name their schema by a UUID, as AWS Glue's do.
pub(crate) fn has_uuids(format: &FormatSpec) -> bool {
    format.options.get(WIRE_FORMAT).is_some_and(|named| named.trim().eq_ignore_ascii_case("glue"))
}

/// The same of messages that [have UUIDs](has_uuids): behind the version of the header, and a byte about compression.
pub(crate) fn schema_uuid_of(message: &[u8]) -> Option<WriterSchemaId> {
    match message {
        [3, _, id @ ..] => id.first_chunk().map(|id| WriterSchemaId(u128::from_be_bytes(*id))),
        _ => None,
    }
}

/// The format that reads what older and newer writers wrote as the registered schema says: with its defaults and aliases.
pub(crate) fn read_as(format: &FormatSpec, registered: &RegisteredSchema, options: &[ConfigKey]) -> FormatSpec {
    let mut format = format.clone();
    let has = |key: &str| format.options.get(key).is_some() || format.options.get(&format!("{key}_file")).is_some();
    if options.iter().any(|option| option.key == READER_SCHEMA) && !has(READER_SCHEMA) {
        set(&mut format, READER_SCHEMA, String::from_utf8_lossy(&registered.raw_schema));
    }
    format
}

/// The same format once another schema is read with. Formats that have no such option, or had it set by a person, stay.
pub(crate) fn read_on(format: &mut FormatSpec, before: &RegisteredSchema, now: &RegisteredSchema) {
    let is_ours = |text: &str| text.as_bytes() == before.raw_schema;
    if format.options.get(READER_SCHEMA).is_some_and(is_ours) {
        set(format, READER_SCHEMA, String::from_utf8_lossy(&now.raw_schema));
    }
}

fn set(format: &mut FormatSpec, key: &str, value: impl Into<String>) {
    format.options.remove(key);
    format.options.insert(key, value, None);
}

/// The format that writes with the registered schema, and names it in front of each message.
pub(crate) fn written_as(
    format: &FormatSpec,
    registered: &RegisteredSchema,
    options: &[ConfigKey],
    header: &str,
) -> FormatSpec {
    let mut format = of_messages(format, options, header);
    set(&mut format, SCHEMA_ID, registered.schema_id.to_string());
    if options.iter().any(|option| option.key == SCHEMA) && format.options.get(SCHEMA).is_none() {
        set(&mut format, SCHEMA, String::from_utf8_lossy(&registered.raw_schema));
    }
    format
}
