//! The client of schema registries, against a registry over real HTTP: the API, what fails, what is asked once, what is kept.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod api;
mod caches;
mod faults;
mod references;
mod secrets;
mod tls;

use std::time::Duration;

use laminar_registry::{ClientOptions, RegistryClient, RetryPolicy, SchemaText};
use laminar_schema::{
    CompatibilityMode, RegistryConfig, RegistryCredentials, RegistrySchemaType, registry::RegistryConnection,
};

/// A configuration for a base URL.
fn config(url: &str, credentials: Option<RegistryCredentials>) -> RegistryConfig {
    RegistryConfig {
        url: url.to_owned(),
        subject: Some("trades-value".to_owned()),
        schema_type: RegistrySchemaType::Avro,
        compatibility: CompatibilityMode::Backward,
        credentials,
        connection: RegistryConnection::default(),
    }
}

/// Options that wait for nothing longer than a test may take.
fn quick() -> ClientOptions {
    ClientOptions {
        request_timeout: Duration::from_millis(400),
        retry: RetryPolicy {
            max_attempts: 3,
            first_backoff: Duration::from_millis(1),
            max_backoff: Duration::from_millis(2),
        },
        max_response_bytes: 1 << 20,
        ..ClientOptions::default()
    }
}

fn client(url: &str) -> RegistryClient {
    RegistryClient::new(&config(url, None), quick()).unwrap()
}

/// An Avro record of that name with columns of type long.
fn record(name: &str, fields: &[&str]) -> SchemaText {
    let fields: Vec<_> = fields.iter().map(|name| serde_json::json!({ "name": name, "type": "long" })).collect();
    let text = serde_json::json!({ "type": "record", "name": name, "fields": fields }).to_string();
    SchemaText::new(RegistrySchemaType::Avro, text)
}
