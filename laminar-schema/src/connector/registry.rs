//! Connectors found by name at run time: for engines that take plugins (SPEC.md §6).

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use super::{BoxSink, BoxSource, SinkConnector, SinkFromConfig, SourceConnector, SourceFromConfig, StaticConnector};
use crate::{
    capability::ConnectorInfo,
    config::{ConnectorConfig, ConnectorConfigSchema, SinkConfig, SourceConfig, did_you_mean},
    error::{ConnectorError, SchemaResult},
    format::{DecoderSet, EncoderSet},
};

/// Makes sources of one kind from options.
pub trait SourceConnectorFactory<D>: Send + Sync {
    /// Name, formats and capabilities of the sources it makes.
    fn info(&self) -> ConnectorInfo;

    /// Name in SQL (SPEC.md §6).
    fn connector_type(&self) -> &'static str {
        self.info().name
    }

    /// Makes a source.
    ///
    /// # Errors
    /// Wrong options.
    fn create(&self, config: &SourceConfig) -> SchemaResult<BoxSource<D>>;

    /// The options it takes.
    fn config_schema(&self) -> ConnectorConfigSchema;
}

/// Makes sinks of one kind from options.
pub trait SinkConnectorFactory<E>: Send + Sync {
    /// Name, formats and capabilities of the sinks it makes.
    fn info(&self) -> ConnectorInfo;

    /// Name in SQL (SPEC.md §6).
    fn connector_type(&self) -> &'static str {
        self.info().name
    }

    /// Makes a sink.
    ///
    /// # Errors
    /// Wrong options.
    fn create(&self, config: &SinkConfig) -> SchemaResult<BoxSink<E>>;

    /// The options it takes.
    fn config_schema(&self) -> ConnectorConfigSchema;
}

/// Connectors that were registered at run time, over one closed set of decoders and encoders.
pub struct ConnectorRegistry<D, E> {
    sources: BTreeMap<String, Box<dyn SourceConnectorFactory<D>>>,
    sinks: BTreeMap<String, Box<dyn SinkConnectorFactory<E>>>,
}

impl<D, E> Default for ConnectorRegistry<D, E> {
    fn default() -> Self {
        Self { sources: BTreeMap::new(), sinks: BTreeMap::new() }
    }
}

impl<D, E> fmt::Debug for ConnectorRegistry<D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sources, sinks): (Vec<_>, Vec<_>) = (self.sources.keys().collect(), self.sinks.keys().collect());
        f.debug_struct("ConnectorRegistry").field("sources", &sources).field("sinks", &sinks).finish()
    }
}

impl<D: DecoderSet, E: EncoderSet> ConnectorRegistry<D, E> {
    /// A registry of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a factory; one of the same name is replaced.
    pub fn register_source(&mut self, factory: Box<dyn SourceConnectorFactory<D>>) -> &mut Self {
        self.sources.insert(factory.connector_type().to_owned(), factory);
        self
    }

    /// Adds a factory; one of the same name is replaced.
    pub fn register_sink(&mut self, factory: Box<dyn SinkConnectorFactory<E>>) -> &mut Self {
        self.sinks.insert(factory.connector_type().to_owned(), factory);
        self
    }

    /// Adds a derived source type: its name, options and capabilities are known from the type.
    pub fn register_source_type<S>(&mut self) -> &mut Self
    where
        S: SourceConnector + SourceFromConfig + StaticConnector,
        S::Decoder: Into<D>,
    {
        self.register_source(Box::new(TypeFactory::<S>(PhantomData)))
    }

    /// Adds a derived sink type.
    pub fn register_sink_type<S>(&mut self) -> &mut Self
    where
        S: SinkConnector + SinkFromConfig + StaticConnector,
        S::Encoder: Into<E>,
    {
        self.register_sink(Box::new(TypeFactory::<S>(PhantomData)))
    }

    /// Makes the source that `connector_type` names.
    ///
    /// # Errors
    /// [`ConnectorError::UnknownConnector`] with the nearest name; wrong options.
    pub fn create_source(&self, connector_type: &str, config: &SourceConfig) -> SchemaResult<BoxSource<D>> {
        lookup("source", &self.sources, connector_type)?.create(config)
    }

    /// Makes the sink that `connector_type` names.
    ///
    /// # Errors
    /// [`ConnectorError::UnknownConnector`] with the nearest name; wrong options.
    pub fn create_sink(&self, connector_type: &str, config: &SinkConfig) -> SchemaResult<BoxSink<E>> {
        lookup("sink", &self.sinks, connector_type)?.create(config)
    }

    /// The registered source factories, by name.
    pub fn sources(&self) -> impl Iterator<Item = &dyn SourceConnectorFactory<D>> {
        self.sources.values().map(|b| &**b)
    }

    /// The registered sink factories, by name.
    pub fn sinks(&self) -> impl Iterator<Item = &dyn SinkConnectorFactory<E>> {
        self.sinks.values().map(|b| &**b)
    }
}

fn lookup<'a, F: ?Sized>(role: &'static str, all: &'a BTreeMap<String, Box<F>>, name: &str) -> SchemaResult<&'a F> {
    let found = all.get(&name.to_ascii_lowercase());
    found.map(|b| &**b).ok_or_else(|| unknown_connector(role, name, all.keys().map(String::as_str)))
}

/// The error for a name that is no connector, with the nearest one that is.
#[cold]
pub(crate) fn unknown_connector<'a>(
    role: &'static str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> crate::SchemaError {
    ConnectorError::UnknownConnector {
        role,
        name: name.to_owned(),
        suggestion: did_you_mean(name, known.clone()).map(str::to_owned),
        known: known.map(str::to_owned).collect(),
    }
    .into()
}

struct TypeFactory<S>(PhantomData<fn() -> S>);

impl<S, D> SourceConnectorFactory<D> for TypeFactory<S>
where
    S: SourceConnector + SourceFromConfig + StaticConnector,
    S::Decoder: Into<D>,
    D: DecoderSet,
{
    fn info(&self) -> ConnectorInfo {
        S::INFO
    }
    fn create(&self, config: &SourceConfig) -> SchemaResult<BoxSource<D>> {
        Ok(BoxSource::new(S::from_config(S::Config::from_options(&config.options)?, config)?))
    }
    fn config_schema(&self) -> ConnectorConfigSchema {
        S::Config::config_schema()
    }
}

impl<S, E> SinkConnectorFactory<E> for TypeFactory<S>
where
    S: SinkConnector + SinkFromConfig + StaticConnector,
    S::Encoder: Into<E>,
    E: EncoderSet,
{
    fn info(&self) -> ConnectorInfo {
        S::INFO
    }
    fn create(&self, config: &SinkConfig) -> SchemaResult<BoxSink<E>> {
        Ok(BoxSink::new(S::from_config(S::Config::from_options(&config.options)?, config)?))
    }
    fn config_schema(&self) -> ConnectorConfigSchema {
        S::Config::config_schema()
    }
}
