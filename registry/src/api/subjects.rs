//! Subjects, their versions, and who uses a schema.

use laminar_schema::RegistryError;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Deleted, Deletion, Normalize, RegistryClient, SchemaText, SubjectSchema, SubjectVersion, Version,
    answer::read,
    http::Question,
    model::{agree, type_word},
};

/// An answer's id.
#[derive(Deserialize)]
struct IdOnly {
    id: u32,
}

impl RegistryClient {
    /// Lists the subjects of the client's context whose names begin with `prefix`.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn subjects(&self, prefix: &str, deleted: Deleted) -> Result<Vec<String>, RegistryError> {
        let question = Question::new(Method::GET, ["subjects"], "subjects").flag("deleted", deleted.is_with());
        // An empty prefix is sent too: without any, Confluent lists the subjects of all contexts.
        let question = question.with("subjectPrefix", self.qualified(prefix));
        read(self.inner.http.ask(&question).await?, "a list of subjects")
    }

    /// Lists a subject's versions.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; what keeps the registry from answering.
    pub async fn versions(&self, subject: &str, deleted: Deleted) -> Result<Vec<u32>, RegistryError> {
        let subject = self.qualified(subject);
        let what = format!("subject `{subject}`");
        let question = Question::new(Method::GET, ["subjects", &subject, "versions"], what).about(&subject);
        let answer = self.inner.http.ask(&question.flag("deleted", deleted.is_with())).await?;
        read(answer, "a list of versions")
    }

    /// Yields one version of a subject; asks the registry each time.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; an answer about another version; what keeps the registry from answering.
    pub async fn version(
        &self,
        subject: &str,
        version: Version,
        deleted: Deleted,
    ) -> Result<SubjectSchema, RegistryError> {
        let subject = self.qualified(subject);
        let word = version.word();
        let what = format!("version {word} of subject `{subject}`");
        let question = Question::new(Method::GET, ["subjects", &subject, "versions", &word], what).about(&subject);
        let (value, url) = self.inner.http.ask(&question.flag("deleted", deleted.is_with())).await?;
        let mut schema: SubjectSchema = read((value, url.clone()), "a version of a subject")?;
        agree(&url, "subject", &subject, &schema.subject)?;
        if let Version::Number(asked) = version {
            agree(&url, "version", asked, schema.version)?;
        }
        self.learn_version(&url, &mut schema)?;
        Ok(schema)
    }

    /// Registers a schema, unless it is one of the subject's already, and yields its id.
    ///
    /// # Errors
    /// [`RegistryError::InvalidSchema`]; [`RegistryError::Incompatible`]; what keeps the registry from answering.
    pub async fn register(&self, subject: &str, text: &SchemaText, normalize: Normalize) -> Result<u32, RegistryError> {
        let subject = self.qualified(subject);
        let what = format!("subject `{subject}`");
        let question = Question::new(Method::POST, ["subjects", &subject, "versions"], what).about(&subject);
        let question = question.flag("normalize", normalize.is_yes()).body(body_of(text));
        let answer = self.inner.http.ask(&question).await?;
        let IdOnly { id } = read(answer, "the id of the schema")?;
        self.forget_latest(&subject);
        Ok(id)
    }

    /// Finds the version of a subject that has this schema.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where no version has it; what keeps the registry from answering.
    pub async fn lookup(
        &self,
        subject: &str,
        text: &SchemaText,
        normalize: Normalize,
        deleted: Deleted,
    ) -> Result<SubjectSchema, RegistryError> {
        let subject = self.qualified(subject);
        let what = format!("version of subject `{subject}` with this schema");
        let question = Question::new(Method::POST, ["subjects", &subject], what).about(&subject).body(body_of(text));
        let question = question.flag("normalize", normalize.is_yes()).flag("deleted", deleted.is_with());
        let (value, url) = self.inner.http.ask(&question).await?;
        let mut schema: SubjectSchema = read((value, url.clone()), "a version of a subject")?;
        agree(&url, "subject", &subject, &schema.subject)?;
        self.learn_version(&url, &mut schema)?;
        Ok(schema)
    }

    /// Deletes a subject, and yields the versions that it had.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`], also for a permanent deletion without a soft one before; a schema that others refer to.
    pub async fn delete_subject(&self, subject: &str, deletion: Deletion) -> Result<Vec<u32>, RegistryError> {
        let subject = self.qualified(subject);
        let what = format!("subject `{subject}` in a state that can be deleted so");
        let question = Question::new(Method::DELETE, ["subjects", &subject], what).about(&subject);
        let answer = self.inner.http.ask(&question.flag("permanent", deletion == Deletion::Permanent)).await?;
        self.forget_latest(&subject);
        read(answer, "a list of versions")
    }

    /// Deletes a version, and yields its number.
    ///
    /// # Errors
    /// As [`RegistryClient::delete_subject`].
    pub async fn delete_version(
        &self,
        subject: &str,
        version: Version,
        deletion: Deletion,
    ) -> Result<u32, RegistryError> {
        let subject = self.qualified(subject);
        let word = version.word();
        let what = format!("version {word} of subject `{subject}` in a state that can be deleted so");
        let question = Question::new(Method::DELETE, ["subjects", &subject, "versions", &word], what).about(&subject);
        let answer = self.inner.http.ask(&question.flag("permanent", deletion == Deletion::Permanent)).await?;
        self.forget_latest(&subject);
        read(answer, "the number of a version")
    }

    /// Yields the ids of the schemas that refer to this one.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; what keeps the registry from answering.
    pub async fn referenced_by(&self, subject: &str, version: Version) -> Result<Vec<u32>, RegistryError> {
        let subject = self.qualified(subject);
        let word = version.word();
        let what = format!("version {word} of subject `{subject}`");
        let path = ["subjects", &subject, "versions", &word, "referencedby"];
        read(self.inner.http.ask(&Question::new(Method::GET, path, what).about(&subject)).await?, "a list of ids")
    }

    /// Lists the versions of subjects that have the schema with that id.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; what keeps the registry from answering.
    pub async fn versions_of_id(&self, id: u32, deleted: Deleted) -> Result<Vec<SubjectVersion>, RegistryError> {
        let number = id.to_string();
        let what = format!("schema with id {id}");
        let question = self.in_context(Question::new(Method::GET, ["schemas", "ids", &number, "versions"], what));
        let answer = self.inner.http.ask(&question.flag("deleted", deleted.is_with())).await?;
        read(answer, "a list of versions of subjects")
    }

    /// Lists the languages that the registry speaks, in its own words.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn schema_types(&self) -> Result<Vec<String>, RegistryError> {
        let question = Question::new(Method::GET, ["schemas", "types"], "list of languages");
        read(self.inner.http.ask(&question).await?, "a list of languages")
    }

    /// Lists the contexts that the registry has; `.` is the default one.
    ///
    /// # Errors
    /// What keeps the registry from answering; registries other than Confluent's have no contexts.
    pub async fn contexts(&self) -> Result<Vec<String>, RegistryError> {
        let question = Question::new(Method::GET, ["contexts"], "list of contexts");
        read(self.inner.http.ask(&question).await?, "a list of contexts")
    }
}

/// A schema as the API takes it. Avro's language is left out, as registries older than Confluent's 5.5 need.
pub(super) fn body_of(text: &SchemaText) -> Value {
    let mut body = serde_json::json!({ "schema": text.schema });
    if text.schema_type != laminar_schema::RegistrySchemaType::Avro {
        body["schemaType"] = type_word(text.schema_type).into();
    }
    if !text.references.is_empty() {
        body["references"] = serde_json::json!(text.references);
    }
    body
}
