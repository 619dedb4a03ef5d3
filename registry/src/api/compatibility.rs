//! Whether a schema may follow others, and the rule that decides it.

use laminar_schema::{CompatibilityMode, RegistryError};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::subjects::body_of;
use crate::{Compatibility, Normalize, RegistryClient, SchemaText, Version, answer::read, http::Question};

/// A rule as it is asked for: the API says `compatibilityLevel` here, and `compatibility` where it is set.
#[derive(Deserialize)]
struct Level {
    #[serde(alias = "compatibility")]
    #[serde(rename = "compatibilityLevel")]
    level: String,
}

impl RegistryClient {
    /// Asks whether a schema may follow one version of a subject, or, without one, all that the subject's rule looks at.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; [`RegistryError::InvalidSchema`]; what keeps the registry from answering.
    pub async fn compatibility(
        &self,
        subject: &str,
        against: Option<Version>,
        text: &SchemaText,
        normalize: Normalize,
    ) -> Result<Compatibility, RegistryError> {
        let subject = self.qualified(subject);
        let word = against.map(Version::word);
        let mut path = vec!["compatibility", "subjects", &subject, "versions"];
        path.extend(word.as_deref());
        let what = format!("version {} of subject `{subject}`", word.as_deref().unwrap_or("any"));
        let question =
            Question::new(Method::POST, path, what).about(&subject).body(body_of(text)).with("verbose", true);
        let answer = self.inner.http.ask(&question.flag("normalize", normalize.is_yes())).await?;
        read(answer, "whether the schema is compatible")
    }

    /// Yields the rule of a subject, or of the registry where the subject has none or none is named.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn compatibility_mode(&self, subject: Option<&str>) -> Result<CompatibilityMode, RegistryError> {
        self.level(Method::GET, subject, None).await
    }

    /// Sets the rule of a subject, or of the registry.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn set_compatibility_mode(
        &self,
        subject: Option<&str>,
        mode: CompatibilityMode,
    ) -> Result<CompatibilityMode, RegistryError> {
        self.level(Method::PUT, subject, Some(mode)).await
    }

    /// Takes the rule of a subject away, so that the registry's applies again, and yields the one it had.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where it has none; what keeps the registry from answering.
    pub async fn delete_compatibility_mode(&self, subject: &str) -> Result<CompatibilityMode, RegistryError> {
        self.level(Method::DELETE, Some(subject), None).await
    }

    async fn level(
        &self,
        method: Method,
        subject: Option<&str>,
        new: Option<CompatibilityMode>,
    ) -> Result<CompatibilityMode, RegistryError> {
        // Without a subject, that of a context is the subject without a name in it.
        let subject = Some(self.qualified(subject.unwrap_or_default())).filter(|subject| !subject.is_empty());
        let what = format!("compatibility mode of subject `{}`", subject.as_deref().unwrap_or_default());
        let is_read = method == Method::GET;
        let path = ["config"].into_iter().chain(subject.as_deref());
        let mut question = Question::new(method, path, what).flag("defaultToGlobal", is_read && subject.is_some());
        if let Some(new) = new {
            let word = CompatibilityMode::NAMES.iter().find(|(_, mode)| *mode == new).map_or("", |(word, _)| *word);
            question = question.body(json!({ "compatibility": word }));
        }
        let (value, url) = self.inner.http.ask(&question).await?;
        let Level { level } = read((value, url.clone()), "a compatibility mode")?;
        level.parse().map_err(|_| RegistryError::Malformed { url, expected: "a compatibility mode", found: level })
    }
}
