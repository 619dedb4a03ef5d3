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
    words::{Words, require_covered, require_distinct, require_format, require_new_name},
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

/// Formats of a source's decoder set.
pub const fn source_formats<S: Source>() -> &'static [&'static str] {
    <S::Decoder as DecoderSet>::FORMATS
}

/// Formats of a sink's encoder set.
pub const fn sink_formats<S: Sink>() -> &'static [&'static str] {
    <S::Encoder as EncoderSet>::FORMATS
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

/// Turns a variant's codec into one of the enum's codec set.
#[diagnostic::on_unimplemented(
    message = "the codec set `{Self}` cannot hold `{C}`",
    label = "this connector's codec is `{C}`",
    note = "add a variant that holds `{C}` to `{Self}`, or write `impl From<{C}> for {Self}`"
)]
pub trait FromCodec<C> {
    /// The same codec, in the set.
    fn from_codec(codec: C) -> Self;
}

#[diagnostic::do_not_recommend]
impl<C, S: From<C>> FromCodec<C> for S {
    fn from_codec(codec: C) -> Self {
        codec.into()
    }
}

/// Answers in constants what a concrete type implements: its own constants exist where the trait is implemented, and
/// win over those of [`NotImplemented`], which exist always. So asking is never an error.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

/// The answers of a [`Probe`] for traits that are not implemented.
pub trait NotImplemented {
    /// [`SchemaProvider`]
    const PROVIDER: bool = false;
    /// [`SchemaInferable`]
    const INFERABLE: bool = false;
    /// [`SchemaRegistryAware`]
    const REGISTRY: bool = false;
    /// [`SchemaEvolvable`]
    const EVOLVABLE: bool = false;
    /// [`Source`]: formats of the decoder set.
    const SOURCE_FORMATS: Option<&'static [&'static str]> = None;
    /// [`Sink`]: formats of the encoder set.
    const SINK_FORMATS: Option<&'static [&'static str]> = None;
    /// [`DecoderSet::FORMATS`]
    const DECODES: Option<&'static [&'static str]> = None;
    /// [`EncoderSet::FORMATS`]
    const ENCODES: Option<&'static [&'static str]> = None;
    /// [`StaticConnector::INFO`]
    const INFO: Option<ConnectorInfo> = None;
    /// [`FromConfigValue::TYPE_NAME`]
    const TYPE_NAME: &'static str = "text";
    /// [`FromConfigValue::SECRET`]
    const SECRET: bool = false;
}

impl<T: ?Sized> NotImplemented for Probe<T> {}

/// Writes the constants of a [`Probe`] whose type has a trait.
macro_rules! probes {
    ($($of:ident { $($name:ident: $ty:ty = $value:expr;)* })*) => { $(
        impl<T: $of> Probe<T> {
            $(
                #[doc = concat!("[`", stringify!($of), "`]")]
                pub const $name: $ty = $value;
            )*
        }
    )* };
}

probes! {
    SchemaProvider { PROVIDER: bool = true; }
    SchemaInferable { INFERABLE: bool = true; }
    SchemaRegistryAware { REGISTRY: bool = true; }
    SchemaEvolvable { EVOLVABLE: bool = true; }
    Source { SOURCE_FORMATS: Option<&'static [&'static str]> = Some(source_formats::<T>()); }
    Sink { SINK_FORMATS: Option<&'static [&'static str]> = Some(sink_formats::<T>()); }
    DecoderSet { DECODES: Option<&'static [&'static str]> = Some(T::FORMATS); }
    EncoderSet { ENCODES: Option<&'static [&'static str]> = Some(T::FORMATS); }
    StaticConnector { INFO: Option<ConnectorInfo> = Some(T::INFO); }
    FromConfigValue { TYPE_NAME: &'static str = T::TYPE_NAME; SECRET: bool = T::SECRET; }
}
