//! Kinds of schema registries that other crates bring along: `USING SCHEMA REGISTRY (type = 'folder', …)`.

use std::{collections::BTreeMap, fmt, sync::Arc};

use arrow_schema::SchemaRef;

use super::{RegisteredSchema, RegistryConfig};
use crate::{
    capability::SchemaRegistryAware,
    config::{ConfigKey, ConnectorConfig, Options},
    connector::RegistryMirror,
    error::SchemaResult,
    format::WriterSchemaId,
};

/// A kind of schema registry: its word in SQL, its options, and how its messages name their schemas.
///
/// What it does is in its [`SchemaRegistryAware`]: it is asked on Ring 2, for the schema of a subject when a pipeline is
/// planned, and for the schema of an id when a decoder meets one that it does not know. An engine takes it with
/// [`Engine::with_registry`](crate::engine::Engine::with_registry); every connector that has the capability `registry` by
/// `laminar_registry::registry_aware!` then speaks to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no kind of schema registry",
    label = "`RegistryKind` is not implemented for `{Self}`",
    note = "implement `SchemaRegistryAware` for what it does, and `RegistryKind` for its name and options"
)]
pub trait RegistryKind: SchemaRegistryAware + fmt::Debug + Sized + 'static {
    /// Its word, in lower case: the option `type` of `USING SCHEMA REGISTRY`. `confluent` and `glue` are taken.
    const NAME: &'static str;

    /// What stands in front of its messages, as formats have it in their option `wire_format`, unless a statement says
    /// otherwise there.
    const WIRE_FORMAT: &'static str = "confluent";

    /// Its options, beside `type`, `subject`, `schema_type` and `compatibility`, which all kinds have. Secrets have to be
    /// [`Secret`](crate::config::Secret)s, so that no error shows them; `SHOW CREATE` shows the values of none.
    type Config: ConnectorConfig;

    /// Makes a registry of its options. Called for each source and sink that names it, also where nothing may be connected to, as when a
    /// lockfile is verified offline: I/O is for the first question.
    ///
    /// # Errors
    /// Options that cannot work together.
    fn open(config: Self::Config) -> SchemaResult<Self>;
}

/// A registry of a kind that another crate has brought along. Clones share it.
///
/// Behind a pointer: whoever asks a registry waits for it anyway, and who knows an id does not ask.
#[derive(Clone)]
pub struct ForeignRegistry {
    name: &'static str,
    wire_format: &'static str,
    registry: Arc<dyn RegistryMirror>,
}

impl ForeignRegistry {
    /// A registry that is open.
    pub fn new<R: RegistryKind>(registry: R) -> Self {
        Self { name: R::NAME, wire_format: R::WIRE_FORMAT, registry: Arc::new(registry) }
    }

    /// The word of its kind.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What stands in front of its messages.
    pub fn wire_format(&self) -> &'static str {
        self.wire_format
    }
}

impl SchemaRegistryAware for ForeignRegistry {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        self.registry.dyn_fetch_schema(config).await
    }

    async fn fetch_schema_by_id(&self, config: &RegistryConfig, id: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        self.registry.dyn_fetch_by_id(config, id).await
    }

    async fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        self.registry.dyn_check(config, current, proposed).await
    }

    async fn register_schema(&self, config: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        self.registry.dyn_register(config, schema).await
    }
}

impl fmt::Debug for ForeignRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ForeignRegistry").field(&self.name).finish()
    }
}

/// The same one, and not one that is like it.
impl PartialEq for ForeignRegistry {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.registry, &other.registry)
    }
}

impl Eq for ForeignRegistry {}

/// The kinds of registries that an engine knows beside Confluent's and AWS Glue's.
#[derive(Debug, Clone, Default)]
pub struct RegistryKinds(BTreeMap<&'static str, KindEntry>);

/// A kind, without its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KindEntry {
    pub(crate) keys: &'static [ConfigKey],
    pub(crate) open: fn(&Options) -> SchemaResult<ForeignRegistry>,
}

impl RegistryKinds {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind; one of the same name is replaced.
    pub fn register<R: RegistryKind>(&mut self) -> &mut Self {
        const { assert!(is_free(R::NAME), "the word of a registry's kind is in lower case, and not `confluent` or `glue`") };
        let open = |options: &Options| Ok(ForeignRegistry::new(R::open(R::Config::from_options(options)?)?));
        self.0.insert(R::NAME, KindEntry { keys: R::Config::KEYS, open });
        self
    }

    /// The kinds' words, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.keys().copied()
    }

    pub(crate) fn get(&self, name: &str) -> Option<KindEntry> {
        self.0.get(name).copied()
    }
}

/// Whether a kind can be found by that word.
const fn is_free(name: &str) -> bool {
    let mut at = 0;
    while at < name.len() {
        if name.as_bytes()[at].is_ascii_uppercase() {
            return false;
        }
        at += 1;
    }
    !is_same(name, "") && !is_same(name, "confluent") && !is_same(name, "glue")
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_would_never_be_found_are_not_free() {
        for (name, is_found) in [
            ("folder", true),
            ("glued", true),
            ("glu", true),
            ("glue", false),
            ("confluent", false),
            ("Folder", false),
            ("", false),
        ] {
            assert_eq!(is_free(name), is_found, "{name}");
        }
    }
}
