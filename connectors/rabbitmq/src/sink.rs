//! The RabbitMQ sink: a record of an exchange for each row.

use std::{marker::PhantomData, sync::Arc};

use arrow_schema::SchemaRef;
use laminar_formats::AnyEncoder;
use laminar_schema::{
    EncodeSpec, EncoderSet, SchemaEvolvable, SchemaResult, Sink, SinkConfig, SinkConnector, SinkFromConfig,
};

use crate::{columns::Parts, config::RabbitMqSinkConfig, publish::Publisher, writer::RabbitMqWriter};

/// Publishes, and waits for confirmations: at least once.
#[derive(Debug, SinkConnector)]
#[connector(name = "rabbitmq")]
#[capabilities(evolvable(json, msgpack, avro, protobuf))]
pub struct RabbitMqSink<E: EncoderSet = AnyEncoder> {
    config: Arc<RabbitMqSinkConfig>,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> RabbitMqSink<E> {
    /// A sink that publishes where `config` says. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: RabbitMqSinkConfig) -> SchemaResult<Self> {
        config.check()?;
        Ok(Self { config: Arc::new(config), encoder: PhantomData })
    }
}

impl<E: EncoderSet> SchemaEvolvable for RabbitMqSink<E> {
    /// A sink that makes routing keys and headers of columns knows from its start on which columns are left for the value.
    fn follows(&self) -> bool {
        !Parts::are_wanted(&self.config.sink)
    }
}

impl<E: EncoderSet> SinkFromConfig for RabbitMqSink<E> {
    type Config = RabbitMqSinkConfig;

    fn from_config(config: RabbitMqSinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<E: EncoderSet> Sink for RabbitMqSink<E> {
    type Encoder = E;
    type Writer = RabbitMqWriter<E>;

    /// Routing keys, headers and message ids come from columns, so that the sink then encodes what is left by itself.
    fn takes_columns(&self) -> bool {
        Parts::are_wanted(&self.config.sink)
    }

    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        match self.takes_columns() {
            true => Ok(Arc::clone(Parts::find(&self.config.sink, schema)?.value_schema())),
            false => Ok(Arc::clone(schema)),
        }
    }

    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<RabbitMqWriter<E>> {
        let sink = &self.config.sink;
        let parts = self.takes_columns().then(|| Parts::find(sink, &spec.schema)).transpose()?;
        let schema = parts.as_ref().map_or(&spec.schema, Parts::value_schema);
        let spec = EncodeSpec::new(Arc::clone(schema), spec.format.clone());
        let encoder = self.build_message_encoder(&spec, "queue")?;
        let publisher = Box::pin(Publisher::start(Arc::clone(&self.config))).await?;
        let columns = parts.map(|parts| (parts, encoder));
        Ok(RabbitMqWriter::new(&self.config, publisher, columns))
    }
}
