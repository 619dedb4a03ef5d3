//! What a pipeline does when its source's schema changes: `ON SCHEMA CHANGE …`. All of it is Ring 2: Ring 1 only says
//! which record was the first with a field that the schema lacks.

mod follower;
mod grow;
mod rescued;

use std::sync::Arc;

use arrow_schema::{Fields, Schema, SchemaRef};

use crate::{
    capability::Capability,
    config::FormatSpec,
    connector::SourceConnector,
    error::SchemaResult,
    evolution::{HistoryStore, OnSchemaChange},
    field::{self, RESCUE_COLUMN},
    format::{DecoderSet, Framing, format_options},
    inference::InferenceConfig,
    registry::{CompatibilityMode, RegisteredSchema},
};

pub(super) use self::{
    follower::{Follower, Seen},
    rescued::{DOES_NOT_FIT, note_rescued},
};

/// How many columns and fields a schema may gain while a pipeline runs. A source that makes up keys would otherwise make a
/// column of each.
pub const MAX_EVOLVED_FIELDS: usize = 1000;

/// Option of a format that decides about fields which the schema lacks.
const UNKNOWN_FIELDS: &str = "unknown_fields";
/// Option of a format that decides about values which do not fit.
const TYPE_MISMATCH: &str = "type_mismatch";

/// How a pipeline follows its source's schema.
#[derive(Debug, Clone)]
pub struct SchemaChanges {
    /// What happens at a change.
    pub policy: OnSchemaChange,
    /// Which changes the schema may follow.
    pub compatibility: CompatibilityMode,
    /// How the types of new fields are found.
    pub inference: InferenceConfig,
    /// Columns that the user has declared: their types stay.
    pub declared: Vec<String>,
    /// The schema that the registry had when the source was resolved, where it was asked.
    pub writer: Option<RegisteredSchema>,
    /// What the name of a new column begins with, before the name of its field.
    pub prefix: String,
    /// Where the versions of the schema are kept, beside the checkpoint; a run that resumes goes on with the version that was
    /// in force.
    pub history: Option<HistoryStore>,
}

impl SchemaChanges {
    /// A policy with the usual settings: BACKWARD, no prefix, nothing kept.
    pub fn new(policy: OnSchemaChange) -> Self {
        Self {
            policy,
            compatibility: CompatibilityMode::default(),
            inference: InferenceConfig::default(),
            declared: Vec::new(),
            writer: None,
            prefix: String::new(),
            history: None,
        }
    }

    /// Whether decoders of `D` can tell the first record in `format` with a field that the schema lacks: they can reject it. Files of
    /// columns have no records.
    ///
    /// # Errors
    /// Wrong options of the format.
    pub fn can_notice<D: DecoderSet>(format: &FormatSpec) -> SchemaResult<bool> {
        Ok(offers::<D>(format, UNKNOWN_FIELDS, "reject") && !matches!(D::framing(format)?, Some(Framing::Columns)))
    }

    /// Whether what reads `format` keeps fields that the schema lacks, and values that do not fit, in the column `_rescued`.
    pub fn can_rescue<D: DecoderSet>(format: &FormatSpec) -> bool {
        [UNKNOWN_FIELDS, TYPE_MISMATCH].iter().all(|option| offers::<D>(format, option, "rescue"))
    }

    /// Whether `source` reads files in `format` that say what their columns are, so that a changed one is noticed before its rows.
    /// Where options of the format say it, no file does; and of records in an envelope a file says what they are, and not their rows.
    ///
    /// # Errors
    /// Wrong options of the format.
    pub fn can_notice_files<S: SourceConnector>(source: &S, format: &FormatSpec) -> SchemaResult<bool> {
        let says_it = matches!(S::Decoder::framing(format)?, Some(Framing::Columns | Framing::AvroContainer));
        let is_read = source.info().supports(Capability::Provider, &format.name);
        let is_of_rows = S::Decoder::wrapping(format)?.is_none();
        Ok(says_it && is_read && is_of_rows && S::Decoder::describe(format, None)?.is_none())
    }

    /// The options of the format that the policy decides about.
    pub fn owned_options(&self) -> &'static [&'static str] {
        match self.policy {
            OnSchemaChange::Rescue => &[UNKNOWN_FIELDS, TYPE_MISMATCH],
            _ => &[UNKNOWN_FIELDS],
        }
    }
}

/// Whether an option of a format has a word for something.
fn offers<D: DecoderSet>(format: &FormatSpec, option: &str, word: &str) -> bool {
    format_options::<D>(&format.name).iter().any(|known| known.key == option && known.type_name.contains(word))
}

/// The schema with the column that keeps what it has no place for, behind all others; as it is where it has one.
pub fn with_rescue_column(schema: &SchemaRef) -> SchemaRef {
    if schema.column_with_name(RESCUE_COLUMN).is_some() {
        return Arc::clone(schema);
    }
    let added = Arc::new(field::json_field(RESCUE_COLUMN, true));
    let fields: Fields = schema.fields().iter().cloned().chain([added]).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}
