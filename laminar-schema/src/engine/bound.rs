//! A source with its schema: what `EXPLAIN SOURCE` shows and a pipeline starts from.

use std::{fmt::Write as _, sync::Arc};

use super::{Engine, StatementError, catalog::Definition};
use crate::{
    capability::Capability,
    connector::{SinkSet, SourceSet},
    ddl::{CreateSource, OnError, parse_watermark_delay},
    error::{SchemaError, SchemaResult},
    evolution::OnSchemaChange,
    format::{DecodeSpec, DecoderSet, FormatDecoder, Framing, WriterSchema, format_options, registered},
    inference::InferenceConfig,
    pipeline::{
        ErrorBudget, IDLE_TIMEOUT, SchemaChanges, WatermarkConfig, output, watermark::is_event_time, with_rescue_column,
    },
    registry::RegistryConfig,
    resolve::{ResolveError, ResolveRequest, ResolvedSchema},
};

/// A source that was made, with the schema that was found for it.
#[derive(Debug)]
pub struct BoundSource<S> {
    pub(super) definition: Arc<Definition<CreateSource>>,
    /// The source, ready to start.
    pub source: S,
    /// The schema and the account of how it was found.
    pub resolved: ResolvedSchema,
    /// What the decoder is built from.
    pub spec: DecodeSpec,
    /// How its schema was inferred, or would have been.
    pub inference: InferenceConfig,
    pub(super) registry: Option<RegistryConfig>,
    pub(super) schema_changes: Option<Box<SchemaChanges>>,
    pub(super) watermark: Option<WatermarkConfig>,
    pub(super) error_budget: Option<ErrorBudget>,
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// Makes a source and resolves its schema. May do I/O: sampling, a registry, a file's metadata.
    ///
    /// # Errors
    /// There is no such source; its options are wrong; no schema can be found.
    pub async fn bind(&self, name: &str) -> Result<BoundSource<S>, StatementError> {
        let definition = Arc::clone(self.source(name).map_err(StatementError::without_span)?);
        let statement = &definition.statement;
        let at_connector = |e: SchemaError| definition.error(named(e, statement), &statement.connector.span);
        let source = self.make_source(&definition)?;
        source.validate().await.map_err(at_connector)?;

        let registry = statement
            .registry_config_of(&self.registries)
            .map_err(|e| definition.error(e, &statement.connector.span))?;
        let format_options = format_options::<S::Decoder>(&statement.format.spec.name);
        let (source, format) = match &registry {
            None => (source, statement.format.spec.clone()),
            Some(registry) => {
                let header = registered::header_of(&registry.connection);
                let format = registered::of_messages(&statement.format.spec, &format_options, header);
                (source.with_format(&format).map_err(at_connector)?, format)
            }
        };
        let inference = statement.inference_config().map_err(|e| definition.error(e, &statement.connector.span))?;
        let inference = InferenceConfig { keep_evidence: self.keep_evidence, ..inference };
        // A configuration stands for INFER SCHEMA, which a connector without the capability refuses.
        let may_infer = source.info().supports(Capability::Inferable, &statement.format.spec.name);
        let asked = statement.inference.is_some() || (self.keep_evidence && may_infer);
        let request = ResolveRequest {
            declared: statement.declaration(),
            format: &format,
            inference: asked.then_some(&inference),
            registry: registry.as_ref(),
        };
        let (source, mut resolved) = self.resolver.detect_and_resolve(source, &request).await.map_err(at_connector)?;
        let mut writer_schemas = Vec::new();
        if let Some(registered) = &resolved.registered {
            resolved.format = registered::read_as(&resolved.format, registered, &format_options);
            let id = registered.schema_id;
            writer_schemas.push(WriterSchema { id, raw: registered.raw_schema.clone() });
        }
        let schema_changes = schema_changes(&source, statement, &inference, &resolved, registry.as_ref())
            .map_err(|e| definition.error(named(e, statement), &change_span(statement)))?;
        let schema = match schema_changes.as_ref().map(|changes| changes.policy) {
            Some(OnSchemaChange::Rescue) => with_rescue_column(&resolved.schema),
            _ => Arc::clone(&resolved.schema),
        };
        let spec = DecodeSpec {
            metadata_columns: statement.include.clone(),
            writer_schemas,
            ..DecodeSpec::new(schema, resolved.format.clone())
        };
        check_metadata_names(&spec).map_err(at_connector)?;
        let watermark = watermark(&definition, &spec)?;
        let error_budget = statement.error_budget().map_err(|e| definition.error(e, &statement.connector.span))?;
        Ok(BoundSource {
            source,
            resolved,
            spec,
            inference,
            registry,
            schema_changes,
            watermark,
            error_budget,
            definition,
        })
    }
}

impl<S: SourceSet> BoundSource<S> {
    /// The source's name, as it was created.
    pub fn name(&self) -> &str {
        &self.definition.statement.name.name
    }

    /// Names of the columns that the user has declared.
    pub(super) fn declared_columns(&self) -> Vec<String> {
        let declaration = self.definition.statement.declaration();
        declaration.iter().flat_map(|declared| declared.columns.iter().map(|c| c.name.clone())).collect()
    }

    /// Everything that was decided about the source and why, for people: `EXPLAIN SOURCE`.
    ///
    /// # Errors
    /// The decoder cannot be built.
    pub fn explain(&self) -> SchemaResult<String> {
        let statement = &self.definition.statement;
        let info = self.source.info();
        let mut out = format!("source {}: connector `{}`", self.name(), info.name);
        if !self.spec.format.name.is_empty() {
            let _ = write!(out, ", format {}", self.spec.format.name);
        }
        let _ = writeln!(out, "\ncapabilities: {}", info.capabilities);
        out.push_str(&self.resolved.explain());
        if !self.spec.metadata_columns.is_empty() {
            let columns: Vec<String> = self
                .spec
                .metadata_columns
                .iter()
                .map(|c| format!("{} {}", c.name, crate::types::field_type_name(&c.field())))
                .collect();
            let _ = writeln!(out, "metadata columns: {}", columns.join(", "));
        }
        let decoder = self.source.build_decoder(&self.spec)?;
        let _ = writeln!(out, "decoder: {}", decoder.format_name());
        let _ = match statement.on_error() {
            OnError::Fail => writeln!(out, "on error: fail at the first bad record"),
            OnError::Skip => writeln!(out, "on error: skip bad records and count them"),
            OnError::DeadLetter(sink) => writeln!(out, "on error: bad records go to sink {}", sink.name),
        };
        if let Some(ErrorBudget { max_rate, window, .. }) = &self.error_budget {
            let _ = writeln!(out, "error budget: a rate of {max_rate} within {window:?}");
        }
        if let Some(WatermarkConfig { column, delay, .. }) = &self.watermark {
            let _ = writeln!(out, "watermark: {column}, {delay:?} behind the latest");
        }
        if let Some(changes) = &self.schema_changes {
            let _ = writeln!(out, "on schema change: {}", changes.policy.word().to_lowercase());
        }
        Ok(out)
    }
}

/// How the pipeline follows the schema; `None` where nobody looks out for changes.
fn schema_changes<S: SourceSet>(
    source: &S,
    statement: &CreateSource,
    inference: &InferenceConfig,
    resolved: &ResolvedSchema,
    registry: Option<&RegistryConfig>,
) -> SchemaResult<Option<Box<SchemaChanges>>> {
    let Some(policy) = statement.on_schema_change() else { return Ok(None) };
    let format = &statement.format.spec;
    let framing = S::Decoder::framing(format)?;
    if policy != OnSchemaChange::Rescue
        && framing == Some(Framing::AvroContainer)
        && source.info().supports(Capability::Provider, &format.name)
        && S::Decoder::wrapping(format)?.is_some()
    {
        return Err(ResolveError::ChangesInEnvelope { policy: policy.word() }.into());
    }
    let in_files = SchemaChanges::can_notice_files(source, format)?;
    let is_noticed = match policy {
        // Records that are columns are left to their files' source.
        OnSchemaChange::Rescue => {
            SchemaChanges::can_rescue::<S::Decoder>(format) && (in_files || framing != Some(Framing::Columns))
        }
        // Messages that name their schemas show a change of it all the same.
        _ => SchemaChanges::can_notice::<S::Decoder>(format)? || registry.is_some() || in_files,
    };
    if !is_noticed {
        // The schema is frozen, so what does not fit it fails already.
        return match policy {
            OnSchemaChange::Fail => Ok(None),
            _ => Err(ResolveError::ChangesUnnoticed { policy: policy.word(), format: format.name.clone() }.into()),
        };
    }
    let info = source.info();
    if policy == OnSchemaChange::Evolve && !info.supports(Capability::Evolvable, &format.name) {
        return Err(ResolveError::CapabilityAbsent {
            connector: info.name.to_owned(),
            capability: Capability::Evolvable,
            format: format.name.clone(),
            formats: info.formats_of(Capability::Evolvable).iter().map(|f| (*f).to_owned()).collect(),
        }
        .into());
    }
    let declared = statement.declaration();
    let changes = SchemaChanges {
        compatibility: registry.map(|r| r.compatibility).unwrap_or_default(),
        inference: inference.clone(),
        declared: declared.iter().flat_map(|d| d.columns.iter().map(|c| c.name.clone())).collect(),
        writer: resolved.registered.clone(),
        prefix: declared.and_then(|d| d.wildcard_prefix.clone()).unwrap_or_default(),
        ..SchemaChanges::new(policy)
    };
    match changes.owned_options().iter().find(|option| format.options.get(option).is_some()) {
        Some(option) => Err(ResolveError::DecidedTwice { policy: policy.word(), option }.into()),
        None => Ok(Some(Box::new(changes))),
    }
}

fn change_span(statement: &CreateSource) -> std::ops::Range<usize> {
    statement.on_schema_change.as_ref().map_or_else(|| statement.connector.span.clone(), |clause| clause.span.clone())
}

/// What WATERMARK FOR says of columns that are there.
fn watermark(
    definition: &Definition<CreateSource>,
    spec: &DecodeSpec,
) -> Result<Option<WatermarkConfig>, StatementError> {
    let statement = &definition.statement;
    let Some(clause) = &statement.watermark else { return Ok(None) };
    let at = |e: SchemaError| definition.error(named(e, statement), &clause.column.span);
    let delay = parse_watermark_delay(&definition.text, clause);
    let delay = delay.map_err(|e| definition.error(e, &clause.expression.span))?;
    let schema = spec.output_schema();
    let (_, field) = output::find(&schema, &clause.column.name).map_err(at)?;
    if !is_event_time(field.data_type()) {
        let (column, found) = (field.name().clone(), crate::types::field_type_name(field));
        return Err(at(ResolveError::NoEventTime { column, found }.into()));
    }
    Ok(Some(WatermarkConfig { column: field.name().clone(), delay, idle_timeout: IDLE_TIMEOUT }))
}

/// Names the source in an error that does not know where it happened.
fn named(error: SchemaError, statement: &CreateSource) -> SchemaError {
    error.at(crate::Location::source(statement.name.name.as_str()))
}

fn check_metadata_names(spec: &DecodeSpec) -> SchemaResult<()> {
    let mut seen: Vec<(&str, String)> =
        spec.schema.fields().iter().map(|f| (f.name().as_str(), format!("column `{}`", f.name()))).collect();
    for column in &spec.metadata_columns {
        let second = format!("INCLUDE … AS {}", column.name);
        if let Some((name, first)) = seen.iter().find(|(name, _)| *name == column.name) {
            let (name, first) = ((*name).to_owned(), first.clone());
            return Err(ResolveError::NameCollision { name, first, second }.into());
        }
        seen.push((&column.name, second));
    }
    Ok(())
}
