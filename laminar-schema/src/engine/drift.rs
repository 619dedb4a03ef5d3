//! Reading a source for its schema changes alone.

use super::{Engine, StatementError};
use crate::{
    connector::{SinkSet, SourceSet},
    error::ConnectorError,
    evolution::OnSchemaChange,
    pipeline::{OnError, Pipeline, PipelineConfig, SchemaChanges},
    resolve::ResolveError,
};

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// A pipeline that reads a source to its end and writes nothing: its summary tells every field that the source's schema,
    /// as it is resolved now, has no place for.
    ///
    /// # Errors
    /// As [`Engine::bind`]; the source never ends; records of its format do not show which of their fields the schema lacks.
    pub async fn plan_drift(&self, name: &str) -> Result<Pipeline<S, K>, StatementError> {
        // Boxed: resolution may ask a registry, a sample and a file, and its future is as large as all of them.
        let bound = Box::pin(self.bind(name)).await?;
        let at = |e: crate::SchemaError| bound.definition.error(e, &bound.definition.statement.connector.span);
        if !bound.source.is_bounded() {
            return Err(at(ConnectorError::Unbounded { name: name.to_owned() }.into()));
        }
        let policy = OnSchemaChange::Ignore;
        let format = &bound.spec.format;
        if !SchemaChanges::can_notice::<S::Decoder>(format).map_err(at)? {
            let error = ResolveError::ChangesUnnoticed { policy: policy.word(), format: format.name.clone() };
            return Err(at(error.into()));
        }
        let config = PipelineConfig {
            registry: bound.registry.clone(),
            commits: false,
            schema_changes: Some(Box::new(SchemaChanges::new(policy))),
            ..PipelineConfig::new(bound.name())
        };
        let mut spec = bound.spec;
        // What the policy of the statement added is not the source's.
        spec.schema = bound.resolved.schema;
        Ok(Pipeline::new(bound.source, spec, Vec::new(), OnError::Skip, config))
    }
}
