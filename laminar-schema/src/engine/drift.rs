//! Reading a source for its schema changes alone.

use super::{Engine, StatementError};
use crate::{
    connector::{SinkSet, SourceSet},
    error::ConnectorError,
    evolution::{DriftVerdict, OnSchemaChange},
    pipeline::{OnError, Pipeline, PipelineConfig, SchemaChanges},
    resolve::ResolveError,
};

/// A pipeline that reads a source for its schema changes alone.
#[derive(Debug)]
pub struct DriftReading<S, K> {
    /// The pipeline. It writes nothing, and ends with the source.
    pub pipeline: Pipeline<S, K>,
    /// What the source's `ON SCHEMA CHANGE` makes of a change; without the clause its values are left out. The reading follows
    /// none, so that it sees all of them: whether EVOLVE would be refused at one, only a run can tell.
    pub verdict: DriftVerdict,
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// A pipeline that reads a source to its end and writes nothing: its summary tells every field that the source's schema,
    /// as it is resolved now, has no place for, and under `ON SCHEMA CHANGE RESCUE` every value that does not fit.
    ///
    /// # Errors
    /// As [`Engine::bind`]; the source never ends; records of its format do not show which of their fields the schema lacks.
    pub async fn plan_drift(&self, name: &str) -> Result<DriftReading<S, K>, StatementError> {
        // Boxed: resolution may ask a registry, a sample and a file, and its future is as large as all of them.
        let bound = Box::pin(self.bind(name)).await?;
        let at = |e: crate::SchemaError| bound.definition.error(e, &bound.definition.statement.connector.span);
        if !bound.source.is_bounded() {
            return Err(at(ConnectorError::Unbounded { name: name.to_owned() }.into()));
        }
        let (policy, verdict) = match bound.schema_changes.as_ref().map(|changes| changes.policy) {
            None | Some(OnSchemaChange::Ignore) => (OnSchemaChange::Ignore, DriftVerdict::Ignored),
            Some(OnSchemaChange::Fail) => (OnSchemaChange::Ignore, DriftVerdict::Failed),
            Some(OnSchemaChange::Evolve) => (OnSchemaChange::Ignore, DriftVerdict::Evolved),
            Some(OnSchemaChange::Rescue) => (OnSchemaChange::Rescue, DriftVerdict::Rescued),
        };
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
        if policy == OnSchemaChange::Ignore {
            // What the policy of the statement added is not the source's.
            spec.schema = bound.resolved.schema;
        }
        let pipeline = Pipeline::new(bound.source, spec, Vec::new(), OnError::Skip, config);
        Ok(DriftReading { pipeline, verdict })
    }
}
