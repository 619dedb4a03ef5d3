//! What has been created so far.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::StatementError;
use crate::{
    capability::ConnectorInfo,
    config::{SinkConfig, SourceConfig, did_you_mean},
    connector::{BoxSink, BoxSource, ConnectorRegistry, Sink, SinkSet, Source, SourceSet},
    ddl::{self, CreateSink, CreateSource, FormatClause, Ident, Statement, StatementKind},
    error::{ConnectorError, SchemaResult},
    format::format_options,
    inference::{FormatInference, FormatInferenceRegistry},
    registry::{RegistryKind, RegistryKinds},
    resolve::SchemaResolver,
};

type MakeSource<S> = Box<dyn Fn(&str, &SourceConfig) -> SchemaResult<S> + Send + Sync>;
type MakeSink<K> = Box<dyn Fn(&str, &SinkConfig) -> SchemaResult<K> + Send + Sync>;

/// A catalog of sources and sinks over two closed sets of connectors, and plugins if the sets have room for them.
pub struct Engine<S, K> {
    pub(super) resolver: SchemaResolver,
    sources: BTreeMap<String, Arc<Definition<CreateSource>>>,
    sinks: BTreeMap<String, Arc<Definition<CreateSink>>>,
    pub(super) keep_evidence: bool,
    plugin_sources: Option<MakeSource<S>>,
    plugin_sinks: Option<MakeSink<K>>,
    pub(super) registries: RegistryKinds,
}

/// What is left of an SQL text once its CREATE and DROP statements have taken effect.
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) text: Arc<str>,
    /// The other statements, in order.
    pub statements: Vec<Statement>,
}

/// A statement with the text it stands in.
#[derive(Debug)]
pub(super) struct Definition<T> {
    pub(super) statement: T,
    pub(super) text: Arc<str>,
}

impl<T> Definition<T> {
    /// Checks that the connector speaks the statement's format; one with columns of its own needs none.
    pub(super) fn check_format(&self, info: &ConnectorInfo, format: &FormatClause) -> Result<(), StatementError> {
        format.require(&self.text, info.formats).map_err(|e| StatementError::ddl(e, &self.text))?;
        let name = format.spec.name.as_str();
        if info.formats.is_empty() || info.formats.contains(&name) {
            return Ok(());
        }
        Err(self.error(ConnectorError::unsupported_format(info.name, name, info.formats), &format.span))
    }

    pub(super) fn error(&self, error: impl Into<crate::SchemaError>, span: &std::ops::Range<usize>) -> StatementError {
        StatementError::new(error, &self.text, span.clone())
    }
}

impl<S: SourceSet, K: SinkSet> Default for Engine<S, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, K> fmt::Debug for Engine<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sources, sinks): (Vec<_>, Vec<_>) = (self.sources.keys().collect(), self.sinks.keys().collect());
        f.debug_struct("Engine").field("sources", &sources).field("sinks", &sinks).finish_non_exhaustive()
    }
}

impl<S: SourceSet, K: SinkSet> Engine<S, K> {
    /// An empty catalog.
    pub fn new() -> Self {
        Self {
            resolver: SchemaResolver::of::<S::Decoder>(),
            sources: BTreeMap::new(),
            sinks: BTreeMap::new(),
            keep_evidence: false,
            plugin_sources: None,
            plugin_sinks: None,
            registries: RegistryKinds::new(),
        }
    }

    /// The same engine with connectors that were registered at run time. Linked connectors win over registered ones
    /// of the same name.
    #[must_use]
    pub fn with_plugins(mut self, registry: ConnectorRegistry<S::Decoder, K::Encoder>) -> Self
    where
        S: From<BoxSource<<S as Source>::Decoder>>,
        K: From<BoxSink<<K as Sink>::Encoder>>,
    {
        let registry = Arc::new(registry);
        let sources = Arc::clone(&registry);
        self.plugin_sources = Some(Box::new(move |name, config| sources.create_source(name, config).map(S::from)));
        self.plugin_sinks = Some(Box::new(move |name, config| registry.create_sink(name, config).map(K::from)));
        self
    }

    /// The same engine with other or more inferences than its decoder set brings.
    #[must_use]
    pub fn with_inference(mut self, inferrers: impl IntoIterator<Item = Box<dyn FormatInference>>) -> Self {
        let mut formats = FormatInferenceRegistry::of::<S::Decoder>();
        for inferrer in inferrers {
            formats.register(inferrer);
        }
        self.resolver = SchemaResolver::new(formats);
        self
    }

    /// The same engine, in which `USING SCHEMA REGISTRY` may also name registries of this kind.
    #[must_use]
    pub fn with_registry<R: RegistryKind>(mut self) -> Self {
        self.registries.register::<R>();
        self
    }

    /// The same engine, which keeps the evidence of whatever it infers in
    /// [`ResolvedSchema::evidence`](crate::ResolvedSchema::evidence).
    #[must_use]
    pub fn with_evidence(mut self) -> Self {
        self.keep_evidence = true;
        self
    }

    /// Reads SQL text: CREATE and DROP change the catalog, all other statements come back in order.
    ///
    /// # Errors
    /// The text is wrong, asks for what is not supported yet, or names what is not there. Statements before the
    /// wrong one have then taken effect.
    pub fn load(&mut self, sql: &str) -> Result<Script, StatementError> {
        let text: Arc<str> = Arc::from(sql);
        let statements = ddl::parse(sql).map_err(|e| StatementError::ddl(e, &text))?;
        let mut rest = Vec::new();
        for statement in statements {
            if let Some(first) = statement.not_supported_yet(sql).into_iter().next() {
                return Err(StatementError::ddl(first, &text));
            }
            match statement.kind {
                StatementKind::CreateSource(source) => {
                    let (name, lenient) = (source.name.clone(), source.if_not_exists);
                    define(&mut self.sources, &name, lenient, *source, &text)?;
                }
                StatementKind::CreateSink(sink) => {
                    let (name, lenient) = (sink.name.clone(), sink.if_not_exists);
                    define(&mut self.sinks, &name, lenient, *sink, &text)?;
                }
                StatementKind::DropSource(drop) => remove(&mut self.sources, "source", &drop, &text)?,
                StatementKind::DropSink(drop) => remove(&mut self.sinks, "sink", &drop, &text)?,
                _ => rest.push(statement),
            }
        }
        Ok(Script { text, statements: rest })
    }

    /// Names of the sources, in order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.values().map(|d| d.statement.name.name.as_str())
    }

    /// Names of the sinks, in order.
    pub fn sinks(&self) -> impl Iterator<Item = &str> {
        self.sinks.values().map(|d| d.statement.name.name.as_str())
    }

    /// The statement that created a source; option values that are secret are not shown.
    ///
    /// # Errors
    /// There is no such source.
    pub fn show_create_source(&self, name: &str) -> Result<String, StatementError> {
        let statement = &self.source(name).map_err(StatementError::without_span)?.statement;
        let connector = S::config_schema(&statement.connector.name);
        let format = format_options::<S::Decoder>(&statement.format.spec.name);
        Ok(statement
            .to_sql(ddl::Secrets::Masked { connector: connector.map_or(&[], |schema| schema.keys), format: &format }))
    }

    pub(super) fn source(&self, name: &str) -> Result<&Arc<Definition<CreateSource>>, ConnectorError> {
        find(&self.sources, "source", name)
    }

    pub(super) fn sink(&self, name: &str) -> Result<&Arc<Definition<CreateSink>>, ConnectorError> {
        find(&self.sinks, "sink", name)
    }

    pub(super) fn make_source(&self, definition: &Definition<CreateSource>) -> Result<S, StatementError> {
        let (name, config) = (&definition.statement.connector.name, definition.statement.source_config());
        // Before the connector is made: it would report a missing format in terms of its own.
        if let Some(info) = S::MEMBERS.iter().find(|m| m.name == name) {
            definition.check_format(info, &definition.statement.format)?;
        }
        let made = match &self.plugin_sources {
            Some(plugins) if S::config_schema(name).is_none() => plugins(name, &config),
            _ => S::create(name, &config),
        };
        let source = made.map_err(|e| definition.error(e, &definition.statement.connector.span))?;
        definition.check_format(&source.info(), &definition.statement.format)?;
        Ok(source)
    }

    pub(super) fn make_sink(&self, definition: &Definition<CreateSink>) -> Result<K, StatementError> {
        let (name, config) = (&definition.statement.connector.name, definition.statement.sink_config());
        if let Some(info) = K::MEMBERS.iter().find(|m| m.name == name) {
            definition.check_format(info, &definition.statement.format)?;
        }
        let made = match &self.plugin_sinks {
            Some(plugins) if K::config_schema(name).is_none() => plugins(name, &config),
            _ => K::create(name, &config),
        };
        let sink = made.map_err(|e| definition.error(e, &definition.statement.connector.span))?;
        definition.check_format(&sink.info(), &definition.statement.format)?;
        Ok(sink)
    }
}

fn define<T>(
    all: &mut BTreeMap<String, Arc<Definition<T>>>,
    name: &Ident,
    lenient: bool,
    statement: T,
    text: &Arc<str>,
) -> Result<(), StatementError> {
    // Names are matched without regard to case, so they are kept folded.
    let key = name.name.to_lowercase();
    if all.contains_key(&key) {
        if lenient {
            return Ok(());
        }
        let exists = ConnectorError::AlreadyExists { name: name.name.clone() };
        return Err(StatementError::new(exists, text, name.span.clone()));
    }
    all.insert(key, Arc::new(Definition { statement, text: Arc::clone(text) }));
    Ok(())
}

fn remove<T>(
    all: &mut BTreeMap<String, Arc<Definition<T>>>,
    what: &'static str,
    drop: &ddl::Drop,
    text: &Arc<str>,
) -> Result<(), StatementError> {
    if all.remove(&drop.name.name.to_lowercase()).is_some() || drop.if_exists {
        return Ok(());
    }
    Err(StatementError::new(not_created(what, &drop.name.name, all.keys()), text, drop.name.span.clone()))
}

fn find<'a, T>(
    all: &'a BTreeMap<String, Arc<Definition<T>>>,
    what: &'static str,
    name: &str,
) -> Result<&'a Arc<Definition<T>>, ConnectorError> {
    all.get(&name.to_lowercase()).ok_or_else(|| not_created(what, name, all.keys()))
}

fn not_created<'a>(what: &'static str, name: &str, known: impl Iterator<Item = &'a String> + Clone) -> ConnectorError {
    ConnectorError::NotCreated {
        what,
        name: name.to_owned(),
        suggestion: did_you_mean(name, known.clone().map(String::as_str)).map(str::to_owned),
        known: known.cloned().collect(),
    }
}
