//! A subject's latest version, and where it comes from while the registry is down.

use std::{fmt, sync::Arc};

use laminar_schema::RegistryError;

use crate::{Deleted, RegistryClient, SubjectSchema, Version};

/// A subject's latest version, as far as is known.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The schema.
    pub schema: Arc<SubjectSchema>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a latest version comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The registry, just now.
    Registry,
    /// The registry, less than [`latest_ttl`](crate::ClientOptions::latest_ttl) ago.
    Cache,
    /// The registry, longer ago: it does not answer now, and may have a later version.
    Stale {
        /// Why it does not answer.
        why: RegistryError,
    },
    /// A pinned schema: the registry has not answered since the start, and may have a later version.
    Pinned {
        /// Why it does not answer.
        why: RegistryError,
    },
}

impl Origin {
    /// Why the registry itself did not answer, where another had to.
    pub fn outage(&self) -> Option<&RegistryError> {
        match self {
            Self::Registry | Self::Cache => None,
            Self::Stale { why } | Self::Pinned { why } => Some(why),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry => f.write_str("the registry's"),
            Self::Cache => f.write_str("the registry's, as of a moment ago"),
            Self::Stale { why } => write!(f, "the last one that the registry gave ({why})"),
            Self::Pinned { why } => write!(f, "the pinned one ({why})"),
        }
    }
}

impl RegistryClient {
    /// Yields the latest version of a subject.
    ///
    /// Where the registry is unreachable, overloaded or broken, and only then, an older answer or a pinned schema takes its
    /// place; [`Latest::origin`] says so.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] for an unknown subject; what else keeps the registry from answering, with nothing to take
    /// its place.
    pub async fn latest(&self, subject: &str) -> Result<Latest, RegistryError> {
        let subject = self.qualified(subject);
        if let Some(schema) = self.caches().latest.get(&subject) {
            return Ok(Latest { schema, origin: Origin::Cache });
        }
        let fetch = || async {
            let schema = Arc::new(self.version(&subject, Version::Latest, Deleted::Without).await?);
            self.caches().latest.insert(subject.clone(), Arc::clone(&schema));
            Ok(schema)
        };
        let why = match self.inner.subjects.join(subject.clone(), fetch).await {
            Ok(schema) => return Ok(Latest { schema, origin: Origin::Registry }),
            Err(error) if !error.is_retryable() => return Err(error),
            Err(error) => error,
        };
        if let Some(schema) = self.caches().latest.get_stale(&subject) {
            return Ok(Latest { schema, origin: Origin::Stale { why } });
        }
        match self.inner.pins.get(&subject) {
            Some(pin) => Ok(Latest::pinned(pin, why)),
            None => Err(why),
        }
    }
}
