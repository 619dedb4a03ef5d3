//! Bounds of the client: time, tries, sizes, caches.

use std::time::Duration;

use laminar_schema::config::Secret;

/// Bounds and settings of a client beside what [`RegistryConfig`](laminar_schema::RegistryConfig) says.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Longest time for a connection to come about.
    pub connect_timeout: Duration,
    /// Longest time for one request, from its first byte to the answer's last.
    pub request_timeout: Duration,
    /// How often, and after which pauses, a request is repeated.
    pub retry: RetryPolicy,
    /// Most bytes of an answer, and of all schemas together that one schema refers to.
    pub max_response_bytes: usize,
    /// Most schemas that are kept by id; the one that was not asked for the longest goes first.
    pub max_cached_ids: usize,
    /// How long an id that the registry does not know is not asked for again.
    pub unknown_id_ttl: Duration,
    /// How long a subject's latest version is not asked for again.
    pub latest_ttl: Duration,
    /// Longest chain of references that is followed.
    pub max_reference_depth: usize,
    /// Most schemas that one schema may refer to, directly and through others.
    pub max_references: usize,
    /// Context of all subjects and ids that name none, such as `.staging`; the default context without it.
    pub context: Option<String>,
    /// Encryption of `https` addresses.
    pub tls: TlsOptions,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            max_response_bytes: 8 << 20,
            max_cached_ids: 1024,
            unknown_id_ttl: Duration::from_secs(10),
            latest_ttl: Duration::from_secs(60),
            max_reference_depth: 16,
            max_references: 256,
            context: None,
            tls: TlsOptions::default(),
        }
    }
}

/// When a request is repeated: only where the registry was unreachable, overloaded (429) or broken (5xx).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most requests for one question, the first included; at least one is made.
    pub max_attempts: u32,
    /// Pause before the second request; it doubles from one to the next.
    pub first_backoff: Duration,
    /// Longest pause, also where the registry's `Retry-After` asks for a longer one.
    pub max_backoff: Duration,
}

impl RetryPolicy {
    /// One request, and no other.
    pub const NEVER: Self = Self { max_attempts: 1, first_backoff: Duration::ZERO, max_backoff: Duration::ZERO };
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 4, first_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5) }
    }
}

/// Encryption: whom the client trusts, and who it is.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// PEM text of the certificates that are trusted, instead of those of the platform.
    pub ca_pem: Option<Vec<u8>>,
    /// PEM text of the client's own certificate chain and private key, for registries that ask for one.
    pub identity_pem: Option<Secret>,
}
