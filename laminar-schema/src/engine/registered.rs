//! `USING SCHEMA REGISTRY` of a sink.

use super::{Engine, StatementError, catalog::Definition};
use crate::{
    capability::{Capability, SchemaRegistryAware},
    config::{ConfigKey, FormatSpec},
    connector::{Sink, SinkSet, SourceSet},
    ddl::CreateSink,
    error::SchemaResult,
    format::{EncoderSet, registered},
    registry::{RegisteredSchema, RegistryConfig},
    resolve::ResolveError,
};

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// The format that a sink writes `columns` in: under `USING SCHEMA REGISTRY` the schema is registered first, unless its
    /// latest version is the same, and messages name it.
    ///
    /// # Errors
    /// The connector has no registry for the format; the registry refuses the schema, or cannot be reached.
    pub(super) async fn registered_format(
        &self,
        definition: &Definition<CreateSink>,
        sink: &K,
        columns: &arrow_schema::SchemaRef,
    ) -> Result<FormatSpec, StatementError> {
        let statement = &definition.statement;
        let plain = &statement.format.spec;
        let config = statement.registry_config().map_err(|e| definition.error(e, &statement.connector.span))?;
        let (Some(config), Some(clause)) = (config, &statement.registry) else { return Ok(plain.clone()) };
        let at = |e: crate::SchemaError| {
            definition.error(e.at(crate::Location::source(statement.name.name.as_str())), &clause.span)
        };
        let schema = register(sink, plain, &config, columns).await.map_err(at)?;
        Ok(registered::written_as(plain, &schema, encoder_options::<K>(&plain.name)))
    }
}

fn encoder_options<K: SinkSet>(format: &str) -> &'static [ConfigKey] {
    <K as Sink>::Encoder::format_info(format).map_or(&[], |info| info.options.keys)
}

async fn register<K: SinkSet>(
    sink: &K,
    format: &FormatSpec,
    config: &RegistryConfig,
    schema: &arrow_schema::SchemaRef,
) -> SchemaResult<RegisteredSchema> {
    let info = sink.info();
    let registry = sink.as_schema_registry_aware().filter(|_| info.supports(Capability::Registry, &format.name));
    let Some(registry) = registry else {
        return Err(ResolveError::CapabilityAbsent {
            connector: info.name.to_owned(),
            capability: Capability::Registry,
            format: format.name.clone(),
            formats: info.formats_of(Capability::Registry).iter().map(|f| (*f).to_owned()).collect(),
        }
        .into());
    };
    registry.register_schema(config, schema).await
}
