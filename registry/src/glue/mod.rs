//! AWS Glue's schema registry: a client of its API, behind the feature `glue`.
//!
//! A subject is a schema of it, in the registry that the configuration names; ids are those of schema versions, and UUIDs. Messages name
//! them in a header of their own (`laminar_formats::wire::glue`). As in the client of Confluent's API, an id is asked for
//! once, by however many tasks at once.
//!
//! Source: AWS Glue Web API reference, "Schema registry".

mod http;
mod sign;

use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use laminar_formats::compat::{self, CompatibilityOptions};
use laminar_schema::{
    CompatibilityMode, RegisteredSchema, RegistryConfig, RegistryError, RegistrySchemaType, SchemaRegistryAware,
    SchemaResult, WriterSchemaId, registry::RegistryConnection,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    ClientOptions, ReferencedSchemas, SchemaText,
    aware::{subject_of, text_of},
    cache::Cache,
    client::text_of_file,
    flight::Flights,
};

use self::http::{Failure, GlueHttp};

/// Registry of an account where the configuration names none.
const DEFAULT_REGISTRY: &str = "default-registry";

/// How often a version that is being checked is asked for again.
const MAX_PENDING: u32 = 10;

/// A client of AWS Glue's schema registry; clones share connections and caches.
#[derive(Debug, Clone)]
pub struct GlueClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: GlueHttp,
    registry: String,
    caches: Mutex<Caches>,
    ids: Flights<WriterSchemaId, Result<Arc<SchemaVersion>, RegistryError>>,
}

#[derive(Debug)]
struct Caches {
    by_id: Cache<WriterSchemaId, Arc<SchemaVersion>>,
    unknown: Cache<WriterSchemaId, RegistryError>,
    latest: Cache<String, Arc<SchemaVersion>>,
}

/// A version of a schema.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SchemaVersion {
    schema_version_id: String,
    #[serde(default)]
    schema_definition: String,
    #[serde(default)]
    data_format: String,
    #[serde(default)]
    schema_arn: String,
    #[serde(default)]
    version_number: u32,
    #[serde(default)]
    status: String,
}

impl GlueClient {
    /// Prepares a client; nothing is sent before the first question. What the configuration leaves out is taken from the environment.
    ///
    /// # Errors
    /// [`RegistryError::Misconfigured`]: no region or credentials anywhere, an endpoint or certificates that are none, Protobuf,
    /// whose messages have a header that is not read.
    pub fn new(config: &RegistryConfig, options: ClientOptions) -> Result<Self, RegistryError> {
        Self::with_environment(config, options, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn with_environment(
        config: &RegistryConfig,
        mut options: ClientOptions,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RegistryError> {
        let glue = config.connection.glue.clone().unwrap_or_default();
        let RegistryConnection { request_timeout, ca_file, identity_file, pin_file, context, .. } = &config.connection;
        let is_misplaced = [pin_file.is_some(), identity_file.is_some(), context.is_some()].contains(&true);
        if is_misplaced {
            let expected = "none of context, identity_file and pin_file beside type = 'glue'";
            return Err(misconfigured("type", expected, "one of them"));
        }
        if config.schema_type == RegistrySchemaType::Protobuf {
            return Err(misconfigured("schema_type", "avro or json beside type = 'glue'", "protobuf"));
        }
        options.request_timeout = request_timeout.unwrap_or(options.request_timeout);
        if let Some(path) = ca_file {
            options.tls.ca_pem = Some(text_of_file("ca_file", path)?.into_bytes());
        }
        let http = GlueHttp::new(config, &glue, &options, environment)?;
        let caches = Mutex::new(Caches {
            by_id: Cache::new(options.max_cached_ids, None),
            unknown: Cache::new(options.max_cached_ids, Some(options.unknown_id_ttl)),
            latest: Cache::new(options.max_cached_ids, Some(options.latest_ttl)),
        });
        let registry = glue.registry.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned());
        Ok(Self { inner: Arc::new(Inner { http, registry, caches, ids: Flights::default() }) })
    }

    fn caches(&self) -> std::sync::MutexGuard<'_, Caches> {
        // What is in them is whole after every statement.
        self.inner.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, action: &str, question: &serde_json::Value) -> Result<SchemaVersion, Failure> {
        let answer = self.inner.http.ask(action, question).await?;
        let found = laminar_schema::error::cut(&answer.to_string());
        SchemaVersion::deserialize(answer).map_err(|_| {
            let (url, expected) = (self.inner.http.endpoint().to_owned(), "a schema version with its SchemaVersionId");
            Failure::Other(RegistryError::Malformed { url, expected, found })
        })
    }

    fn schema_id(&self, subject: &str) -> serde_json::Value {
        json!({ "RegistryName": self.inner.registry, "SchemaName": subject })
    }

    /// The version with that id. One request per id, however many ask.
    async fn version(&self, id: WriterSchemaId) -> Result<Arc<SchemaVersion>, RegistryError> {
        {
            let mut caches = self.caches();
            if let Some(known) = caches.by_id.get(&id) {
                return Ok(known);
            }
            if let Some(unknown) = caches.unknown.get(&id) {
                return Err(unknown);
            }
        }
        let ask = || async {
            let answer = self.ask("GetSchemaVersion", &json!({ "SchemaVersionId": id.to_string() })).await;
            let what = format!("schema version with id {id}");
            match answer.map_err(|failure| (failure.is_not_found(), failure.about(self.inner.http.endpoint(), &what))) {
                Ok(version) => {
                    let found = version.schema_version_id.parse::<WriterSchemaId>();
                    if found != Ok(id) {
                        let (url, expected) = (self.inner.http.endpoint().to_owned(), id.to_string());
                        let found = version.schema_version_id;
                        return Err(RegistryError::Contradiction { url, what: "schema version id", expected, found });
                    }
                    let version = Arc::new(version);
                    self.caches().by_id.insert(id, Arc::clone(&version));
                    Ok(version)
                }
                Err((is_unknown, error)) => {
                    if is_unknown {
                        self.caches().unknown.insert(id, error.clone());
                    }
                    Err(error)
                }
            }
        };
        self.inner.ids.join(id, ask).await
    }

    /// The latest version of a schema, a minute old at most.
    async fn latest(&self, subject: &str) -> Result<Arc<SchemaVersion>, RegistryError> {
        if let Some(known) = self.caches().latest.get(&subject.to_owned()) {
            return Ok(known);
        }
        let question = json!({
            "SchemaId": self.schema_id(subject),
            "SchemaVersionNumber": { "LatestVersion": true },
        });
        let what = format!("schema `{subject}` in registry `{}`", self.inner.registry);
        let found = self.ask("GetSchemaVersion", &question).await;
        let version = Arc::new(found.map_err(|failure| failure.about(self.inner.http.endpoint(), &what))?);
        self.caches().latest.insert(subject.to_owned(), Arc::clone(&version));
        Ok(version)
    }

    /// Registers a definition, creates its schema where there is none, and waits until the service has checked it.
    async fn register(
        &self,
        subject: &str,
        text: &SchemaText,
        mode: CompatibilityMode,
    ) -> Result<Arc<SchemaVersion>, RegistryError> {
        let what = format!("schema `{subject}` in registry `{}`", self.inner.registry);
        let endpoint = self.inner.http.endpoint();
        let question = json!({ "SchemaId": self.schema_id(subject), "SchemaDefinition": text.schema });
        // What is there already is not registered again: the service allows few versions a day.
        let known = match self.ask("GetSchemaByDefinition", &question).await {
            Ok(known) if known.status == "AVAILABLE" => Some(known),
            Ok(_) => None,
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => return Err(failure.about(endpoint, &what)),
        };
        let registered = match known {
            Some(known) => known,
            None => match self.ask("RegisterSchemaVersion", &question).await {
                Err(failure) if failure.is_not_found() => {
                    let create = json!({
                        "RegistryId": { "RegistryName": self.inner.registry },
                        "SchemaName": subject,
                        "DataFormat": format_word(text.schema_type),
                        "Compatibility": mode_word(mode),
                        "SchemaDefinition": text.schema,
                    });
                    match self.ask("CreateSchema", &create).await {
                        // Another pipeline was first, or the answer to a first try was lost: there is a schema now.
                        Err(failure) if failure.is_there_already() => {
                            self.ask("RegisterSchemaVersion", &question).await
                        }
                        answer => answer,
                    }
                }
                answer => answer,
            }
            .map_err(|failure| failure.about(endpoint, &what))?,
        };
        let id = registered.schema_version_id.parse::<WriterSchemaId>().map_err(|_| RegistryError::Malformed {
            url: endpoint.to_owned(),
            expected: "a UUID as SchemaVersionId",
            found: registered.schema_version_id.clone(),
        })?;
        self.caches().latest.remove(&subject.to_owned());
        for _ in 0..MAX_PENDING {
            let version = self.version(id).await?;
            match version.status.as_str() {
                "AVAILABLE" | "" => return Ok(version),
                "PENDING" => {
                    self.caches().by_id.remove(&id);
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                status => {
                    let reason = format!(
                        "its status is {status}: it does not follow the versions before it as the mode of the schema asks"
                    );
                    return Err(RegistryError::Incompatible { subject: subject.to_owned(), reason });
                }
            }
        }
        let reason = format!("version {id} is still being checked");
        Err(RegistryError::Unreachable { url: endpoint.to_owned(), reason })
    }
}

impl SchemaVersion {
    fn registered(&self, fallback: Option<&str>) -> SchemaResult<RegisteredSchema> {
        let schema_type = match self.data_format.as_str() {
            "AVRO" => RegistrySchemaType::Avro,
            "JSON" => RegistrySchemaType::JsonSchema,
            found => return Err(misconfigured("format", "a schema of AVRO or JSON", found).into()),
        };
        let text = Arc::new(SchemaText::new(schema_type, self.schema_definition.clone()));
        let all = ReferencedSchemas { text, referenced: Vec::new() };
        // The last part of the name that the service has for it: arn:aws:glue:…:schema/registry/name.
        let name = self.schema_arn.rsplit('/').next().filter(|name| !name.is_empty());
        let schema_id =
            self.schema_version_id.parse().map_err(|_| misconfigured("id", "a UUID", &self.schema_version_id))?;
        Ok(RegisteredSchema {
            schema: all.arrow_schema(None)?,
            schema_id,
            version: self.version_number,
            raw_schema: all.self_contained()?,
            subject: name.or(fallback).unwrap_or_default().to_owned(),
        })
    }
}

impl SchemaRegistryAware for GlueClient {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        self.latest(subject).await?.registered(Some(subject))
    }

    async fn fetch_schema_by_id(&self, config: &RegistryConfig, id: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        self.version(id).await?.registered(config.subject.as_deref())
    }

    /// The service checks a version only when it is registered, so that it is compared here.
    async fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        let proposed = text_of(config.schema_type, &current.subject, proposed)?;
        let current = String::from_utf8_lossy(&current.raw_schema);
        let (mode, options) = (config.compatibility, CompatibilityOptions::default());
        let checked = compat::check(proposed.schema_type, mode, &proposed.schema, &[&current], &options);
        let checked = checked.map_err(|e| RegistryError::InvalidSchema {
            subject: config.subject.clone().unwrap_or_default(),
            reason: e.to_string(),
        })?;
        Ok(checked.compatible)
    }

    async fn register_schema(&self, config: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        let text = text_of(config.schema_type, subject, schema)?;
        let registered = self.register(subject, &text, config.compatibility).await?.registered(Some(subject))?;
        Ok(RegisteredSchema { schema: Arc::clone(schema), ..registered })
    }
}

#[cold]
fn misconfigured(setting: &'static str, expected: &'static str, found: &str) -> RegistryError {
    RegistryError::Misconfigured { setting, expected, found: found.to_owned() }
}

fn format_word(schema_type: RegistrySchemaType) -> &'static str {
    match schema_type {
        RegistrySchemaType::Avro => "AVRO",
        RegistrySchemaType::Protobuf => "PROTOBUF",
        RegistrySchemaType::JsonSchema => "JSON",
    }
}

/// The service's word for a mode.
fn mode_word(mode: CompatibilityMode) -> &'static str {
    match mode {
        CompatibilityMode::None => "NONE",
        CompatibilityMode::Backward => "BACKWARD",
        CompatibilityMode::Forward => "FORWARD",
        CompatibilityMode::Full => "FULL",
        CompatibilityMode::BackwardTransitive => "BACKWARD_ALL",
        CompatibilityMode::ForwardTransitive => "FORWARD_ALL",
        CompatibilityMode::FullTransitive => "FULL_ALL",
    }
}
