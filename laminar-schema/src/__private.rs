//! What derived code calls. No stability promise: only the derives of the same version may use it.

mod stub;
mod words;

pub use std::{
    boxed::Box,
    collections::HashMap,
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
    string::String,
    vec::Vec,
};

pub use arrow_array::RecordBatch;
pub use arrow_schema::SchemaRef;

pub use self::{
    stub::Stub,
    words::{concat, require_covered, require_distinct, require_format, require_new_name, union, union_len},
};
pub use crate::{
    config::{ConfigKey, FromConfigValue, OptionReader},
    format::EncodedBatch,
    inference::FieldMeta,
    *,
};

/// The error of a derived `create` for a name that is no member.
#[cold]
pub fn unknown_connector(role: &'static str, name: &str, members: &[ConnectorInfo]) -> SchemaError {
    connector::unknown_connector(role, name, members.iter().map(|m| m.name))
}

/// Makes a source of its options.
///
/// # Errors
/// Wrong options.
pub fn create_source<S>(config: &SourceConfig) -> SchemaResult<S>
where
    S: SourceFromConfig,
{
    S::from_config(S::Config::from_options(&config.options)?, config)
}

/// Options of a source.
pub fn source_config_schema<S>() -> ConnectorConfigSchema
where
    S: SourceFromConfig,
{
    S::Config::config_schema()
}

/// Makes a sink of its options.
///
/// # Errors
/// Wrong options.
pub fn create_sink<S>(config: &SinkConfig) -> SchemaResult<S>
where
    S: SinkFromConfig,
{
    S::from_config(S::Config::from_options(&config.options)?, config)
}

/// Options of a sink.
pub fn sink_config_schema<S>() -> ConnectorConfigSchema
where
    S: SinkFromConfig,
{
    S::Config::config_schema()
}

/// Answers in constants what a concrete type implements: its own constants exist where the trait is implemented, and
/// win over those of [`NotImplemented`] and [`NoConfigValue`], which exist always.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

/// The answer of a [`Probe`] for a trait that is not implemented.
pub trait NotImplemented {
    /// [`SchemaProvider`]
    const PROVIDER: bool = false;
    /// [`SchemaInferable`]
    const INFERABLE: bool = false;
    /// [`SchemaRegistryAware`]
    const REGISTRY: bool = false;
    /// [`SchemaEvolvable`]
    const EVOLVABLE: bool = false;
}

impl<T: ?Sized> NotImplemented for Probe<T> {}

impl<T: SchemaProvider + ?Sized> Probe<T> {
    /// [`SchemaProvider`]
    pub const PROVIDER: bool = true;
}

impl<T: SchemaInferable + ?Sized> Probe<T> {
    /// [`SchemaInferable`]
    pub const INFERABLE: bool = true;
}

impl<T: SchemaRegistryAware + ?Sized> Probe<T> {
    /// [`SchemaRegistryAware`]
    pub const REGISTRY: bool = true;
}

impl<T: SchemaEvolvable + ?Sized> Probe<T> {
    /// [`SchemaEvolvable`]
    pub const EVOLVABLE: bool = true;
}

/// The answer of a [`Probe`] for a type that options cannot hold by themselves.
pub trait NoConfigValue {
    /// See [`FromConfigValue::TYPE_NAME`].
    const TYPE_NAME: &'static str = "text";
    /// See [`FromConfigValue::SECRET`].
    const SECRET: bool = false;
}

impl<T: ?Sized> NoConfigValue for Probe<T> {}

impl<T: FromConfigValue> Probe<T> {
    /// See [`FromConfigValue::TYPE_NAME`].
    pub const TYPE_NAME: &'static str = T::TYPE_NAME;
    /// See [`FromConfigValue::SECRET`].
    pub const SECRET: bool = T::SECRET;
}
