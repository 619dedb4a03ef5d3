//! Sources → `laminar.lock`, and sources held against one.

use std::{fmt, sync::Arc};

use super::{BoundSource, Engine, StatementError, catalog::Definition};
use crate::{
    config::FormatSpec,
    connector::{SinkSet, SourceSet},
    ddl::CreateSource,
    error::SchemaError,
    fingerprint::fingerprint,
    format::{DecoderSet, format_options, registered},
    inference::{InferenceConfig, InferenceWarning},
    lock::{
        Compared, Facts, LOCK_VERSION, LockChange, LockError, LockFile, LockReport, LockedFormat, LockedInference,
        LockedResolution, LockedSource, LockedWarning, SourceVerdict, compare_source, contradictions,
    },
    resolve::{ResolveRequest, ResolvedSchema},
};

/// Why sources cannot be locked, or held against a lock.
#[derive(Debug)]
pub enum LockingError {
    /// A source cannot be made or resolved.
    Statement(Box<StatementError>),
    /// The lock is of no use.
    Lock(LockError),
}

impl fmt::Display for LockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(e) => e.fmt(f),
            Self::Lock(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for LockingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Statement(e) => Some(&**e),
            Self::Lock(e) => Some(e),
        }
    }
}

impl From<StatementError> for LockingError {
    fn from(e: StatementError) -> Self {
        Self::Statement(Box::new(e))
    }
}

impl From<LockError> for LockingError {
    fn from(e: LockError) -> Self {
        Self::Lock(e)
    }
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// Resolves every source and keeps what was found. The evidence is kept where the engine was made
    /// [`with_evidence`](Engine::with_evidence).
    ///
    /// # Errors
    /// A source cannot be made or resolved; a format's evidence is no JSON.
    pub async fn lock(&self) -> Result<LockFile, LockingError> {
        let mut sources = Vec::new();
        for name in self.sources() {
            sources.push(self.locked(&self.bind(name).await?)?);
        }
        Ok(LockFile { version: LOCK_VERSION, sql: None, sources })
    }

    /// Resolves every source again and says what is not as the lock has it.
    ///
    /// # Errors
    /// As [`Engine::lock`].
    pub async fn verify_lock(&self, locked: &LockFile) -> Result<LockReport, LockingError> {
        Ok(LockReport::between(locked, &self.lock().await?, |_| Compared::Resolved))
    }

    /// Says what is not as the lock has it without connecting to anything: declarations are compared, and whatever was
    /// inferred is inferred again from its evidence.
    ///
    /// # Errors
    /// The options of a source are wrong; the lock holds a value that is none.
    pub fn verify_lock_offline(&self, locked: &LockFile) -> Result<LockReport, LockingError> {
        let is_named = |s: &LockedSource, name: &str| s.name.to_lowercase() == name.to_lowercase();
        let mut verdicts = Vec::new();
        for name in self.sources() {
            verdicts.push(match locked.sources.iter().find(|s| is_named(s, name)) {
                Some(source) => self.verify_offline(name, source)?,
                None => SourceVerdict {
                    source: name.to_owned(),
                    compared: Compared::NotCompared,
                    changes: vec![LockChange::SourceAdded],
                },
            });
        }
        let removed = locked.sources.iter().filter(|s| !self.sources().any(|name| is_named(s, name)));
        verdicts.extend(removed.map(|s| SourceVerdict::only(s, LockChange::SourceRemoved)));
        verdicts.sort_by_key(|v| v.source.to_lowercase());
        Ok(LockReport { sources: verdicts })
    }

    fn locked(&self, bound: &BoundSource<S>) -> Result<LockedSource, LockingError> {
        let statement = &bound.definition.statement;
        let mut locked = self.facts(statement, bound.source.info().name, &bound.inference, &bound.resolved)?;
        if let Some(evidence) = &bound.resolved.evidence {
            // As it will be read back: the lock must not promise what it cannot keep.
            let config = LockedInference::from(&bound.inference)
                .to_config(&locked.lowered, bound.resolved.format.options.clone())?;
            let request = request(statement, &bound.resolved.format, Some(&config));
            let wrapping =
                S::Decoder::wrapping(&bound.resolved.format).map_err(|e| at_connector(&bound.definition, e))?;
            match self.resolver.resolve_offline(bound.source.info(), &request, wrapping, Some(evidence)) {
                Ok(replayed) => locked.replay = replayed.map(|r| fingerprint(&r.schema).to_string()),
                Err(e) => {
                    locked.evidence = None;
                    locked.warnings.push(LockedWarning::from(&InferenceWarning::warning("", e.to_string())));
                }
            }
        }
        Ok(locked)
    }

    fn facts(
        &self,
        statement: &CreateSource,
        connector: &str,
        inference: &InferenceConfig,
        resolved: &ResolvedSchema,
    ) -> Result<LockedSource, LockError> {
        LockedSource::new(&Facts {
            name: &statement.name.name,
            connector,
            format_keys: &format_options::<S::Decoder>(&statement.format.spec.name),
            inference,
            resolved,
        })
    }

    fn verify_offline(&self, name: &str, locked: &LockedSource) -> Result<SourceVerdict, LockingError> {
        let definition = Arc::clone(self.source(name).map_err(StatementError::without_span)?);
        let statement = &definition.statement;
        // Makes the source, which reads its options and connects to nothing.
        let info = self.make_source(&definition)?.info();
        let asked = statement.inference_config().map_err(|e| definition.error(e, &statement.connector.span))?;
        let verdict = |compared, changes| SourceVerdict { source: statement.name.name.clone(), compared, changes };
        let mut changes = contradictions(locked);

        let mut format = with_found(&statement.format.spec, locked);
        let registry = statement
            .registry_config_of(&self.registries)
            .map_err(|e| definition.error(e, &statement.connector.span))?;
        if let Some(registry) = &registry {
            // What only the registry could say is taken from the lock.
            let keys = format_options::<S::Decoder>(&format.name);
            format = registered::of_messages(&format, &keys, registered::header_of(&registry.connection));
            let read_with = locked.format.options.get(registered::READER_SCHEMA);
            if let Some(schema) = read_with.filter(|_| format.options.get(registered::READER_SCHEMA).is_none()) {
                format.options.insert(registered::READER_SCHEMA, schema, None);
            }
        }
        let config = match &locked.inference {
            Some(inference) => inference.to_config(&locked.lowered, format.options.clone())?,
            None => asked.clone(),
        };
        let evidence = locked.evidence.as_ref().map(|e| e.get());
        // Without evidence nothing is inferred, and a connector that cannot must not be asked whether it can.
        let request = request(statement, &format, evidence.map(|_| &config));
        let wrapping = S::Decoder::wrapping(&format).map_err(|e| at_connector(&definition, e))?;
        let resolved = match self.resolver.resolve_offline(info, &request, wrapping, evidence) {
            Ok(Some(resolved)) => {
                let found = locked.format.found.iter().filter(|key| statement.format.spec.options.value(key).is_none());
                ResolvedSchema { found_options: found.cloned().collect(), ..resolved }
            }
            Ok(None) => {
                // What the statement says is known all the same.
                let found = &locked.format.found;
                let format = LockedFormat::new(&format, found, &format_options::<S::Decoder>(&format.name));
                let now = LockedSource { connector: info.name.to_owned(), format, ..locked.clone() };
                changes.extend(compare_source(locked, &now));
                return Ok(verdict(Compared::NotCompared, changes));
            }
            // Whatever the evidence is not good for is a change, and not the end of the comparison.
            Err(e) if evidence.is_some() => {
                changes.push(LockChange::NotReplayed { reason: e.to_string() });
                return Ok(verdict(Compared::Evidence, changes));
            }
            Err(e) => return Err(at_connector(&definition, e).into()),
        };
        let now = self.facts(statement, info.name, &asked, &resolved)?;
        let compared =
            if now.resolution == LockedResolution::Declared { Compared::Declaration } else { Compared::Evidence };
        let replay = locked.replay.as_ref().filter(|_| compared == Compared::Evidence).unwrap_or(&locked.fingerprint);
        if *replay == locked.fingerprint {
            changes.extend(compare_source(locked, &now));
        } else {
            // The schema is what evidence and decoding gave together: of the two only the evidence is at hand.
            let as_locked =
                LockedSource { fields: locked.fields.clone(), fingerprint: locked.fingerprint.clone(), ..now.clone() };
            changes.extend(compare_source(locked, &as_locked));
            if *replay != now.fingerprint {
                changes.push(LockChange::ReplayChanged { from: replay.clone(), to: now.fingerprint });
            }
        }
        Ok(verdict(compared, changes))
    }
}

/// What the statement asks for, with the format's options as they were found. The registry is left out: what it said is
/// not what evidence is kept of.
fn request<'a>(
    statement: &'a CreateSource,
    format: &'a FormatSpec,
    inference: Option<&'a InferenceConfig>,
) -> ResolveRequest<'a> {
    ResolveRequest { declared: statement.declaration(), format, inference, registry: None }
}

/// The statement's format with the options that were found when the lock was written.
fn with_found(asked: &FormatSpec, locked: &LockedSource) -> FormatSpec {
    let mut format = asked.clone();
    if format.name == locked.format.name {
        for key in &locked.format.found {
            if let (None, Some(value)) = (format.options.value(key), locked.format.options.get(key)) {
                format.options.insert(key.clone(), value.clone(), None);
            }
        }
    }
    format
}

fn at_connector(definition: &Definition<CreateSource>, e: impl Into<SchemaError>) -> StatementError {
    definition.error(e, &definition.statement.connector.span)
}
