//! Whether data of one schema can be read with another: what a registry decides, decided here without one.
//!
//! Lives here: the comparison of two schemas in Avro, Protobuf and JSON Schema, and the modes that say which comparisons count.
//! Does not live here: how records are then read (each format's own `resolve`), or what a registry keeps.
//!
//! ```text
//! proposed, history ─▶ history: which pairs, in which direction ─▶ avro │ protobuf │ json_schema: a reader against a writer
//!                                                                      └─▶ change: what differs, and whether it breaks
//! ```
//!
//! ```
//! use laminar_formats::compat::{CompatibilityOptions, check};
//! use laminar_schema::registry::{CompatibilityMode, RegistrySchemaType};
//!
//! let closed = r#"{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}"#;
//! let wider = r#"{"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":false}"#;
//! let options = CompatibilityOptions::default();
//! let language = RegistrySchemaType::JsonSchema;
//! let report = check(language, CompatibilityMode::Backward, wider, &[closed], &options)?;
//! assert!(report.compatible);
//! let report = check(language, CompatibilityMode::Forward, wider, &[closed], &options)?;
//! assert_eq!(report.breaking().next().map(|change| change.path.as_str()), Some("/a"));
//! # Ok::<(), laminar_formats::compat::CompatibilityError>(())
//! ```

#[cfg(feature = "avro")]
mod avro;
mod change;
mod error;
mod history;
mod json_schema;
#[cfg(feature = "protobuf")]
mod protobuf;
mod verdicts;

pub use change::{ChangeKind, ChangeVerb, ChangedPart, CompatibilityChange};
pub use error::CompatibilityError;
#[cfg(feature = "protobuf")]
pub use history::check_descriptors;
pub use history::{CompatibilityReport, check};

/// What the rules leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompatibilityOptions {
    /// Whether an Avro reader's aliases count: the specification lets readers ignore them.
    pub aliases: bool,
    /// Whether Protobuf data may also be read from its JSON form, where names count beside numbers.
    pub protobuf_json: bool,
    /// Whether each of several Protobuf files is a subject of a registry, as it is in Confluent's: a message that has moved to
    /// another file is then gone from its own. Of a single text this says nothing.
    pub protobuf_files: bool,
}

impl Default for CompatibilityOptions {
    /// Aliases count; Protobuf is read from its binary form alone, and its files are one schema.
    fn default() -> Self {
        Self { aliases: true, protobuf_json: false, protobuf_files: false }
    }
}
