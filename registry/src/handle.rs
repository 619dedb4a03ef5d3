//! The client that a connector holds: made when it is first asked something.

use std::sync::{Arc, OnceLock};

use arrow_schema::SchemaRef;
use laminar_schema::{RegisteredSchema, RegistryConfig, SchemaRegistryAware, SchemaResult, format::WriterSchemaId};

use crate::{ClientOptions, RegistryClient};

/// A registry's client in a connector, which learns only with the first question which registry that is. Clones share it.
///
/// With it and [`registry_aware!`](crate::registry_aware) a connector has the capability `registry` (SPEC.md §2.4). Questions about a
/// registry of [another crate's kind](laminar_schema::RegistryKind) are handed on to that.
#[derive(Debug, Clone, Default)]
pub struct RegistryHandle {
    options: ClientOptions,
    clients: Arc<Clients>,
}

/// The client of the one kind of registry or of the other.
#[derive(Debug, Default)]
struct Clients {
    confluent: OnceLock<RegistryClient>,
    #[cfg(feature = "glue")]
    glue: OnceLock<crate::GlueClient>,
}

impl RegistryHandle {
    /// A handle for the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle whose client will have these bounds and settings.
    pub fn with_options(options: ClientOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The client. The first configuration decides which registry it speaks to.
    ///
    /// # Errors
    /// As [`RegistryClient::new`].
    pub fn client(&self, config: &RegistryConfig) -> SchemaResult<&RegistryClient> {
        if let Some(client) = self.clients.confluent.get() {
            return Ok(client);
        }
        let made = RegistryClient::connected(config, self.options.clone())?;
        Ok(self.clients.confluent.get_or_init(|| made))
    }

    #[cfg(feature = "glue")]
    fn glue(&self, config: &RegistryConfig) -> SchemaResult<&crate::GlueClient> {
        if let Some(client) = self.clients.glue.get() {
            return Ok(client);
        }
        let made = crate::GlueClient::new(config, self.options.clone())?;
        Ok(self.clients.glue.get_or_init(|| made))
    }
}

#[cfg(not(feature = "glue"))]
#[cold]
fn without_glue() -> laminar_schema::RegistryError {
    laminar_schema::RegistryError::Misconfigured {
        setting: "type",
        expected: "confluent: AWS Glue is not compiled in; build with the feature `glue` of laminar-registry",
        found: "glue".to_owned(),
    }
}

/// Hands a question on to the client of the configuration's registry.
macro_rules! of_client {
    ($handle:ident, $config:ident, $method:ident($($argument:expr),*)) => {
        match (&$config.connection.foreign, &$config.connection.glue) {
            // Another crate's kind: its registry comes with the configuration.
            (Some(foreign), _) => foreign.$method($config $(, $argument)*).await,
            (None, None) => Box::pin($handle.client($config)?.$method($config $(, $argument)*)).await,
            #[cfg(feature = "glue")]
            (None, Some(_)) => Box::pin($handle.glue($config)?.$method($config $(, $argument)*)).await,
            #[cfg(not(feature = "glue"))]
            (None, Some(_)) => Err(without_glue().into()),
        }
    };
}

/// Boxed, each call once: a request is a large future, which every future that holds a connector would be as large as.
impl SchemaRegistryAware for RegistryHandle {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        of_client!(self, config, fetch_schema())
    }

    async fn fetch_schema_by_id(
        &self,
        config: &RegistryConfig,
        schema_id: WriterSchemaId,
    ) -> SchemaResult<RegisteredSchema> {
        of_client!(self, config, fetch_schema_by_id(schema_id))
    }

    async fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        of_client!(self, config, check_compatibility(current, proposed))
    }

    async fn register_schema(&self, config: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        of_client!(self, config, register_schema(schema))
    }
}

/// Gives a connector the capability `registry`: its field of that name is a [`RegistryHandle`].
///
/// `registry_aware!([D: DecoderSet] KafkaSource<D>)` writes the `impl SchemaRegistryAware`. A connector that names subjects
/// itself writes a second argument, a method from the configuration to the one with a subject:
/// `registry_aware!([D: DecoderSet] KafkaSource<D>, Self::with_subject)`.
#[macro_export]
macro_rules! registry_aware {
    ([$($generics:tt)*] $connector:ty) => {
        $crate::registry_aware!([$($generics)*] $connector, |_, config| ::std::clone::Clone::clone(config));
    };
    ([$($generics:tt)*] $connector:ty, $with_subject:expr) => {
        impl<$($generics)*> $crate::__private::SchemaRegistryAware for $connector {
            async fn fetch_schema(
                &self,
                config: &$crate::__private::RegistryConfig,
            ) -> $crate::__private::SchemaResult<$crate::__private::RegisteredSchema> {
                let config = $crate::__private::with_subject(self, config, $with_subject);
                self.registry.fetch_schema(&config).await
            }

            async fn fetch_schema_by_id(
                &self,
                config: &$crate::__private::RegistryConfig,
                schema_id: $crate::__private::WriterSchemaId,
            ) -> $crate::__private::SchemaResult<$crate::__private::RegisteredSchema> {
                let config = $crate::__private::with_subject(self, config, $with_subject);
                self.registry.fetch_schema_by_id(&config, schema_id).await
            }

            async fn check_compatibility(
                &self,
                config: &$crate::__private::RegistryConfig,
                current: &$crate::__private::RegisteredSchema,
                proposed: &$crate::__private::SchemaRef,
            ) -> $crate::__private::SchemaResult<bool> {
                let config = $crate::__private::with_subject(self, config, $with_subject);
                self.registry.check_compatibility(&config, current, proposed).await
            }

            async fn register_schema(
                &self,
                config: &$crate::__private::RegistryConfig,
                schema: &$crate::__private::SchemaRef,
            ) -> $crate::__private::SchemaResult<$crate::__private::RegisteredSchema> {
                let config = $crate::__private::with_subject(self, config, $with_subject);
                self.registry.register_schema(&config, schema).await
            }
        }
    };
}

/// What [`registry_aware!`](crate::registry_aware) writes code with.
#[doc(hidden)]
pub mod __private {
    pub use arrow_schema::SchemaRef;
    pub use laminar_schema::{
        RegisteredSchema, RegistryConfig, SchemaRegistryAware, SchemaResult, format::WriterSchemaId,
    };

    pub fn with_subject<C>(
        connector: &C,
        config: &RegistryConfig,
        with_subject: impl Fn(&C, &RegistryConfig) -> RegistryConfig,
    ) -> RegistryConfig {
        match config.subject {
            Some(_) => config.clone(),
            None => with_subject(connector, config),
        }
    }
}
