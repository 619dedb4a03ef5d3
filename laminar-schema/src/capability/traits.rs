//! The four capability traits (SPEC.md §2.2 to §2.5). A connector's author implements what it declares.

use std::{collections::HashMap, future::Future};

use arrow_schema::SchemaRef;

use crate::{
    error::{SchemaError, SchemaResult},
    evolution::{self, ColumnProjection, EvolutionVerdict, SchemaChange},
    format::WriterSchemaId,
    inference::{FieldMeta, FormatInferenceRegistry, InferenceConfig, InferredSchema, StreamHead},
    record::RawRecord,
    registry::{CompatibilityMode, RegisteredSchema, RegistryConfig, RegistryError},
};

/// A source that carries its schema with it: Parquet metadata, a table catalog, a descriptor (SPEC.md §2.2).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the capability trait `SchemaProvider`",
    label = "`provider` needs `impl SchemaProvider for {Self}`",
    note = "implement `laminar_schema::SchemaProvider`, or remove `provider` from `#[capabilities(…)]`"
)]
pub trait SchemaProvider: Send + Sync {
    /// Reads the schema from the source itself. Ring 2: may do I/O.
    ///
    /// # Errors
    /// Whatever kept the source from being read.
    fn provide_schema(&self) -> impl Future<Output = SchemaResult<SchemaRef>> + Send;

    /// Whether the schema holds for every record. A best guess is decode-proven against a sample and warned about.
    fn is_authoritative(&self) -> bool {
        true
    }

    /// What the source knows of its fields beyond Arrow's types, by field name.
    ///
    /// # Errors
    /// Whatever kept the source from being read.
    fn field_metadata(&self) -> impl Future<Output = SchemaResult<HashMap<String, FieldMeta>>> + Send {
        async { Ok(HashMap::new()) }
    }
}

/// A source whose records can be sampled (SPEC.md §2.3).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the capability trait `SchemaInferable`",
    label = "`inferable` needs `impl SchemaInferable for {Self}`",
    note = "implement `laminar_schema::SchemaInferable`, or remove `inferable` from `#[capabilities(…)]`"
)]
pub trait SchemaInferable: Send + Sync {
    /// Collects up to `config.sample_size` records within `config.sample_timeout`, without consuming them:
    /// a stream started afterwards yields them again. Ring 2: may do I/O.
    ///
    /// # Errors
    /// Whatever kept the source from being read. No record at all is an empty vector, or an error that
    /// [is retryable](SchemaError::is_retryable) and says what was empty.
    fn sample_records(&self, config: &InferenceConfig) -> impl Future<Output = SchemaResult<Vec<RawRecord>>> + Send;

    /// The first bytes of the source's first stream, without consuming them: up to [`StreamHead::MAX_BYTES`] of what is
    /// there within `config.sample_timeout`. Options of the format that nobody set are found in them.
    ///
    /// `None`, the default, means that the source delimits its records itself, and options are looked for in them.
    /// A source that cuts byte streams says what they begin with: a header line is no record.
    ///
    /// # Errors
    /// Whatever kept the source from being read.
    fn sample_head(&self, config: &InferenceConfig) -> impl Future<Output = SchemaResult<Option<StreamHead>>> + Send {
        let _ = config;
        std::future::ready(Ok(None))
    }

    /// Infers a schema from the sample. The default asks `formats` for the format's inference.
    ///
    /// The registry is a parameter, not a global: engines differ in what they link, and nothing needs a lock.
    ///
    /// # Errors
    /// [`InferError`](crate::error::InferError) when the format has no inference or the sample holds no schema.
    fn infer_from_samples(
        &self,
        samples: &[RawRecord],
        format: &str,
        config: &InferenceConfig,
        formats: &FormatInferenceRegistry,
    ) -> impl Future<Output = SchemaResult<InferredSchema>> + Send {
        std::future::ready(formats.infer(format, samples, config))
    }
}

/// A connector whose schemas live in an external registry (SPEC.md §2.4).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the capability trait `SchemaRegistryAware`",
    label = "`registry` needs `impl SchemaRegistryAware for {Self}`",
    note = "implement `laminar_schema::SchemaRegistryAware`, or remove `registry` from `#[capabilities(…)]`"
)]
pub trait SchemaRegistryAware: Send + Sync {
    /// Fetches the latest schema of the configured subject.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry refuses or cannot be reached.
    fn fetch_schema(&self, config: &RegistryConfig) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send;

    /// Fetches one schema by its id, which is immutable.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry refuses or cannot be reached.
    fn fetch_schema_by_id(
        &self,
        config: &RegistryConfig,
        schema_id: WriterSchemaId,
    ) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send;

    /// Asks whether `proposed` may follow `current` under the configured compatibility mode.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry refuses or cannot be reached.
    fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> impl Future<Output = SchemaResult<bool>> + Send;

    /// Registers a schema, for sinks. The default says that this connector cannot.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry refuses or cannot be reached.
    fn register_schema(
        &self,
        config: &RegistryConfig,
        schema: &SchemaRef,
    ) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send {
        let _ = (config, schema);
        std::future::ready(Err(SchemaError::new(RegistryError::Unsupported { operation: "register a schema" })))
    }
}

/// A connector that follows schema changes (SPEC.md §2.5).
///
/// Everything has a default, so `#[capabilities(evolvable)]` and an empty `impl SchemaEvolvable for … {}` are enough.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the capability trait `SchemaEvolvable`",
    label = "`evolvable` needs `impl SchemaEvolvable for {Self}`",
    note = "implement `laminar_schema::SchemaEvolvable`, or remove `evolvable` from `#[capabilities(…)]`"
)]
pub trait SchemaEvolvable: Send + Sync {
    /// The changes from one schema to another. The default is [`evolution::diff`].
    fn diff_schemas(&self, current: &SchemaRef, proposed: &SchemaRef) -> Vec<SchemaChange> {
        evolution::diff(current, proposed)
    }

    /// Whether the changes may be applied under a compatibility mode. The default is [`evolution::evaluate`].
    fn evaluate_evolution(&self, changes: &[SchemaChange], compatibility: CompatibilityMode) -> EvolutionVerdict {
        evolution::evaluate(changes, compatibility)
    }

    /// Applies the changes: the new schema, and where each of its columns comes from. The default is [`evolution::apply`].
    ///
    /// # Errors
    /// [`EvolutionError`](evolution::EvolutionError) when a change does not fit the current schema.
    fn apply_evolution(
        &self,
        current: &SchemaRef,
        changes: &[SchemaChange],
    ) -> SchemaResult<(SchemaRef, ColumnProjection)> {
        Ok(evolution::apply(current, changes)?)
    }

    /// Whether this very connector, with the options that it has, can go on with another schema while it runs. The default is
    /// that it can.
    fn follows(&self) -> bool {
        true
    }

    /// The version of the schema in force, from 0, which is also the default: a connector that counts versions says so.
    fn schema_version(&self) -> u64 {
        0
    }
}
