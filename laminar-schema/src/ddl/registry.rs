//! `USING SCHEMA REGISTRY (…)` → [`RegistryConfig`].

mod foreign;

use std::{path::PathBuf, time::Duration};

use super::ast::{CreateSink, CreateSource, Spanned};
use crate::{
    config::{ConfigError, ConfigErrors, ConfigKey, ConnectorConfig, FromConfigValue, OptionReader, Options, Secret},
    error::SchemaResult,
    registry::{
        CompatibilityMode, GlueConnection, RegistryConfig, RegistryConnection, RegistryCredentials, RegistryKinds,
        RegistrySchemaType,
    },
};

pub(super) use foreign::shown_keys;

const URL_DOC: &str = "Base URL of the registry, without credentials";

/// Options of the clause.
pub(super) struct RegistryOptions {
    url: Option<String>,
    subject: Option<String>,
    schema_type: Option<RegistrySchemaType>,
    compatibility: CompatibilityMode,
    username: Option<String>,
    password: Option<Secret>,
    token: Option<Secret>,
    connection: RegistryConnection,
    /// Options of AWS Glue are given for another registry.
    is_mixed: bool,
}

impl ConnectorConfig for RegistryOptions {
    const KEYS: &'static [ConfigKey] = &[
        ConfigKey::new("url", "text", URL_DOC),
        ConfigKey::new("subject", "text", "Subject of the schema; the connector's naming rule where absent"),
        ConfigKey::new("schema_type", "avro, protobuf or json", "Language of the schema; the FORMAT's where absent"),
        ConfigKey {
            default: Some("BACKWARD"),
            ..ConfigKey::new("compatibility", "a compatibility mode", "Which schema changes are allowed")
        },
        ConfigKey::new("username", "text", "User name or API key of HTTP basic authentication"),
        ConfigKey {
            secret: true,
            ..ConfigKey::new("password", Secret::TYPE_NAME, "Password or API secret, with username")
        },
        ConfigKey {
            secret: true,
            ..ConfigKey::new("token", Secret::TYPE_NAME, "Bearer token, instead of username and password")
        },
        ConfigKey::new("context", "text", "Context of all subjects and ids that name none, such as .staging"),
        ConfigKey::new("timeout", "duration", "Longest time for one request"),
        ConfigKey::new("ca_file", "path", "PEM file of the certificates that are trusted, instead of the platform's"),
        ConfigKey::new(
            "identity_file",
            "path",
            "PEM file of the client's certificate chain and private key, for mutual TLS",
        ),
        ConfigKey::new(
            "pin_file",
            "path",
            "Schema to start from while the registry is down, as `laminar schema pin` writes it",
        ),
        ConfigKey {
            default: Some("confluent"),
            ..ConfigKey::new("type", "confluent or glue", "Whose API it speaks: Confluent's, or AWS Glue's")
        },
        ConfigKey::new("region", "text", "Region of AWS Glue, such as eu-central-1; AWS_REGION where absent"),
        ConfigKey::new("registry", "text", "Registry of AWS Glue; default-registry where absent"),
        ConfigKey::new("access_key_id", "text", "Access key of AWS; AWS_ACCESS_KEY_ID where absent"),
        ConfigKey {
            secret: true,
            ..ConfigKey::new(
                "secret_access_key",
                Secret::TYPE_NAME,
                "Secret of the access key; AWS_SECRET_ACCESS_KEY where absent",
            )
        },
        ConfigKey {
            secret: true,
            ..ConfigKey::new(
                "session_token",
                Secret::TYPE_NAME,
                "Token of temporary credentials of AWS; AWS_SESSION_TOKEN where absent",
            )
        },
    ];

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let mut reader = OptionReader::new(options, Self::KEYS);
        let url: Option<String> = reader.read(0, String::from_value);
        let subject = reader.read(1, String::from_value);
        let schema_type = reader.read(2, schema_type);
        let compatibility = reader.read(3, |text| text.parse());
        let username = reader.read(4, String::from_value);
        let password = reader.read(5, Secret::from_value);
        let token = reader.read(6, Secret::from_value);
        let connection = RegistryConnection {
            context: reader.read(7, String::from_value),
            request_timeout: reader.read(8, Duration::from_value),
            ca_file: reader.read(9, PathBuf::from_value),
            identity_file: reader.read(10, PathBuf::from_value),
            pin_file: reader.read(11, PathBuf::from_value),
            glue: None,
            foreign: None,
        };
        let is_glue = reader.read(12, is_glue);
        let glue = GlueConnection {
            region: reader.read(13, String::from_value),
            registry: reader.read(14, String::from_value),
            session_token: reader.read(17, Secret::from_value),
        };
        let access_key = reader.read(15, String::from_value);
        let secret_key = reader.read(16, Secret::from_value);
        reader.build(|| {
            let (compatibility, is_glue) = (compatibility?, is_glue?);
            let keys = [access_key.is_some(), secret_key.is_some()].contains(&true);
            let of_glue = keys || glue != GlueConnection::default();
            let (username, password) = if is_glue { (access_key, secret_key) } else { (username, password) };
            let connection = RegistryConnection { glue: is_glue.then_some(glue), ..connection };
            let is_mixed = !is_glue && of_glue;
            Some(Self { url, subject, schema_type, compatibility, username, password, token, connection, is_mixed })
        })
    }
}

impl CreateSource {
    /// The typed form of `USING SCHEMA REGISTRY`. The language of the schema is the format's unless it is given.
    ///
    /// # Errors
    /// Everything that is wrong with the options.
    pub fn registry_config(&self) -> Result<Option<RegistryConfig>, ConfigErrors> {
        self.registry.as_ref().map(|clause| config(clause, &self.format.spec.name)).transpose()
    }

    /// The same, where the registry may be of one of `kinds`; one that is, is opened.
    ///
    /// # Errors
    /// Everything that is wrong with the options; whatever kept the registry from being opened.
    pub fn registry_config_of(&self, kinds: &RegistryKinds) -> SchemaResult<Option<RegistryConfig>> {
        let of_clause = |clause| foreign::config(clause, &self.format.spec.name, kinds);
        self.registry.as_ref().map(of_clause).transpose()
    }
}

impl CreateSink {
    /// The typed form of `USING SCHEMA REGISTRY`. The language of the schema is the format's unless it is given.
    ///
    /// # Errors
    /// Everything that is wrong with the options.
    pub fn registry_config(&self) -> Result<Option<RegistryConfig>, ConfigErrors> {
        self.registry.as_ref().map(|clause| config(clause, &self.format.spec.name)).transpose()
    }

    /// The same, where the registry may be of one of `kinds`; one that is, is opened.
    ///
    /// # Errors
    /// Everything that is wrong with the options; whatever kept the registry from being opened.
    pub fn registry_config_of(&self, kinds: &RegistryKinds) -> SchemaResult<Option<RegistryConfig>> {
        let of_clause = |clause| foreign::config(clause, &self.format.spec.name, kinds);
        self.registry.as_ref().map(of_clause).transpose()
    }
}

fn config(clause: &Spanned<Options>, format: &str) -> Result<RegistryConfig, ConfigErrors> {
    let RegistryOptions { url, subject, schema_type, compatibility, username, password, token, connection, is_mixed } =
        RegistryOptions::from_options(&clause.value)?;
    // None of these values may be shown: even a URL can hold a password.
    let invalid = |key: &'static str, expected: &str, reason: &str| ConfigError::Invalid {
        key: key.to_owned(),
        value: "***".to_owned(),
        expected: expected.to_owned(),
        reason: reason.to_owned(),
        span: clause.value.value(key).and_then(|v| v.span.clone()),
    };
    if is_mixed {
        return Err(invalid(
            "type",
            "glue, beside region, registry, access_key_id, secret_access_key or session_token",
            "",
        )
        .into());
    }
    let url = match url {
        Some(url) => base_url(&url).map_err(|reason| invalid("url", "a base URL", reason))?,
        None if connection.glue.is_some() => String::new(),
        None => return Err(ConfigError::Missing { key: "url", doc: URL_DOC }.into()),
    };
    let credentials = match (username, password, token) {
        (None, None, None) => None,
        (Some(username), Some(password), None) => Some(RegistryCredentials::Basic { username, password }),
        (None, None, Some(token)) => Some(RegistryCredentials::Bearer(token)),
        (_, _, Some(_)) => return Err(invalid("token", "no username or password beside it", "").into()),
        (Some(_), None, None) => return Err(invalid("username", "a password beside it", "").into()),
        (None, Some(_), None) => return Err(invalid("password", "a username beside it", "").into()),
    };
    let schema_type = schema_type.unwrap_or(language_of(format));
    Ok(RegistryConfig { url, subject, schema_type, compatibility, credentials, connection })
}

/// The language of schemas of a format.
fn language_of(format: &str) -> RegistrySchemaType {
    match format {
        "json" => RegistrySchemaType::JsonSchema,
        "protobuf" => RegistrySchemaType::Protobuf,
        _ => RegistrySchemaType::Avro,
    }
}

fn is_glue(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "glue" => Ok(true),
        "confluent" => Ok(false),
        _ => Err(String::new()),
    }
}

fn base_url(text: &str) -> Result<String, &'static str> {
    match text.split_once("://") {
        Some(("http" | "https", rest)) if rest.split(['/', '?']).next().is_some_and(|host| host.contains('@')) => {
            Err("credentials do not belong in it; use username and password, or token")
        }
        Some(("http" | "https", rest)) if !rest.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("it starts with http:// or https://"),
    }
}

fn schema_type(text: &str) -> Result<RegistrySchemaType, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "avro" => Ok(RegistrySchemaType::Avro),
        "protobuf" => Ok(RegistrySchemaType::Protobuf),
        "json" | "json_schema" | "json-schema" => Ok(RegistrySchemaType::JsonSchema),
        _ => Err(String::new()),
    }
}
