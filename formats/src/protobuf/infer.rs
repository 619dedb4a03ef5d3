//! The schema that a definition stands for. Bytes of a message do not say what its fields are: nothing is guessed from them.

use std::{path::Path, sync::Arc};

use arrow_schema::{Schema, SchemaRef};
use laminar_schema::{
    ConfigError, ConnectorConfig, FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult,
    SelfDescription, config::Options,
};

use super::{descriptor, mapping, options::ProtobufOptions};

/// Answers with the schema of the definition that the format's options name.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProtobufInference;

/// The schema of the definition that options name; `None` when they name none.
///
/// # Errors
/// A definition that cannot be read, or has what no columns can hold.
pub(super) fn describe(options: &Options) -> SchemaResult<Option<SelfDescription>> {
    let options = ProtobufOptions::from_options(options)?;
    let Some(message) = descriptor::message(&options)? else { return Ok(None) };
    let schema = mapping::schema_of(&message, &options)?;
    Ok(Some(SelfDescription::authoritative(schema)))
}

/// The columns of the one message that a `.proto` file or a descriptor set defines.
///
/// # Errors
/// A file that cannot be read, or defines another number of messages.
pub fn columns_of_file(path: &Path) -> SchemaResult<SchemaRef> {
    let path = path.display().to_string();
    let described = describe(&Options::from_pairs([("schema_file", path)]))?.ok_or_else(no_definition)?;
    Ok(described.schema)
}

/// The columns of a message in the text of a `.proto` file whose imports are given as texts, each with its name, as a
/// registry of schemas has them. Without a name it is the text's first message.
///
/// # Errors
/// A text or an import that is no definition; a message that is not in it, or has what no columns can hold.
pub fn columns_of_text(text: &str, imports: &[(String, String)], message: Option<&str>) -> SchemaResult<SchemaRef> {
    let options = ProtobufOptions::from_options(&Options::new())?;
    mapping::schema_of(&descriptor::of_texts(text, imports, message)?, &options)
}

/// The text of a `.proto` file and those of its imports as one definition, which needs no other: a writer's schema
/// ([`WriterSchema::raw`](laminar_schema::format::WriterSchema::raw)) for the decoder.
///
/// # Errors
/// As [`columns_of_text`].
pub fn definition_of_text(text: &str, imports: &[(String, String)]) -> SchemaResult<Vec<u8>> {
    descriptor::set_of_texts(text, imports)
}

impl FormatInference for ProtobufInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let described = describe(&config.format_options)?.ok_or_else(no_definition)?;
        Ok(InferredSchema::new(Arc::new(Schema::clone(&described.schema)), samples.len()))
    }
}

/// Without a definition there is nothing to go by.
#[cold]
pub(super) fn no_definition() -> laminar_schema::SchemaError {
    ConfigError::Missing {
        key: "schema_file",
        doc: "a .proto file or a descriptor set that defines the message; or its text in the option `schema`",
    }
    .into()
}
