//! What a registry, or a subject in it, lets be done.

use laminar_schema::RegistryError;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::{Mode, RegistryClient, answer::read, http::Question};

#[derive(Deserialize)]
struct ModeBody {
    mode: String,
}

impl RegistryClient {
    /// Yields the mode of a subject, or of the registry where the subject has none or none is named.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn mode(&self, subject: Option<&str>) -> Result<Mode, RegistryError> {
        self.ask_mode(Method::GET, subject, None).await
    }

    /// Sets the mode of a subject, or of the registry.
    ///
    /// # Errors
    /// What keeps the registry from answering; it may not let its mode be changed.
    pub async fn set_mode(&self, subject: Option<&str>, mode: Mode) -> Result<Mode, RegistryError> {
        self.ask_mode(Method::PUT, subject, Some(mode)).await
    }

    /// Takes the mode of a subject away, so that the registry's applies again, and yields the one it had.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where it has none; what keeps the registry from answering.
    pub async fn delete_mode(&self, subject: &str) -> Result<Mode, RegistryError> {
        self.ask_mode(Method::DELETE, Some(subject), None).await
    }

    async fn ask_mode(&self, method: Method, subject: Option<&str>, new: Option<Mode>) -> Result<Mode, RegistryError> {
        // Without a subject, that of a context is the subject without a name in it.
        let subject = Some(self.qualified(subject.unwrap_or_default())).filter(|subject| !subject.is_empty());
        let what = format!("mode of subject `{}`", subject.as_deref().unwrap_or_default());
        let is_read = method == Method::GET;
        let path = ["mode"].into_iter().chain(subject.as_deref());
        let mut question = Question::new(method, path, what).flag("defaultToGlobal", is_read && subject.is_some());
        if let Some(new) = new {
            question = question.body(json!({ "mode": new.word() }));
        }
        let (value, url) = self.inner.http.ask(&question).await?;
        let ModeBody { mode } = read((value, url.clone()), "a mode")?;
        Mode::of_word(&mode).ok_or(RegistryError::Malformed { url, expected: "a mode", found: mode })
    }
}
