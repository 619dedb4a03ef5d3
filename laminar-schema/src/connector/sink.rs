//! Sinks: where batches go, in two phases, so that "exactly once" needs no change of contract later.

use std::{fmt, future::Future};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use super::{Measures, StaticConnector};
use crate::{
    capability::{Capabilities, ConnectorInfo, SchemaEvolvable, SchemaRegistryAware},
    config::{ConnectorConfig, ConnectorConfigSchema, SinkConfig},
    error::{ConnectorError, SchemaResult},
    format::{EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder},
    position::Positions,
};

/// The I/O of a sink. An author writes this by hand; `#[derive(SinkConnector)]` adds the capabilities.
#[diagnostic::on_unimplemented(
    message = "`{Self}` derives `SinkConnector` but does not implement `Sink`",
    label = "missing `impl Sink for {Self}`",
    note = "the derive writes the capability accessors only; write `type Encoder`, `type Writer` and `start` in `impl Sink for {Self}`"
)]
pub trait Sink: Send + Sync + fmt::Debug + Sized + 'static {
    /// The encoders that may write for it.
    type Encoder: EncoderSet;
    /// The running sink.
    type Writer: RecordSink + 'static;

    /// Whether the sink takes columns as they are and needs no encoder.
    const TAKES_COLUMNS: bool = false;

    /// Checks what options alone cannot tell.
    ///
    /// # Errors
    /// What a person must change.
    fn validate(&self) -> impl Future<Output = SchemaResult<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether this value takes columns; an enum of sinks answers for its variant.
    fn takes_columns(&self) -> bool {
        Self::TAKES_COLUMNS
    }

    /// Builds the encoder of a schema. The default asks the encoder set.
    ///
    /// # Errors
    /// [`ConnectorError::UnsupportedFormat`]; wrong format options; a type that the format cannot carry.
    fn build_encoder(&self, spec: &EncodeSpec) -> SchemaResult<Self::Encoder> {
        built(spec)
    }

    /// An encoder for a sink whose records are read by themselves, such as messages. `place` is where they go, for people: a
    /// `topic`. Nobody calls it but the sink: as its `build_encoder`, or in `start`, where it has to know that the format fits.
    ///
    /// # Errors
    /// Those of [`Sink::build_encoder`]; a format that writes files: a header without a line end, or a footer.
    fn build_message_encoder(&self, spec: &EncodeSpec, place: &str) -> SchemaResult<Self::Encoder> {
        let mut encoder: Self::Encoder = built(spec)?;
        if encoder.has_footer() || (encoder.delimiter().is_empty() && !encoder.prologue().is_empty()) {
            let source = format!(
                "format {} writes files here, and a {place} has records; choose another format, or its options for messages",
                encoder.format_name()
            );
            let source = source.into();
            return Err(ConnectorError::External { action: "write messages", source, retryable: false }.into());
        }
        Ok(encoder)
    }

    /// The columns of `schema` that the format writes: what is registered of it. The default is all of them; a sink that makes
    /// something else of some, such as message keys, leaves those out.
    ///
    /// # Errors
    /// Options that name columns which are not there.
    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        Ok(SchemaRef::clone(schema))
    }

    /// Opens the sink for batches of `spec.schema`.
    ///
    /// # Errors
    /// What kept it from being opened.
    fn start(&self, spec: &EncodeSpec) -> impl Future<Output = SchemaResult<Self::Writer>> + Send;
}

fn built<E: EncoderSet>(spec: &EncodeSpec) -> SchemaResult<E> {
    E::build(spec)?.ok_or_else(|| ConnectorError::unsupported_format("sink", &spec.format.name, E::FORMATS).into())
}

/// What a pipeline hands to a sink.
#[derive(Debug, Clone, Copy)]
pub enum SinkBatch<'a> {
    /// Encoded records.
    Encoded {
        /// The records.
        records: &'a EncodedBatch,
        /// Bytes that start a byte stream; written once, when the stream is empty, even if there is no record yet.
        prologue: &'a [u8],
        /// Bytes that follow each record in a byte stream.
        delimiter: &'a [u8],
    },
    /// Columns, for a sink that takes them.
    Columns(&'a RecordBatch),
}

/// The point a transaction ends at: its number, and how far the source had been read.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint<'a> {
    /// Number of the checkpoint, from 1, growing.
    pub epoch: u64,
    /// Positions of the source after everything written so far.
    pub positions: &'a Positions,
}

/// What a sink needs to commit or undo a prepared transaction after a crash: opaque bytes, kept in the checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared(pub Vec<u8>);

/// A running sink, in five steps. A pipeline calls
/// `recover → (write* → prepare → [the checkpoint is stored] → commit)*`, and `abort` when it gives up.
///
/// A plain sink's `prepare` is a flush and its `commit` does nothing. A transactional one makes the written data
/// durable but invisible in `prepare`, and visible in `commit`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no running sink",
    label = "`RecordSink` is not implemented for `{Self}`",
    note = "write `write`, `prepare`, `commit`, `abort` and `recover` in `impl RecordSink for {Self}`"
)]
pub trait RecordSink: Send {
    /// Takes a batch into the open transaction.
    ///
    /// # Errors
    /// What kept it from being written. The transaction must then be aborted.
    fn write(&mut self, batch: SinkBatch<'_>) -> impl Future<Output = SchemaResult<()>> + Send;

    /// Ends the open transaction: after this everything written survives a crash, and can still be undone.
    ///
    /// # Errors
    /// What kept it from being made durable.
    fn prepare(&mut self, checkpoint: Checkpoint<'_>) -> impl Future<Output = SchemaResult<Prepared>> + Send;

    /// Makes a prepared transaction visible. Called again after a crash, so it must be idempotent.
    ///
    /// # Errors
    /// What kept it from being committed.
    fn commit(&mut self, prepared: &Prepared) -> impl Future<Output = SchemaResult<()>> + Send;

    /// Undoes everything since the last commit, as far as the sink can.
    ///
    /// # Errors
    /// What kept it from being undone.
    fn abort(&mut self) -> impl Future<Output = SchemaResult<()>> + Send;

    /// First call after opening: `last` is the transaction of the last stored checkpoint, which may or may not have
    /// been committed; anything later is to be undone. `None` means a fresh start.
    ///
    /// # Errors
    /// What kept it from being recovered.
    fn recover(&mut self, last: Option<&Prepared>) -> impl Future<Output = SchemaResult<()>> + Send;

    /// Last call: `epilogue` ends a byte stream in its format. What was committed stays whatever happens here.
    ///
    /// # Errors
    /// What kept it from being closed.
    fn close(&mut self, epilogue: &[u8]) -> impl Future<Output = SchemaResult<()>> + Send {
        let _ = epilogue;
        std::future::ready(Ok(()))
    }

    /// What the sink tells of itself while it runs, beside what the pipeline counts, such as rows that it dropped; nothing unless
    /// it has something. Asked for once, after [`RecordSink::recover`]: a sink sets its numbers in what it gave away, up to the end
    /// of [`RecordSink::close`]. A sink that may leave rows out by design tells here how many.
    fn measures(&self) -> Option<Measures> {
        None
    }
}

/// A sink with its capabilities. `#[derive(SinkConnector)]` writes it for structs and for enums of sinks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sink connector",
    label = "`SinkConnector` is not implemented for `{Self}`",
    note = "add `#[derive(SinkConnector)]` with `#[connector(name = \"…\")]` and, if it has any, `#[capabilities(…)]`"
)]
pub trait SinkConnector: Sink {
    /// What some value of this type can do.
    const CAPABILITIES: Capabilities;
    /// What every value of this type can do.
    const CAPABILITIES_ALL: Capabilities;

    /// View of a sink with an external registry.
    type Registry<'a>: SchemaRegistryAware
    where
        Self: 'a;
    /// View of a sink that follows schema changes.
    type Evolvable<'a>: SchemaEvolvable
    where
        Self: 'a;

    /// Name, formats and capabilities of this value.
    fn info(&self) -> ConnectorInfo;

    /// This sink as one with an external registry.
    fn as_schema_registry_aware(&self) -> Option<Self::Registry<'_>>;
    /// This sink as one that follows schema changes.
    fn as_schema_evolvable(&self) -> Option<Self::Evolvable<'_>>;

    /// Name in SQL (SPEC.md §4).
    fn connector_type(&self) -> &'static str {
        self.info().name
    }

    /// Formats it writes (SPEC.md §4).
    fn supported_formats(&self) -> &'static [&'static str] {
        self.info().formats
    }
}

/// A sink that is made from options.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no sink that SQL can name",
    label = "`SinkFromConfig` is not implemented for `{Self}`",
    note = "derive `SinkConnector`, and implement `Sink` and `SinkFromConfig`, with `type Config` and `from_config`",
    note = "in an enum, a variant that SQL must not name gets `#[connector(no_create)]`"
)]
pub trait SinkFromConfig: SinkConnector + StaticConnector {
    /// Its options.
    type Config: ConnectorConfig;

    /// Makes the sink. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    fn from_config(config: Self::Config, sink: &SinkConfig) -> SchemaResult<Self>;
}

/// An enum of sinks that SQL can name.
pub trait SinkSet: SinkConnector {
    /// The sinks that can be made by name.
    const MEMBERS: &'static [ConnectorInfo];

    /// Makes the sink that `name` names.
    ///
    /// # Errors
    /// [`ConnectorError::UnknownConnector`] with the nearest name; wrong options.
    fn create(name: &str, config: &SinkConfig) -> SchemaResult<Self>;

    /// Options of the sink that `name` names.
    fn config_schema(name: &str) -> Option<ConnectorConfigSchema>;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::Schema;

    use super::*;
    use crate::{__private::Stub, config::FormatSpec};

    #[derive(Debug)]
    struct Datagrams;

    impl Sink for Datagrams {
        type Encoder = Stub;
        type Writer = Stub;

        fn build_encoder(&self, spec: &EncodeSpec) -> SchemaResult<Stub> {
            self.build_message_encoder(spec, "datagram")
        }

        async fn start(&self, spec: &EncodeSpec) -> SchemaResult<Stub> {
            self.build_encoder(spec).map(|stub| match stub {})
        }
    }

    #[test]
    fn an_encoder_for_messages_may_be_the_sinks_own() {
        let spec = EncodeSpec::new(Arc::new(Schema::empty()), FormatSpec::new("json"));
        let error = Datagrams.build_encoder(&spec).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("json"), "{error}");
    }
}
