//! The schemas that a schema refers to, and those that they refer to.

use std::{collections::HashSet, sync::Arc};

use laminar_schema::RegistryError;

use crate::{Deleted, Reference, RegistryClient, SchemaText, SubjectSchema, Version, subject};

/// A schema with all that it refers to.
#[derive(Debug, Clone)]
pub struct ReferencedSchemas {
    /// The schema itself.
    pub text: Arc<SchemaText>,
    /// What it refers to, directly and through others, by the name that is used for it. Each stands after those that it
    /// refers to itself.
    pub referenced: Vec<(String, Arc<SubjectSchema>)>,
}

/// A schema on the way down.
struct Step {
    name: String,
    /// What it is, unless it is the one that it began with.
    schema: Option<Arc<SubjectSchema>>,
    text: Arc<SchemaText>,
    /// Subject and version, for circles.
    key: (String, u32),
    next: usize,
}

impl RegistryClient {
    /// Fetches all that a version of a subject refers to.
    ///
    /// Cost: one request per schema that is not known yet.
    ///
    /// # Errors
    /// [`RegistryError::CyclicReferences`]; [`RegistryError::TooManyReferences`]; a schema that is missing.
    pub async fn with_references(&self, schema: &SubjectSchema) -> Result<ReferencedSchemas, RegistryError> {
        let key = (schema.subject.clone(), schema.version);
        self.follow(Arc::clone(&schema.text), key).await
    }

    /// Fetches the schema with that id and all that it refers to.
    ///
    /// # Errors
    /// As [`RegistryClient::schema_by_id`] and [`RegistryClient::with_references`].
    pub async fn schema_by_id_with_references(&self, id: u32) -> Result<ReferencedSchemas, RegistryError> {
        let text = self.schema_by_id(id).await?;
        // Versions begin at 1: no schema on the way has this key.
        self.follow(text, (self.qualified(&format!("schema {id}")), 0)).await
    }

    async fn follow(&self, text: Arc<SchemaText>, key: (String, u32)) -> Result<ReferencedSchemas, RegistryError> {
        let options = &self.inner.options;
        let too_many = |what, limit| {
            let subject = key.0.clone();
            RegistryError::TooManyReferences { subject, what, limit }
        };
        let (mut referenced, mut done, mut num_bytes) = (Vec::new(), HashSet::new(), 0);
        let root = Step { name: String::new(), schema: None, text: Arc::clone(&text), key: key.clone(), next: 0 };
        // A stack of our own: the depth is the registry's to choose.
        let mut way = vec![root];
        while let Some(step) = way.last_mut() {
            let Some(reference) = step.text.references.get(step.next).cloned() else {
                let ended = way.pop().and_then(|step| Some((step.name, step.schema?)));
                referenced.extend(ended);
                continue;
            };
            step.next += 1;
            let parent = step.key.0.clone();
            // Latest versions are found out first: a circle may hide behind them.
            let schema = self.referenced(&parent, &reference).await?;
            let key = (schema.subject.clone(), schema.version);
            if let Some(start) = way.iter().position(|step| step.key == key) {
                let keys = way[start..].iter().map(|step| &step.key).chain([&key]);
                let path = keys.map(|(subject, version)| format!("{subject} version {version}")).collect();
                return Err(RegistryError::CyclicReferences { path });
            }
            if !done.insert((reference.name.clone(), key.clone())) {
                continue;
            }
            if way.len() > options.max_reference_depth {
                return Err(too_many("schemas in a chain", options.max_reference_depth));
            }
            if done.len() > options.max_references {
                return Err(too_many("schemas", options.max_references));
            }
            num_bytes += schema.text.schema.len();
            if num_bytes > options.max_response_bytes {
                return Err(too_many("bytes of text", options.max_response_bytes));
            }
            let text = Arc::clone(&schema.text);
            way.push(Step { name: reference.name, schema: Some(schema), text, key, next: 0 });
        }
        Ok(ReferencedSchemas { text, referenced })
    }

    /// A schema that another refers to. A subject without a context is in the context of the one that names it.
    async fn referenced(&self, parent: &str, reference: &Reference) -> Result<Arc<SubjectSchema>, RegistryError> {
        let subject = subject::qualified(subject::split(parent).0, &reference.subject);
        let version = Version::of_reference(reference.version);
        if let Version::Number(number) = version
            && let Some(known) = self.caches().versions.get(&(subject.clone(), number))
        {
            return Ok(known);
        }
        // What is referred to stays readable after it was deleted.
        let schema = Arc::new(self.version(&subject, version, Deleted::With).await?);
        self.caches().versions.insert((subject, schema.version), Arc::clone(&schema));
        Ok(schema)
    }
}
