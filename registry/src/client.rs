//! The client: what it is made of, and schemas by their id.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use laminar_schema::{RegisteredSchema, RegistryConfig, RegistryError, config::Secret, registry::RegistryConnection};
use reqwest::Method;

use crate::{
    ClientOptions, Latest, PinnedSchema, SchemaText, SubjectSchema,
    answer::read,
    cache::Cache,
    flight::Flights,
    http::{Http, Question},
    model::agree,
    subject,
};

/// A registry, as one context of it is seen; clones share connections and caches.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    pub(crate) inner: Arc<Inner>,
}

/// What clones share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) http: Http,
    pub(crate) options: ClientOptions,
    pub(crate) caches: Mutex<Caches>,
    pub(crate) ids: Flights<u32, Result<Arc<SchemaText>, RegistryError>>,
    pub(crate) subjects: Flights<String, Result<Arc<SubjectSchema>, RegistryError>>,
    /// Pinned schemas by subject.
    pub(crate) pins: HashMap<String, Arc<PinnedSchema>>,
}

/// What is known without asking.
#[derive(Debug)]
pub(crate) struct Caches {
    by_id: Cache<u32, Arc<SchemaText>>,
    unknown_ids: Cache<u32, RegistryError>,
    pub(crate) latest: Cache<String, Arc<SubjectSchema>>,
    /// Versions that references name; a version never changes its schema.
    pub(crate) versions: Cache<(String, u32), Arc<SubjectSchema>>,
    /// Arrow schemas by id and the subject that was wanted, once they are known.
    pub(crate) mapped: Cache<(u32, Option<String>), Arc<RegisteredSchema>>,
}

impl RegistryClient {
    /// Prepares a client; nothing is sent before the first question.
    ///
    /// # Errors
    /// [`RegistryError::Misconfigured`]: a base URL, a context or certificates that are none.
    pub fn new(config: &RegistryConfig, options: ClientOptions) -> Result<Self, RegistryError> {
        Self::with_pins(config, options, [])
    }

    /// Prepares a client as the configuration says that the registry is reached: its settings win over `options`.
    ///
    /// # Errors
    /// As [`RegistryClient::new`]; a file that it names and that cannot be read.
    pub fn connected(config: &RegistryConfig, mut options: ClientOptions) -> Result<Self, RegistryError> {
        let RegistryConnection { context, request_timeout, ca_file, identity_file, pin_file, glue: _, foreign: _ } =
            &config.connection;
        if let Some(context) = context {
            options.context = Some(context.clone());
        }
        if let Some(timeout) = request_timeout {
            options.request_timeout = *timeout;
        }
        if let Some(path) = ca_file {
            options.tls.ca_pem = Some(text_of_file("ca_file", path)?.into_bytes());
        }
        if let Some(path) = identity_file {
            options.tls.identity_pem = Some(Secret::new(text_of_file("identity_file", path)?));
        }
        let pins =
            pin_file.as_ref().map(|path| PinnedSchema::from_text(&text_of_file("pin_file", path)?)).transpose()?;
        Self::with_pins(config, options, pins)
    }

    /// Prepares a client that can start from these schemas while the registry is down.
    ///
    /// # Errors
    /// As [`RegistryClient::new`].
    pub fn with_pins(
        config: &RegistryConfig,
        options: ClientOptions,
        pins: impl IntoIterator<Item = PinnedSchema>,
    ) -> Result<Self, RegistryError> {
        if let Some(context) = &options.context {
            subject::checked_context(context)?;
        }
        let http = Http::new(config, &options)?;
        let caches = Mutex::new(Caches {
            by_id: Cache::new(options.max_cached_ids, None),
            unknown_ids: Cache::new(options.max_cached_ids, Some(options.unknown_id_ttl)),
            latest: Cache::new(options.max_cached_ids, Some(options.latest_ttl)),
            versions: Cache::new(options.max_cached_ids, None),
            mapped: Cache::new(options.max_cached_ids, None),
        });
        let context = options.context.as_deref();
        let by_subject = |pin: PinnedSchema| (subject::qualified(context, &pin.schema.subject), Arc::new(pin));
        let pins = pins.into_iter().map(by_subject).collect();
        let (ids, subjects) = (Flights::default(), Flights::default());
        Ok(Self { inner: Arc::new(Inner { http, options, caches, ids, subjects, pins }) })
    }

    /// The base URL, without credentials.
    pub fn url(&self) -> &str {
        self.inner.http.base()
    }

    /// The schema with that id, if it is known without asking the registry.
    pub fn known_schema(&self, id: u32) -> Option<Arc<SchemaText>> {
        let known = self.caches().by_id.get(&id);
        known.or_else(|| {
            let pin = self.inner.pins.values().find(|pin| pin.schema.id == id);
            pin.map(|pin| Arc::clone(&pin.schema.text))
        })
    }

    /// Yields the schema with that id.
    ///
    /// Cost: one request per id and client, whoever asks and how many at once; an id never changes its schema. An id that
    /// the registry does not know is asked for again after [`ClientOptions::unknown_id_ttl`].
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] for an unknown id; what else keeps the registry from answering.
    pub async fn schema_by_id(&self, id: u32) -> Result<Arc<SchemaText>, RegistryError> {
        if let Some(known) = self.known_schema(id) {
            return Ok(known);
        }
        if let Some(unknown) = self.caches().unknown_ids.get(&id) {
            return Err(unknown);
        }
        self.inner.ids.join(id, || self.fetch_id(id)).await
    }

    async fn fetch_id(&self, id: u32) -> Result<Arc<SchemaText>, RegistryError> {
        // Another flight may have landed between the look into the cache and this one's start.
        if let Some(known) = self.caches().by_id.get(&id) {
            return Ok(known);
        }
        let number = id.to_string();
        let what = format!("schema with id {id}");
        let question = self.in_context(Question::new(Method::GET, ["schemas", "ids", &number], what));
        let answered = self.inner.http.ask(&question).await;
        if let Err(error @ RegistryError::NotFound { .. }) = &answered {
            self.caches().unknown_ids.insert(id, error.clone());
        }
        let (value, url) = answered?;
        // The API leaves the id out here; a registry that gives it has to give the one that was asked for.
        if let Some(found) = value.get("id") {
            agree(&url, "schema id", id, found)?;
        }
        let text: SchemaText = read((value, url.clone()), "a schema")?;
        self.learn(&url, id, Arc::new(text))
    }

    /// Keeps a schema by its id.
    ///
    /// # Errors
    /// The registry has said something else about the id before.
    pub(crate) fn learn(&self, url: &str, id: u32, text: Arc<SchemaText>) -> Result<Arc<SchemaText>, RegistryError> {
        if let Some(known) = self.known_schema(id) {
            if known.schema != text.schema || known.schema_type != text.schema_type {
                let (expected, found) = ("the one that the id had before".to_owned(), "another".to_owned());
                return Err(RegistryError::Contradiction { url: url.to_owned(), what: "schema", expected, found });
            }
            return Ok(known);
        }
        let mut caches = self.caches();
        caches.unknown_ids.remove(&id);
        caches.by_id.insert(id, Arc::clone(&text));
        Ok(text)
    }

    /// Keeps what a version of a subject says about its id, where the id is one of this client's context.
    pub(crate) fn learn_version(&self, url: &str, schema: &mut SubjectSchema) -> Result<(), RegistryError> {
        if self.is_own(&schema.subject) {
            schema.text = self.learn(url, schema.id, Arc::clone(&schema.text))?;
        }
        Ok(())
    }

    /// Whether a subject is in this client's context, so that its ids are too.
    pub(crate) fn is_own(&self, subject: &str) -> bool {
        subject::split(subject).0 == self.inner.options.context.as_deref().filter(|own| *own != ".")
    }

    /// Forgets the latest version of a subject, as one who has just changed it does.
    pub(crate) fn forget_latest(&self, subject: &str) {
        self.caches().latest.remove(&subject.to_owned());
    }

    /// The subject in the client's context, unless it names one.
    pub(crate) fn qualified(&self, subject: &str) -> String {
        subject::qualified(self.inner.options.context.as_deref(), subject)
    }

    /// A question about an id, in the client's context: the API takes that from a subject.
    pub(crate) fn in_context<'a>(&self, question: Question<'a>) -> Question<'a> {
        match self.inner.options.context.as_deref() {
            Some(context) if context != "." => question.with("subject", format!(":{context}:")),
            _ => question,
        }
    }

    pub(crate) fn caches(&self) -> MutexGuard<'_, Caches> {
        // The caches are whole after every statement under their lock, which is never held over a request.
        self.inner.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn text_of_file(setting: &'static str, path: &Path) -> Result<String, RegistryError> {
    std::fs::read_to_string(path).map_err(|e| {
        let found = format!("{}: {e}", path.display());
        RegistryError::Misconfigured { setting, expected: "a file that can be read", found }
    })
}

impl Latest {
    /// Of a pinned schema.
    pub(crate) fn pinned(pin: &PinnedSchema, why: RegistryError) -> Self {
        Self { schema: Arc::new(pin.schema.clone()), origin: crate::Origin::Pinned { why } }
    }
}
