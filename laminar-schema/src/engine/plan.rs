//! INSERT statements → pipelines: one per source, with an output for each INSERT from it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{BoundSource, Engine, Script, StatementError, catalog::Definition, condition};
use crate::{
    capability::{Capability, SchemaEvolvable as _},
    config::FormatSpec,
    connector::{SinkSet, SourceSet},
    ddl::{self, CreateSink, Ident, Insert, SelectItem, StatementKind},
    error::{ConnectorError, ErrorKind, SchemaError, SchemaResult},
    evolution::{DriftStore, HistoryStore, OnSchemaChange},
    pipeline::{
        CheckpointStore, IDLE_TIMEOUT, OnError, Output, Pipeline, PipelineConfig, SelectedColumn, WatermarkConfig,
        dead_letter_schema_of,
    },
    registry::RegistryKinds,
    resolve::ResolveError,
    resolve::ResolvedSchema,
};

/// How pipelines run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Folder of the checkpoints; without one every run starts at the beginning.
    pub checkpoint_dir: Option<PathBuf>,
    /// Time between checkpoints.
    pub checkpoint_interval: Duration,
    /// Records per batch, at most.
    pub max_batch_records: usize,
    /// Whether sources that never end are refused.
    pub must_end: bool,
    /// Threads of each pipeline that decode and encode.
    pub threads: usize,
    /// A partition without records for so long does not hold the watermark back.
    pub idle_timeout: Duration,
}

impl Default for RunOptions {
    fn default() -> Self {
        let usual = PipelineConfig::new("");
        Self {
            checkpoint_dir: None,
            checkpoint_interval: usual.checkpoint_interval,
            max_batch_records: usual.max_batch_records,
            must_end: false,
            threads: usual.threads,
            idle_timeout: IDLE_TIMEOUT,
        }
    }
}

/// A pipeline that is ready to run.
#[derive(Debug)]
pub struct Planned<S, K> {
    /// The source's name.
    pub source: String,
    /// What is read and written, for people.
    pub description: String,
    /// How the source's schema was found, for people: `EXPLAIN SOURCE`.
    pub explanation: String,
    /// The schema and the account of how it was found.
    pub resolved: ResolvedSchema,
    /// The pipeline.
    pub pipeline: Pipeline<S, K>,
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// Plans every INSERT among the statements. INSERTs from the same source share one pipeline, in the order of
    /// the first of them.
    ///
    /// # Errors
    /// A name is unknown, a sink is used twice, options are wrong, or a source has no schema.
    pub async fn plan(&self, script: &Script, options: &RunOptions) -> Result<Vec<Planned<S, K>>, StatementError> {
        let inserts = || {
            script.statements.iter().filter_map(|s| match &s.kind {
                StatementKind::Insert(insert) => Some(insert),
                _ => None,
            })
        };
        let mut order: Vec<String> = Vec::new();
        for insert in inserts() {
            let name = self
                .source(&insert.source.name)
                .map_err(|e| script.error(e, &insert.source))?
                .statement
                .name
                .name
                .clone();
            if !order.contains(&name) {
                order.push(name);
            }
        }
        let mut used_sinks = Vec::new();
        let mut planned = Vec::new();
        for source in order {
            let of_source: Vec<&Insert> =
                inserts().filter(|i| i.source.name.to_lowercase() == source.to_lowercase()).collect();
            let plan = self.plan_source(script, &source, &of_source, &mut used_sinks, options);
            planned.push(Box::pin(plan).await?);
        }
        Ok(planned)
    }

    async fn plan_source(
        &self,
        script: &Script,
        name: &str,
        inserts: &[&Insert],
        used_sinks: &mut Vec<String>,
        options: &RunOptions,
    ) -> Result<Planned<S, K>, StatementError> {
        // Boxed: resolution may ask a registry, a sample and a file, and its future is as large as all of them.
        let bound = Box::pin(self.bind(name)).await?;
        if options.must_end && !bound.source.is_bounded() {
            let error = ConnectorError::Unbounded { name: name.to_owned() };
            return Err(bound.definition.error(error, &bound.definition.statement.connector.span));
        }
        let mut lines = Vec::new();
        let mut outputs = Vec::new();
        for insert in inserts {
            let sink = self.claim_sink(&insert.sink, used_sinks).map_err(|e| script.error(e, &insert.sink))?;
            let output = self.output(script, &bound, insert, sink).await?;
            lines.push(describe(&bound, insert, sink));
            outputs.push(output);
        }
        let on_error = match bound.definition.statement.on_error() {
            ddl::OnError::Fail => OnError::Fail,
            ddl::OnError::Skip => OnError::Skip,
            ddl::OnError::DeadLetter(sink) => {
                let at = |e| bound.definition.error(e, &sink.span);
                let sink = self.claim_sink(&sink, used_sinks).map_err(at)?;
                OnError::DeadLetter(self.dead_letter(sink, &bound.spec.format).await?)
            }
        };
        let store = match &options.checkpoint_dir {
            Some(dir) => Some(CheckpointStore::open(dir, name).map_err(StatementError::without_span)?),
            None => None,
        };
        let mut schema_changes = bound.schema_changes.clone();
        if let Some(changes) = &mut schema_changes {
            changes.history = options.checkpoint_dir.as_deref().map(|dir| HistoryStore::new(dir, name));
        }
        let config = PipelineConfig {
            drift: options.checkpoint_dir.as_deref().map(|dir| DriftStore::new(dir, name)),
            schema_changes,
            max_batch_records: options.max_batch_records,
            checkpoint_interval: options.checkpoint_interval,
            store,
            registry: bound.registry.clone(),
            threads: options.threads,
            declared: bound.declared_columns(),
            error_budget: bound.error_budget.clone(),
            watermark: bound
                .watermark
                .clone()
                .map(|watermark| WatermarkConfig { idle_timeout: options.idle_timeout, ..watermark }),
            ..PipelineConfig::new(name)
        };
        let explanation = bound.explain().map_err(StatementError::without_span)?;
        Ok(Planned {
            source: name.to_owned(),
            description: lines.join("\n"),
            explanation,
            resolved: bound.resolved,
            pipeline: Pipeline::new(bound.source, bound.spec, outputs, on_error, config),
        })
    }

    /// The sink's definition. A sink has one writer, so it may be named once.
    fn claim_sink(&self, name: &Ident, used: &mut Vec<String>) -> Result<&Arc<Definition<CreateSink>>, ConnectorError> {
        let sink = self.sink(&name.name)?;
        let known = sink.statement.name.name.clone();
        if used.contains(&known) {
            return Err(ConnectorError::SinkUsedTwice { name: known });
        }
        used.push(known);
        Ok(sink)
    }

    async fn output(
        &self,
        script: &Script,
        bound: &BoundSource<S>,
        insert: &Insert,
        sink: &Definition<CreateSink>,
    ) -> Result<Output<K>, StatementError> {
        let connector = self.open_sink(sink).await?;
        let schema = bound.spec.output_schema();
        let selected = selected_columns(insert, bound);
        let name = sink.statement.name.name.as_str();
        let plain = sink.statement.format.spec.clone();
        let output = Output::select(name, connector, plain, &schema, &selected).map_err(|e| {
            let span = culprit(insert, &e);
            StatementError::new(e, &script.text, span)
        })?;
        let output = registered(output, sink, &self.registries).await?;
        let output = match &insert.filter {
            None => output,
            Some(filter) => output.with_filter(condition::bind(filter, &insert.source.name, &schema, &script.text)?),
        };
        check_encoder(&output, sink)?;
        let is_starred = insert.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        let output = if is_starred { output.with_new_columns() } else { output };
        let evolves = bound.schema_changes.as_ref().is_some_and(|c| c.policy == OnSchemaChange::Evolve);
        if evolves && output.may_change() {
            check_follows(&output, sink)?;
        }
        Ok(output)
    }

    async fn dead_letter(
        &self,
        sink: &Definition<CreateSink>,
        source: &FormatSpec,
    ) -> Result<Output<K>, StatementError> {
        let connector = self.open_sink(sink).await?;
        let (name, format) = (sink.statement.name.name.as_str(), sink.statement.format.spec.clone());
        let output = Output::all(name, connector, format, &dead_letter_schema_of(source));
        check_encoder(&output, sink)?;
        Ok(output)
    }

    async fn open_sink(&self, definition: &Definition<CreateSink>) -> Result<K, StatementError> {
        let statement = &definition.statement;
        let sink = self.make_sink(definition)?;
        let at = |e: SchemaError| {
            definition.error(e.at(crate::Location::source(statement.name.name.as_str())), &statement.connector.span)
        };
        sink.validate().await.map_err(at)?;
        Ok(sink)
    }
}

impl Script {
    fn error(&self, error: ConnectorError, at: &Ident) -> StatementError {
        StatementError::new(error, &self.text, at.span.clone())
    }
}

/// Builds an encoder once at planning time, so that a type the format cannot carry shows before anything is read.
fn check_encoder<K: SinkSet>(output: &Output<K>, sink: &Definition<CreateSink>) -> Result<(), StatementError> {
    if output.sink().takes_columns() {
        return Ok(());
    }
    let built: SchemaResult<_> = output.sink().build_encoder(output.spec());
    let at = |e: SchemaError| e.at(crate::Location::source(sink.statement.name.name.as_str()));
    built.map(drop).map_err(|e| sink.error(at(e), &sink.statement.format.span))
}

/// The output, with its schema in the registry where the sink names one.
async fn registered<K: SinkSet>(
    output: Output<K>,
    sink: &Definition<CreateSink>,
    kinds: &RegistryKinds,
) -> Result<Output<K>, StatementError> {
    let statement = &sink.statement;
    let config = statement.registry_config_of(kinds).map_err(|e| sink.error(e, &statement.connector.span))?;
    let (Some(config), Some(clause)) = (config, &statement.registry) else { return Ok(output) };
    let at = |e: SchemaError| sink.error(e.at(crate::Location::source(statement.name.name.as_str())), &clause.span);
    output.with_registry(config).await.map_err(at)
}

/// Asks a sink up front whether it can go on with a schema that grows.
fn check_follows<K: SinkSet>(output: &Output<K>, sink: &Definition<CreateSink>) -> Result<(), StatementError> {
    let (connector, format) = (output.sink(), &sink.statement.format.spec.name);
    let info = connector.info();
    if connector.as_schema_evolvable().is_some_and(|evolvable| evolvable.follows())
        && info.supports(Capability::Evolvable, format)
    {
        return Ok(());
    }
    let error = ResolveError::SinkCannotFollow {
        sink: sink.statement.name.name.clone(),
        connector: info.name.to_owned(),
        format: format.clone(),
    };
    Err(sink.error(error, &sink.statement.connector.span))
}

/// The SELECT list, with `*` written out.
fn selected_columns<S: SourceSet>(insert: &Insert, bound: &BoundSource<S>) -> Vec<SelectedColumn> {
    let schema = bound.spec.output_schema();
    let mut selected = Vec::new();
    for item in &insert.projection {
        match item {
            SelectItem::Wildcard(_) => selected.extend(
                schema.fields().iter().map(|f| SelectedColumn { column: f.name().clone(), name: f.name().clone() }),
            ),
            SelectItem::Column { column, alias, .. } => {
                let name = alias.as_ref().unwrap_or(column).name.clone();
                selected.push(SelectedColumn { column: column.name.clone(), name });
            }
            // `Engine::load` has refused these already.
            SelectItem::Expression { .. } => {}
        }
    }
    selected
}

/// The column of the SELECT list that the error is about, or else the whole statement.
fn culprit(insert: &Insert, error: &SchemaError) -> std::ops::Range<usize> {
    let named = match error.kind() {
        ErrorKind::Resolve(
            ResolveError::UnknownColumn { column: name, .. } | ResolveError::NameCollision { name, .. },
        ) => name,
        _ => return insert.sink.span.start..insert.source.span.end,
    };
    let is_meant = |item: &&SelectItem| match item {
        SelectItem::Column { column, alias, .. } => {
            column.name == *named || alias.as_ref().is_some_and(|a| a.name == *named)
        }
        SelectItem::Wildcard(_) | SelectItem::Expression { .. } => false,
    };
    // Of two columns of one name the second is the one too many.
    match insert.projection.iter().rfind(is_meant) {
        Some(SelectItem::Column { column, alias, .. }) => {
            column.span.start..alias.as_ref().map_or(column.span.end, |a| a.span.end)
        }
        _ => insert.sink.span.start..insert.source.span.end,
    }
}

fn describe<S: SourceSet>(bound: &BoundSource<S>, insert: &Insert, sink: &Definition<CreateSink>) -> String {
    let columns: Vec<String> = insert
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::Wildcard(_) => "*".to_owned(),
            SelectItem::Column { column, alias: Some(alias), .. } => format!("{} AS {}", column.name, alias.name),
            SelectItem::Column { column, alias: None, .. } => column.name.clone(),
            SelectItem::Expression { expression, .. } => expression.text.clone(),
        })
        .collect();
    let filter = insert.filter.as_ref().map(|f| format!(" WHERE {}", f.text)).unwrap_or_default();
    let statement = &sink.statement;
    let format = &statement.format.spec.name;
    let format = if format.is_empty() { String::new() } else { format!(", format {format}") };
    format!(
        "{} → {} (connector `{}`{format}): {}{filter}",
        bound.name(),
        statement.name.name,
        statement.connector.name,
        columns.join(", ")
    )
}
