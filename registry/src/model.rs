//! Schemas as the API speaks of them.

use std::sync::Arc;

use laminar_schema::{RegistryError, RegistrySchemaType};
use serde::{Deserialize, Deserializer, Serialize};

/// A schema's text, its language, and what it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaText {
    /// Language.
    #[serde(rename = "schemaType", with = "schema_type", default)]
    pub schema_type: RegistrySchemaType,
    /// The definition: Avro JSON, a `.proto` file, a JSON Schema.
    pub schema: String,
    /// Schemas of other subjects that the text names.
    #[serde(default, deserialize_with = "null_is_none", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

impl SchemaText {
    /// A schema without references.
    pub fn new(schema_type: RegistrySchemaType, schema: impl Into<String>) -> Self {
        Self { schema_type, schema: schema.into(), references: Vec::new() }
    }

    /// The same with references.
    #[must_use]
    pub fn with_references(mut self, references: impl IntoIterator<Item = Reference>) -> Self {
        self.references.extend(references);
        self
    }
}

/// How a schema names a schema of another subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// As the text names it: an Avro full name, an imported file, a `$ref`.
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// Its version in the subject; -1 is the latest.
    pub version: i32,
}

impl Reference {
    /// A reference.
    pub fn new(name: impl Into<String>, subject: impl Into<String>, version: i32) -> Self {
        Self { name: name.into(), subject: subject.into(), version }
    }
}

/// A schema as a version of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectSchema {
    /// Subject, with its context where that is not the default one.
    pub subject: String,
    /// Version in the subject.
    pub version: u32,
    /// Id in its context.
    pub id: u32,
    /// The schema.
    #[serde(flatten)]
    pub text: Arc<SchemaText>,
}

/// A version of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubjectVersion {
    /// Subject.
    pub subject: String,
    /// Version.
    pub version: u32,
}

/// Which version of a subject is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// That one.
    Number(u32),
    /// The latest.
    Latest,
}

impl Version {
    /// As the API's paths spell it.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Latest => "latest".to_owned(),
        }
    }

    /// As a reference spells it.
    pub(crate) fn of_reference(version: i32) -> Self {
        u32::try_from(version).map_or(Self::Latest, Self::Number)
    }
}

/// Whether subjects and versions that were deleted, but not for good, count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deleted {
    /// They do not.
    #[default]
    Without,
    /// They do.
    With,
}

impl Deleted {
    pub(crate) fn is_with(self) -> bool {
        self == Self::With
    }
}

/// Whether a deleted thing can come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It can: it is only hidden.
    Soft,
    /// It cannot; the API wants a soft deletion before.
    Permanent,
}

/// Whether the registry may write a schema in another, equal way before it looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Normalize {
    /// As the registry's own setting says.
    #[default]
    AsConfigured,
    /// It does.
    Yes,
}

impl Normalize {
    pub(crate) fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

/// What a registry says about a schema that might follow others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Compatibility {
    /// Whether it may.
    pub is_compatible: bool,
    /// Why not, in the registry's words.
    #[serde(default, deserialize_with = "null_is_none")]
    pub messages: Vec<String>,
}

/// What a registry, or a subject in it, lets be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Reading and registering.
    ReadWrite,
    /// Reading.
    ReadOnly,
    /// Reading, also over soft deletions that forbid it.
    ReadOnlyOverride,
    /// Registering with ids that the client chooses.
    Import,
}

impl Mode {
    const NAMES: [(&'static str, Self); 4] = [
        ("READWRITE", Self::ReadWrite),
        ("READONLY", Self::ReadOnly),
        ("READONLY_OVERRIDE", Self::ReadOnlyOverride),
        ("IMPORT", Self::Import),
    ];

    pub(crate) fn word(self) -> &'static str {
        Self::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| *word)
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == word).map(|(_, mode)| *mode)
    }
}

/// The API's word for a language.
pub(crate) fn type_word(schema_type: RegistrySchemaType) -> &'static str {
    match schema_type {
        RegistrySchemaType::Avro => "AVRO",
        RegistrySchemaType::Protobuf => "PROTOBUF",
        RegistrySchemaType::JsonSchema => "JSON",
    }
}

/// Checks an answer against what was asked.
///
/// # Errors
/// [`RegistryError::Contradiction`].
pub(crate) fn agree(
    url: &str,
    what: &'static str,
    expected: impl ToString,
    found: impl ToString,
) -> Result<(), RegistryError> {
    let (expected, found) = (expected.to_string(), found.to_string());
    if expected == found {
        return Ok(());
    }
    Err(RegistryError::Contradiction { url: url.to_owned(), what, expected, found })
}

/// The language's word, which the API leaves out for Avro.
mod schema_type {
    use laminar_schema::RegistrySchemaType;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::type_word;

    pub(super) fn serialize<S: Serializer>(schema_type: &RegistrySchemaType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(type_word(*schema_type))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<RegistrySchemaType, D::Error> {
        match Option::<String>::deserialize(from)?.as_deref() {
            None | Some("AVRO") => Ok(RegistrySchemaType::Avro),
            Some("PROTOBUF") => Ok(RegistrySchemaType::Protobuf),
            Some("JSON") => Ok(RegistrySchemaType::JsonSchema),
            Some(other) => Err(D::Error::unknown_variant(other, &["AVRO", "PROTOBUF", "JSON"])),
        }
    }
}

fn null_is_none<'d, D: Deserializer<'d>, T: Deserialize<'d>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
