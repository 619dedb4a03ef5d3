//! External schema registries: configuration, answers, errors (SPEC.md §2.4). The client is the crate `laminar-registry`.

mod kind;

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use arrow_schema::SchemaRef;

pub use kind::{ForeignRegistry, RegistryKind, RegistryKinds};

use crate::{config::Secret, format::WriterSchemaId};

/// How to reach a registry and what to ask it for.
#[derive(Debug, Clone)]
pub struct RegistryConfig {
    /// Base URL, without credentials. Empty for AWS Glue's registry at its usual endpoint, and for
    /// [other kinds](RegistryConnection::foreign).
    pub url: String,
    /// Subject, such as `trades-value`; the connector's naming rule where absent.
    pub subject: Option<String>,
    /// Language of the schemas.
    pub schema_type: RegistrySchemaType,
    /// Compatibility mode for evolution.
    pub compatibility: CompatibilityMode,
    /// Credentials, if the registry wants any.
    pub credentials: Option<RegistryCredentials>,
    /// How it is reached, beside that.
    pub connection: RegistryConnection,
}

/// How a registry is reached, beside its URL and credentials; the client's own settings where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryConnection {
    /// Context of all subjects and ids that name none.
    pub context: Option<String>,
    /// Longest time for one request.
    pub request_timeout: Option<Duration>,
    /// PEM file of the certificates that are trusted, instead of those of the platform.
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's own certificate chain and private key.
    pub identity_file: Option<PathBuf>,
    /// File of a schema to start from while the registry is down.
    pub pin_file: Option<PathBuf>,
    /// AWS Glue's registry, in place of one with Confluent's API.
    pub glue: Option<GlueConnection>,
    /// A registry of another kind, in place of both; what else is said here is then nobody's concern.
    pub foreign: Option<ForeignRegistry>,
}

/// How AWS Glue's registry is reached. The base URL, if any is given, is another endpoint than the region's. Credentials are
/// [`RegistryCredentials::Basic`]: access key id and secret access key. What is not given is taken from the environment:
/// `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlueConnection {
    /// Region, such as `eu-central-1`.
    pub region: Option<String>,
    /// Registry in the account; `default-registry` where absent.
    pub registry: Option<String>,
    /// Token of temporary credentials.
    pub session_token: Option<Secret>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredSchema {
    /// The Arrow schema it maps to.
    pub schema: SchemaRef,
    /// Id in the registry, which messages name: a number in Confluent's, a UUID in Glue's.
    pub schema_id: WriterSchemaId,
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
    /// The registry takes the text for no schema of its language.
    InvalidSchema {
        /// Subject it was sent to.
        subject: String,
        /// The registry's message.
        reason: String,
    },
    /// The schema may not follow those that its subject has.
    Incompatible {
        /// Subject it was sent to.
        subject: String,
        /// The registry's message.
        reason: String,
    },
    /// The answer is not what the registry's API promises.
    Malformed {
        /// What was asked, without credentials.
        url: String,
        /// What the API promises.
        expected: &'static str,
        /// What came, cut short.
        found: String,
    },
    /// The answer contradicts what was asked for, or what the registry said before.
    Contradiction {
        /// What was asked, without credentials.
        url: String,
        /// What the answer speaks about.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The answer is larger than the client takes.
    TooLarge {
        /// What was asked, without credentials.
        url: String,
        /// Most bytes of an answer.
        limit: usize,
    },
    /// Schemas refer to each other in a circle.
    CyclicReferences {
        /// `subject version n` of each schema of the circle; the first is also the last.
        path: Vec<String>,
    },
    /// Schemas refer to more schemas, or in longer chains, than the client follows.
    TooManyReferences {
        /// Schema that it began with.
        subject: String,
        /// What there is too much of.
        what: &'static str,
        /// Most of it.
        limit: usize,
    },
    /// The client's own configuration cannot work.
    Misconfigured {
        /// The setting.
        setting: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What is wrong with it; never the text of a secret.
        found: String,
    },
}

impl RegistryError {
    /// True when asking again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            _ => false,
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
            Self::InvalidSchema { subject, reason } => {
                write!(f, "the schema registry takes what was sent to subject `{subject}` for no schema: {reason}")
            }
            Self::Incompatible { subject, reason } => {
                write!(f, "the schema may not follow those of subject `{subject}`: {reason}; ")?;
                f.write_str("change it, or the subject's compatibility mode")
            }
            Self::Malformed { url, expected, found } => write!(
                f,
                "the answer to {url} is none of a schema registry: expected {expected}, found {found}; check the base URL"
            ),
            Self::Contradiction { url, what, expected, found } => {
                write!(f, "the answer to {url} contradicts itself: expected {what} {expected}, found {found}; ")?;
                f.write_str("check that the base URL and the context are those of one registry")
            }
            Self::TooLarge { url, limit } => {
                write!(f, "the answer to {url} has more than {limit} bytes; raise the client's `max_response_bytes`")
            }
            Self::CyclicReferences { path } => {
                write!(f, "schemas refer to each other in a circle: {}; break it in the registry", path.join(" → "))
            }
            Self::TooManyReferences { subject, what, limit } => {
                write!(
                    f,
                    "the schema of subject `{subject}` has too many references: expected at most {limit} {what}; "
                )?;
                f.write_str("raise the client's limits on references")
            }
            Self::Misconfigured { setting, expected, found } => {
                write!(f, "`{setting}` of the schema registry's client: expected {expected}, found {found}")
            }
        }
    }
}

impl std::error::Error for RegistryError {}
