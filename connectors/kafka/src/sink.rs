//! The Kafka sink: a record of a topic for each row.

use std::{marker::PhantomData, sync::Arc};

use arrow_schema::SchemaRef;
use laminar_formats::AnyEncoder;
use laminar_registry::{RegistryHandle, registry_aware};
use laminar_schema::{
    EncodeSpec, EncodedBatch, EncoderSet, RegistryConfig, SchemaEvolvable, SchemaResult, Sink, SinkConfig,
    SinkConnector, SinkFromConfig, config::ConfigError,
};

use crate::{
    columns::Parts, config::KafkaSinkConfig, delivery::Topic, error, transaction::Transactions, writer::KafkaWriter,
};

/// Writes to a topic: at least once, or with `transactional_id` exactly once.
#[derive(Debug, SinkConnector)]
#[connector(name = "kafka")]
#[capabilities(registry(avro, protobuf, json), evolvable(json, msgpack, avro, protobuf))]
pub struct KafkaSink<E: EncoderSet = AnyEncoder> {
    config: Arc<KafkaSinkConfig>,
    registry: RegistryHandle,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> KafkaSink<E> {
    /// A sink that writes where `config` says. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: KafkaSinkConfig) -> SchemaResult<Self> {
        let options = &config.sink;
        if options.transactional_id.is_some() && options.spool_dir.is_none() {
            let reason = "a lost transaction is written again from there; put it where checkpoints are kept";
            return Err(ConfigError::invalid("spool_dir", "", "a folder, with transactional_id", reason).into());
        }
        if options.spool_dir.is_some() && options.transactional_id.is_none() {
            return Err(ConfigError::invalid("transactional_id", "", "a name, with spool_dir", "").into());
        }
        if options.source_group.is_some() && options.transactional_id.is_none() {
            let reason = "it is a transaction that carries the source's offsets";
            return Err(ConfigError::invalid("transactional_id", "", "a name, with source_group", reason).into());
        }
        if options.source_group.is_some() && options.source_group == options.transactional_id {
            let reason = "the group of that name keeps the number of the last checkpoint";
            let named = options.source_group.clone().unwrap_or_default();
            return Err(
                ConfigError::invalid("source_group", named, "another name than transactional_id", reason).into()
            );
        }
        config.security.check()?;
        Ok(Self { config: Arc::new(config), registry: RegistryHandle::new(), encoder: PhantomData })
    }
}

registry_aware!([E: EncoderSet] KafkaSink<E>, Self::with_subject);

impl<E: EncoderSet> SchemaEvolvable for KafkaSink<E> {
    /// A sink that makes keys and headers of columns knows from its start on which columns are left for the value.
    fn follows(&self) -> bool {
        !Parts::are_wanted(&self.config.sink)
    }
}

impl<E: EncoderSet> KafkaSink<E> {
    /// The subject of the topic's values, as Confluent's topic strategy names it.
    fn with_subject(&self, registry: &RegistryConfig) -> RegistryConfig {
        RegistryConfig { subject: Some(format!("{}-value", self.config.sink.topic)), ..registry.clone() }
    }
}

impl<E: EncoderSet> SinkFromConfig for KafkaSink<E> {
    type Config = KafkaSinkConfig;

    fn from_config(config: KafkaSinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<E: EncoderSet> Sink for KafkaSink<E> {
    type Encoder = E;
    type Writer = KafkaWriter<E>;

    /// Keys and headers come from columns, so that the sink then encodes what is left by itself.
    fn takes_columns(&self) -> bool {
        Parts::are_wanted(&self.config.sink)
    }

    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        match self.takes_columns() {
            true => Ok(Arc::clone(Parts::find(&self.config.sink, schema)?.value_schema())),
            false => Ok(Arc::clone(schema)),
        }
    }

    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<KafkaWriter<E>> {
        let parts = self.takes_columns().then(|| Parts::find(&self.config.sink, &spec.schema)).transpose()?;
        let schema = parts.as_ref().map_or(&spec.schema, Parts::value_schema);
        let spec = EncodeSpec::new(Arc::clone(schema), spec.format.clone());
        let encoder = self.build_message_encoder(&spec, "topic")?;
        let config = Arc::clone(&self.config);
        let opening = tokio::task::spawn_blocking(move || {
            let topic = Topic::open(config)?;
            topic.look_up()?;
            let transactions = Transactions::of(&topic)?;
            Ok((topic, transactions))
        });
        let opened: SchemaResult<_> = opening.await.map_err(|_| error::panicked("start the Kafka sink"))?;
        let (topic, transactions) = opened?;
        let columns = parts.map(|parts| (parts, encoder));
        Ok(KafkaWriter { topic, columns, transactions, encoded: EncodedBatch::new() })
    }
}
