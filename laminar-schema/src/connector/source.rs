//! Sources: the only code that waits for data.

use std::{fmt, future::Future};

use super::Measures;
use crate::{
    capability::{Capabilities, ConnectorInfo, SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware},
    config::{ConnectorConfig, ConnectorConfigSchema, FormatSpec, SourceConfig},
    error::{ConnectorError, SchemaResult},
    format::{DecodeSpec, DecoderSet, Scan},
    position::Positions,
    record::SourceBatch,
};

/// The I/O of a source. An author writes this by hand; `#[derive(SourceConnector)]` adds the capabilities.
#[diagnostic::on_unimplemented(
    message = "`{Self}` derives `SourceConnector` but does not implement `Source`",
    label = "missing `impl Source for {Self}`",
    note = "the derive writes the capability accessors only; write `type Decoder`, `type Stream` and `start` in `impl Source for {Self}`"
)]
pub trait Source: Send + Sync + fmt::Debug + Sized + 'static {
    /// The decoders that its records may go through. A connector is generic over it, so engines add formats freely.
    type Decoder: DecoderSet;
    /// The running source.
    type Stream: RecordStream + 'static;

    /// Checks what options alone cannot tell: that a path exists, that two options agree.
    ///
    /// # Errors
    /// What a person must change.
    fn validate(&self) -> impl Future<Output = SchemaResult<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether it ends by itself. A followed file does not, nor does a topic.
    fn is_bounded(&self) -> bool {
        true
    }

    /// The same source for records in a format with other options, such as those that its data show. It is not asked of
    /// a source that was started. The default is itself: right for a source that does not cut byte streams.
    ///
    /// # Errors
    /// Options that the format or the source refuses.
    fn with_format(self, format: &FormatSpec) -> SchemaResult<Self> {
        let _ = format;
        Ok(self)
    }

    /// The same source, which may leave unread what `scan` does not want. Asked once, before it is started. The default is
    /// itself: everything is read, and the pipeline drops what nobody wants.
    ///
    /// # Errors
    /// None that a source needs: what it cannot use of a scan it ignores.
    fn with_scan(self, scan: &Scan) -> SchemaResult<Self> {
        let _ = scan;
        Ok(self)
    }

    /// Builds the decoder of a resolved schema. The default asks the decoder set.
    ///
    /// # Errors
    /// [`ConnectorError::UnsupportedFormat`]; wrong format options; a type that the format cannot carry.
    fn build_decoder(&self, spec: &DecodeSpec) -> SchemaResult<Self::Decoder> {
        Self::Decoder::build(spec)?.ok_or_else(|| {
            ConnectorError::unsupported_format("source", &spec.format.name, Self::Decoder::FORMATS).into()
        })
    }

    /// Starts reading, at the beginning or where `from` says.
    ///
    /// # Errors
    /// What kept the source from being opened; [`ConnectorError::BadPosition`].
    fn start(&self, from: Option<&Positions>) -> impl Future<Output = SchemaResult<Self::Stream>> + Send;
}

/// A running source: one await per batch, never per record.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no stream of records",
    label = "`RecordStream` is not implemented for `{Self}`",
    note = "write `next` and `commit` in `impl RecordStream for {Self}`"
)]
pub trait RecordStream: Send {
    /// Appends up to `max` records to `out` and sets `out.positions` to the place after them.
    ///
    /// Yields how many were appended; 0 means that a bounded source has ended, and may come with last positions. An
    /// unbounded source waits until there is at least one. A future that is dropped before it is ready leaves `out` as it
    /// was and loses nothing: the same records come next time.
    ///
    /// # Errors
    /// What kept the source from being read. Reading may go on when the error is retryable, and also when it
    /// [is about one record](crate::SchemaError::is_row_level) that could not be cut out of a byte stream: then `out`
    /// holds nothing, the next call goes on behind that record, and `ON ERROR` decides what becomes of it.
    fn next(&mut self, out: &mut SourceBatch, max: usize) -> impl Future<Output = SchemaResult<usize>> + Send;

    /// Tells the source that everything up to `upto` is safe: acks, offset commits, log positions.
    ///
    /// # Errors
    /// What kept the source from being told; the records may come again after a restart.
    fn commit(&mut self, upto: &Positions) -> impl Future<Output = SchemaResult<()>> + Send {
        let _ = upto;
        std::future::ready(Ok(()))
    }

    /// Whether a [`commit`](Self::commit) is wanted soon, and not at the next interval: most of what may be handed out before
    /// something is acknowledged has been. Asked after each batch; a checkpoint follows, and comes at once or after a moment where
    /// one was only just made.
    fn wants_commit(&self) -> bool {
        false
    }

    /// What the source tells of itself while it runs, beside what the pipeline counts; nothing unless it has something.
    fn measures(&self) -> Option<Measures> {
        None
    }
}

/// A source with its capabilities. `#[derive(SourceConnector)]` writes it for structs and for enums of sources.
///
/// Asking a connector for a capability it lacks is answered at compile time: the associated type is
/// [`Absent`](crate::Absent), and code behind it is not even generated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source connector",
    label = "`SourceConnector` is not implemented for `{Self}`",
    note = "add `#[derive(SourceConnector)]` with `#[connector(name = \"…\")]` and, if it has any, `#[capabilities(…)]`"
)]
pub trait SourceConnector: Source {
    /// What some value of this type can do.
    const CAPABILITIES: Capabilities;
    /// What every value of this type can do: the same for a struct, the intersection of its variants for an enum.
    const CAPABILITIES_ALL: Capabilities;

    /// View of a self-describing source.
    type Provider<'a>: SchemaProvider
    where
        Self: 'a;
    /// View of a source that can be sampled.
    type Inferable<'a>: SchemaInferable
    where
        Self: 'a;
    /// View of a source with an external registry.
    type Registry<'a>: SchemaRegistryAware
    where
        Self: 'a;
    /// View of a source that follows schema changes.
    type Evolvable<'a>: SchemaEvolvable
    where
        Self: 'a;

    /// Name, formats and capabilities of this value.
    fn info(&self) -> ConnectorInfo;

    /// This source as a self-describing one.
    fn as_schema_provider(&self) -> Option<Self::Provider<'_>>;
    /// This source as one that can be sampled.
    fn as_schema_inferable(&self) -> Option<Self::Inferable<'_>>;
    /// This source as one with an external registry.
    fn as_schema_registry_aware(&self) -> Option<Self::Registry<'_>>;
    /// This source as one that follows schema changes.
    fn as_schema_evolvable(&self) -> Option<Self::Evolvable<'_>>;

    /// Name in SQL (SPEC.md §4).
    fn connector_type(&self) -> &'static str {
        self.info().name
    }

    /// Formats it accepts (SPEC.md §4).
    fn supported_formats(&self) -> &'static [&'static str] {
        self.info().formats
    }
}

/// What is known of a connector type without a value. Derived for structs.
pub trait StaticConnector {
    /// Name, formats and capabilities.
    const INFO: ConnectorInfo;
}

/// A source that is made from options.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source that SQL can name",
    label = "`SourceFromConfig` is not implemented for `{Self}`",
    note = "derive `SourceConnector`, and implement `Source` and `SourceFromConfig`, with `type Config` and `from_config`",
    note = "in an enum, a variant that SQL must not name gets `#[connector(no_create)]`"
)]
pub trait SourceFromConfig: SourceConnector + StaticConnector {
    /// Its options.
    type Config: ConnectorConfig;

    /// Makes the source. Does no I/O. `source.format` is what its records will be decoded as, for framing.
    ///
    /// # Errors
    /// Options that contradict each other.
    fn from_config(config: Self::Config, source: &SourceConfig) -> SchemaResult<Self>;
}

/// An enum of sources that SQL can name: the static counterpart of a [`ConnectorRegistry`](super::ConnectorRegistry).
pub trait SourceSet: SourceConnector {
    /// The sources that can be made by name.
    const MEMBERS: &'static [ConnectorInfo];

    /// Makes the source that `name` names.
    ///
    /// # Errors
    /// [`ConnectorError::UnknownConnector`] with the nearest name; wrong options.
    fn create(name: &str, config: &SourceConfig) -> SchemaResult<Self>;

    /// Options of the source that `name` names.
    fn config_schema(name: &str) -> Option<ConnectorConfigSchema>;

    /// Matches once and hands the concrete source to `visitor`: everything behind it is monomorphised per variant.
    fn dispatch<V: SourceVisitor>(self, visitor: V) -> V::Output;
}

/// A generic function over a source, as a value.
pub trait SourceVisitor {
    /// What it yields, the same for every source.
    type Output;

    /// Runs it with a concrete source.
    fn visit<S: SourceConnector>(self, source: S) -> Self::Output;
}
