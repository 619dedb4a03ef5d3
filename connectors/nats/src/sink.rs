//! The NATS sink: a message of a subject for each row.

use std::{marker::PhantomData, sync::Arc};

use arrow_schema::SchemaRef;
use async_nats::jetstream::context::GetStreamByNameErrorKind;
use laminar_formats::AnyEncoder;
use laminar_schema::{
    EncodeSpec, EncodedBatch, EncoderSet, SchemaEvolvable, SchemaResult, Sink, SinkConfig, SinkConnector,
    SinkFromConfig, config::ConfigError,
};

use crate::{
    columns::{self, Parts},
    config::NatsSinkConfig,
    connect::{self, Connecting},
    error::{self, NatsFault},
    publish::Publisher,
    words::Mode,
    writer::{NatsWriter, Way},
};

/// Publishes: to a stream at least once, and with message ids once; to plain subjects at most once.
#[derive(Debug, SinkConnector)]
#[connector(name = "nats")]
#[capabilities(evolvable(json, msgpack, avro, protobuf))]
pub struct NatsSink<E: EncoderSet = AnyEncoder> {
    config: Arc<NatsSinkConfig>,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> NatsSink<E> {
    /// A sink that publishes where `config` says. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: NatsSinkConfig) -> SchemaResult<Self> {
        let sink = &config.sink;
        connect::check(&sink.servers, &config.security)?;
        let has_ids = sink.message_id.is_some() || sink.message_id_prefix.is_some();
        let wrong = match (&sink.subject, &sink.subject_column) {
            (None, None) => Some(("subject", "a subject, or `subject_column`", "it says where to publish")),
            (Some(_), Some(_)) => Some(("subject_column", "no `subject` beside it", "one is enough")),
            (Some(subject), None) if !columns::is_subject(subject) => {
                Some(("subject", "words between dots, without blanks, `*` and `>`", "nothing can be published there"))
            }
            _ if has_ids && sink.mode == Mode::Core => {
                Some(("message_id", "mode = 'jetstream'", "plain subjects know no record again"))
            }
            _ if sink.message_id.is_some() && sink.message_id_prefix.is_some() => {
                Some(("message_id_prefix", "no `message_id` beside it", "one is enough"))
            }
            _ if sink.message_id_prefix.as_deref().is_some_and(|p| p.is_empty() || p.chars().any(char::is_control)) => {
                Some(("message_id_prefix", "a name of this pipeline's own", ""))
            }
            _ => None,
        };
        match wrong {
            Some((key, expected, reason)) => Err(ConfigError::invalid(key, "", expected, reason).into()),
            None => Ok(Self { config: Arc::new(config), encoder: PhantomData }),
        }
    }
}

impl<E: EncoderSet> SchemaEvolvable for NatsSink<E> {
    /// A sink that makes subjects and headers of columns knows from its start on which columns are left for the value.
    fn follows(&self) -> bool {
        !Parts::are_wanted(&self.config.sink)
    }
}

impl<E: EncoderSet> SinkFromConfig for NatsSink<E> {
    type Config = NatsSinkConfig;

    fn from_config(config: NatsSinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<E: EncoderSet> Sink for NatsSink<E> {
    type Encoder = E;
    type Writer = NatsWriter<E>;

    /// Subjects, headers and message ids come from columns, so that the sink then encodes what is left by itself.
    fn takes_columns(&self) -> bool {
        Parts::are_wanted(&self.config.sink)
    }

    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        match self.takes_columns() {
            true => Ok(Arc::clone(Parts::find(&self.config.sink, schema)?.value_schema())),
            false => Ok(Arc::clone(schema)),
        }
    }

    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<NatsWriter<E>> {
        let sink = &self.config.sink;
        let parts = self.takes_columns().then(|| Parts::find(sink, &spec.schema)).transpose()?;
        let schema = parts.as_ref().map_or(&spec.schema, Parts::value_schema);
        let spec = EncodeSpec::new(Arc::clone(schema), spec.format.clone());
        let encoder = self.build_message_encoder(&spec, "subject")?;
        let wanted = Connecting {
            servers: &sink.servers,
            security: &self.config.security,
            capacity: sink.max_in_flight.max(1024),
            timeout: sink.connect_timeout,
        };
        let connection = connect::connect(&wanted).await?;
        let way = match sink.mode {
            Mode::Core => Way::Core(connection),
            Mode::JetStream => {
                let (max, timeout) = (sink.max_in_flight, sink.delivery_timeout);
                let publisher = Publisher::new(connection, sink.domain.as_deref(), max, timeout);
                self.look_up(&publisher).await?;
                Way::JetStream(Box::new(publisher))
            }
        };
        let columns = parts.map(|parts| (parts, encoder));
        Ok(NatsWriter::new(Arc::clone(&self.config), way, columns, EncodedBatch::new()))
    }
}

impl<E: EncoderSet> NatsSink<E> {
    /// Sees that a stream takes what is published to the fixed subject; one from a column is seen when it is published.
    async fn look_up(&self, publisher: &Publisher) -> SchemaResult<()> {
        let Some(subject) = &self.config.sink.subject else { return Ok(()) };
        let servers = self.config.sink.servers.join(", ");
        match publisher.context().stream_by_subject(subject).await {
            Ok(_) => Ok(()),
            Err(e) if e.kind() == GetStreamByNameErrorKind::NotFound => {
                let target = format!("subject `{subject}`");
                Err(NatsFault::NoStream { target, servers }.during("look the stream up"))
            }
            Err(e) => Err(error::client("look the stream up", format_args!("`{subject}` on {servers}"), e)),
        }
    }
}
