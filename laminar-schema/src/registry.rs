//! External schema registries: configuration, answers, errors (SPEC.md §2.4). The client itself comes with issue 6.

use std::{fmt, str::FromStr};

use arrow_schema::SchemaRef;

use crate::config::Secret;

/// How to reach a registry and what to ask it for.
#[derive(Debug, Clone)]
pub struct RegistryConfig {
    /// Base URL, without credentials.
    pub url: String,
    /// Subject, such as `trades-value`; the connector's naming rule where absent.
    pub subject: Option<String>,
    /// Language of the schemas.
    pub schema_type: RegistrySchemaType,
    /// Compatibility mode for evolution.
    pub compatibility: CompatibilityMode,
    /// Credentials, if the registry wants any.
    pub credentials: Option<RegistryCredentials>,
}

/// Credentials of a registry. No `Debug`, error or log shows the secret part.
#[derive(Debug, Clone)]
pub enum RegistryCredentials {
    /// HTTP basic authentication.
    Basic {
        /// User name or API key.
        username: String,
        /// Password or API secret.
        password: Secret,
    },
    /// Bearer token.
    Bearer(Secret),
}

/// Language of a registered schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrySchemaType {
    /// Apache Avro.
    #[default]
    Avro,
    /// Protocol Buffers.
    Protobuf,
    /// JSON Schema.
    JsonSchema,
}

/// Which schema changes are allowed, in the registries' terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompatibilityMode {
    /// Anything goes.
    None,
    /// Readers of the new schema can read data of the last one.
    #[default]
    Backward,
    /// Readers of the last schema can read data of the new one.
    Forward,
    /// Both.
    Full,
    /// Backward, against every earlier version.
    BackwardTransitive,
    /// Forward, against every earlier version.
    ForwardTransitive,
    /// Full, against every earlier version.
    FullTransitive,
}

impl CompatibilityMode {
    /// All modes with the registries' spelling.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("NONE", Self::None),
        ("BACKWARD", Self::Backward),
        ("FORWARD", Self::Forward),
        ("FULL", Self::Full),
        ("BACKWARD_TRANSITIVE", Self::BackwardTransitive),
        ("FORWARD_TRANSITIVE", Self::ForwardTransitive),
        ("FULL_TRANSITIVE", Self::FullTransitive),
    ];
}

impl FromStr for CompatibilityMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found
            .map(|(_, mode)| *mode)
            .ok_or_else(|| format!("expected one of {}", Self::NAMES.map(|(n, _)| n).join(", ")))
    }
}

/// A schema as a registry keeps it.
#[derive(Debug, Clone)]
pub struct RegisteredSchema {
    /// The Arrow schema it maps to.
    pub schema: SchemaRef,
    /// Id in the registry: the 4-byte id of the Confluent wire format.
    pub schema_id: u32,
    /// Version in its subject.
    pub version: u32,
    /// The definition itself: Avro JSON, a Protobuf file, a JSON Schema.
    pub raw_schema: Vec<u8>,
    /// Subject it belongs to.
    pub subject: String,
}

/// A registry refused, or could not be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// The connector's registry support lacks this operation.
    Unsupported {
        /// What was asked for.
        operation: &'static str,
    },
    /// The subject, version or id does not exist.
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The registry could not be reached.
    Unreachable {
        /// Its URL, without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// The registry answered with an error.
    Refused {
        /// Its URL, without credentials.
        url: String,
        /// HTTP status.
        status: u16,
        /// The registry's message.
        reason: String,
    },
}

impl RegistryError {
    /// True when asking again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unsupported { .. } | Self::NotFound { .. } => false,
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { operation } => write!(f, "this connector's schema registry support cannot {operation}"),
            Self::NotFound { what } => write!(f, "the schema registry has no {what}"),
            Self::Unreachable { url, reason } => write!(f, "cannot reach the schema registry at {url}: {reason}"),
            Self::Refused { url, status, reason } => {
                write!(f, "the schema registry at {url} answered with status {status}: {reason}")
            }
        }
    }
}

impl std::error::Error for RegistryError {}
