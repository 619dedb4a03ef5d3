//! Client of schema registries that speak Confluent's REST API: Confluent's own, Karapace, Redpanda, Apicurio's `ccompat`.
//!
//! ```text
//! schema id ─▶ cache ─▶ pins ─▶ unknown a moment ago? ─▶ one request for all who ask ─▶ SchemaText
//! subject ─▶ latest, a minute old at most ─▶ request ─▶ its references, and theirs ─▶ ReferencedSchemas ─▶ Arrow
//!                                              └─▶ the registry is down: the last one, or the pinned one, and says so
//! ```
//!
//! Lives here: the requests and what bounds them (time, tries, size), the caches, subjects' names, references, and the way
//! to an Arrow schema. Does not live here: how a message names its schema (`laminar_formats::wire`), or what a change of a
//! schema does to columns (`laminar_schema::evolution`).
//!
//! ```no_run
//! use laminar_registry::{ClientOptions, RegistryClient};
//! use laminar_schema::{CompatibilityMode, RegistryConfig, RegistrySchemaType};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = RegistryConfig {
//!     url: "http://localhost:8081".to_owned(),
//!     subject: Some("trades-value".to_owned()),
//!     schema_type: RegistrySchemaType::Avro,
//!     compatibility: CompatibilityMode::Backward,
//!     credentials: None,
//!     connection: Default::default(),
//! };
//! let client = RegistryClient::new(&config, ClientOptions::default())?;
//! let latest = client.latest("trades-value").await?;
//! println!("version {} is {}: {}", latest.schema.version, latest.origin, latest.schema.text.schema);
//! # Ok(())
//! # }
//! ```
//!
//! What each failure of a registry leads to: `docs/registry.md`.

#![forbid(unsafe_code)]

mod answer;
mod api;
mod avro_names;
mod aware;
mod cache;
mod client;
mod flight;
#[cfg(feature = "glue")]
mod glue;
mod handle;
mod http;
mod known_imports;
mod latest;
mod mapping;
mod model;
mod options;
mod pin;
mod references;
mod retry;
mod subject;
mod tls;

#[cfg(feature = "glue")]
pub use self::glue::GlueClient;
#[doc(hidden)]
pub use self::handle::__private;
pub use self::{
    client::RegistryClient,
    handle::RegistryHandle,
    latest::{Latest, Origin},
    model::{
        Compatibility, Deleted, Deletion, Mode, Normalize, Reference, SchemaText, SubjectSchema, SubjectVersion,
        Version,
    },
    options::{ClientOptions, RetryPolicy, TlsOptions},
    pin::PinnedSchema,
    references::ReferencedSchemas,
    subject::{RecordPart, SubjectStrategy},
};
