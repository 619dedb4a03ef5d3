//! Schemas that a deployment carries with it, so that it can start while the registry is down.

use std::sync::Arc;

use laminar_schema::RegistryError;
use serde::{Deserialize, Serialize};

use crate::{ReferencedSchemas, RegistryClient, SubjectSchema};

/// A version of a subject with all that it refers to, as it is written into a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedSchema {
    /// The schema.
    pub schema: SubjectSchema,
    /// What it refers to, directly and through others, by the name that is used for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referenced: Vec<(String, SubjectSchema)>,
}

impl PinnedSchema {
    /// The text of a file.
    pub fn to_text(&self) -> String {
        // A value of texts and numbers has no way to fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`RegistryError::Misconfigured`] where it is none that [`PinnedSchema::to_text`] writes.
    pub fn from_text(text: &str) -> Result<Self, RegistryError> {
        serde_json::from_str(text).map_err(|e| RegistryError::Misconfigured {
            setting: "pin",
            expected: "the text that pinning a schema writes",
            found: e.to_string(),
        })
    }

    /// The schema with all that it refers to.
    pub(crate) fn with_references(&self) -> ReferencedSchemas {
        let shared = |(name, schema): &(String, SubjectSchema)| (name.clone(), Arc::new(schema.clone()));
        let text = Arc::clone(&self.schema.text);
        ReferencedSchemas { text, referenced: self.referenced.iter().map(shared).collect() }
    }
}

impl RegistryClient {
    /// Pins the latest version of a subject.
    ///
    /// # Errors
    /// As [`RegistryClient::latest`] and [`RegistryClient::with_references`].
    pub async fn pin(&self, subject: &str) -> Result<PinnedSchema, RegistryError> {
        let latest = self.latest(subject).await?;
        let all = self.with_references(&latest.schema).await?;
        let referenced =
            all.referenced.into_iter().map(|(name, schema)| (name, Arc::unwrap_or_clone(schema))).collect();
        Ok(PinnedSchema { schema: SubjectSchema::clone(&latest.schema), referenced })
    }
}
