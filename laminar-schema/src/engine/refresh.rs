//! `ALTER SOURCE … REFRESH SCHEMA`: what a source's schema is now, held against the one that its pipeline goes on with.

use std::{fmt, path::Path, time::SystemTime};

use super::{Engine, StatementError};
use crate::{
    connector::{SinkSet, SourceSet},
    error::{ConnectorError, SchemaError, SchemaResult},
    evolution::{self, EvolutionError, EvolutionVerdict, HistoryStore, SchemaChange},
    pipeline::CheckpointStore,
    registry::CompatibilityMode,
};

/// What a refresh found, and what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshedSchema {
    /// The source.
    pub source: String,
    /// Number of the version that the pipeline went on with.
    pub version: u64,
    /// What has changed since; nothing where it is the same.
    pub changes: Vec<SchemaChange>,
    /// Whether the changes may be applied.
    pub verdict: EvolutionVerdict,
    /// Number of the new version, where one was made.
    pub adopted: Option<u64>,
}

impl RefreshedSchema {
    /// Whether the changes are refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.verdict, EvolutionVerdict::Incompatible(_))
    }
}

impl fmt::Display for RefreshedSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, version, changes, verdict, adopted } = self;
        if changes.is_empty() {
            return writeln!(f, "{source}: schema version {version} is still the one in force");
        }
        writeln!(f, "{source}: since schema version {version}")?;
        changes.iter().try_for_each(|change| writeln!(f, "  {change}"))?;
        match (verdict, adopted) {
            (EvolutionVerdict::Incompatible(reason), _) => writeln!(f, "refused: {reason}"),
            (_, Some(adopted)) => writeln!(f, "the next run goes on with version {adopted}"),
            (EvolutionVerdict::RequiresConfirmation(_, reason), None) => {
                writeln!(f, "nothing is changed by a dry run; to be looked at: {reason}")
            }
            (EvolutionVerdict::Compatible(_), None) => writeln!(f, "compatible; nothing is changed by a dry run"),
        }
    }
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// Resolves a source again and holds its schema against the one that its pipeline goes on with, from the history in the
    /// folder of its checkpoints. Unless it is a `dry_run`, the next run goes on with the new one, if it is compatible.
    ///
    /// No run of the pipeline may be under way: it would overwrite what is changed here.
    ///
    /// # Errors
    /// As [`Engine::bind`]; there is no history of the source in the folder: one is kept of sources with `ON SCHEMA CHANGE`.
    pub async fn refresh_schema(
        &self,
        name: &str,
        dir: &Path,
        dry_run: bool,
    ) -> Result<RefreshedSchema, StatementError> {
        // Boxed: resolution may ask a registry, a sample and a file, and its future is as large as all of them.
        let bound = Box::pin(self.bind(name)).await?;
        let mode = bound.schema_changes.as_ref().map(|changes| changes.compatibility).unwrap_or_default();
        refresh(bound.name(), &bound.spec.schema, dir, mode, dry_run).map_err(StatementError::without_span)
    }
}

fn refresh(
    source: &str,
    found: &arrow_schema::SchemaRef,
    dir: &Path,
    mode: CompatibilityMode,
    dry_run: bool,
) -> SchemaResult<RefreshedSchema> {
    let histories = HistoryStore::new(dir, source);
    let refused = |reason: String| SchemaError::new(EvolutionError::Rejected { reason });
    let mut history = histories.load().map_err(|e| refused(e.to_string()))?;
    let checkpoints = CheckpointStore::open(dir, source)?;
    let checkpoint = checkpoints.load()?;
    let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.schema_version);
    let Some(in_force) = history.versions().iter().find(|known| known.version == version) else {
        let help = "a history is kept of sources with ON SCHEMA CHANGE, by runs with a folder of checkpoints";
        let target = format!("history of source `{source}` in {}", dir.display());
        return Err(ConnectorError::NotFound { target, help }.into());
    };
    let changes = evolution::diff(&in_force.schema, found);
    let verdict = evolution::evaluate(&changes, mode);
    let mut refreshed = RefreshedSchema { source: source.to_owned(), version, changes, verdict, adopted: None };
    if dry_run || refreshed.changes.is_empty() || refreshed.is_refused() {
        return Ok(refreshed);
    }
    let positions = checkpoint.as_ref().map(|checkpoint| checkpoint.positions.clone()).unwrap_or_default();
    history.record(found, positions, SystemTime::now());
    let adopted = history.latest().map_or(version, |latest| latest.version);
    // The history first: the checkpoint speaks of it.
    histories.store(&history).map_err(|e| refused(e.to_string()))?;
    let mut checkpoint =
        checkpoint.unwrap_or_else(|| crate::pipeline::StoredCheckpoint::new(0, Default::default(), Default::default()));
    checkpoint.schema_version = adopted;
    checkpoints.store(&checkpoint)?;
    refreshed.adopted = Some(adopted);
    Ok(refreshed)
}
