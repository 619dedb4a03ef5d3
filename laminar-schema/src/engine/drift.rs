//! The schema changes of a source: what its runs have seen, and reading it for them alone.

use std::path::Path;

use super::{Engine, StatementError};
use crate::{
    connector::{SinkSet, SourceSet},
    error::{ConnectorError, SchemaError},
    evolution::{DriftReport, DriftStore, DriftVerdict, OnSchemaChange},
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
    /// Every schema change that the runs of a source have seen, from the folder of their checkpoints: `SHOW DRIFT FOR SOURCE`.
    ///
    /// # Errors
    /// The source or the folder is not there; what is in it is none of ours.
    pub fn drift_report(&self, name: &str, dir: &Path) -> Result<DriftReport, StatementError> {
        let source = self.source(name).map_err(|e| StatementError::without_span(SchemaError::from(e)))?;
        if !dir.is_dir() {
            let help = "name the folder that the runs keep their checkpoints in, as `laminar run --checkpoint` does";
            let target = format!("folder of checkpoints {}", dir.display());
            return Err(StatementError::without_span(SchemaError::from(ConnectorError::NotFound { target, help })));
        }
        DriftStore::new(dir, &source.statement.name.name).load().map_err(StatementError::without_span)
    }

    /// A pipeline that reads a source to its end and writes nothing: its summary tells every field that the source's schema,
    /// as it is resolved now, has no place for, and under `ON SCHEMA CHANGE RESCUE` every value that does not fit.
    ///
    /// # Errors
    /// As [`Engine::bind`]; the source never ends; records of its format do not show which of their fields the schema lacks.
    pub async fn plan_drift(&self, name: &str) -> Result<DriftReading<S, K>, StatementError> {
        // Boxed: resolution may ask a registry, a sample and a file, and its future is as large as all of them.
        let bound = Box::pin(self.bind(name)).await?;
        let at = |e: SchemaError| bound.definition.error(e, &bound.definition.statement.connector.span);
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
        let in_files = SchemaChanges::can_notice_files(&bound.source, format).map_err(at)?;
        let is_rescued = policy == OnSchemaChange::Rescue;
        if !in_files && !is_rescued && !SchemaChanges::can_notice::<S::Decoder>(format).map_err(at)? {
            let error = ResolveError::ChangesUnnoticed { policy: policy.word(), format: format.name.clone() };
            return Err(at(error.into()));
        }
        let config = PipelineConfig {
            registry: bound.registry.clone(),
            commits: false,
            declared: bound.declared_columns(),
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
