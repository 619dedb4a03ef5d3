//! The producer, and what its brokers say of the records it sent.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use laminar_schema::{SchemaError, SchemaResult};
use rdkafka::{
    ClientContext, Message,
    client::OAuthToken,
    error::{KafkaError, RDKafkaErrorCode},
    message::OwnedHeaders,
    producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer},
};

use crate::{
    config::KafkaSinkConfig,
    error::{self, KafkaFault},
    link::Link,
};

/// Keeps the first record that could not be delivered.
pub(crate) struct Deliveries {
    failure: Mutex<Option<(KafkaError, i32)>>,
    link: Link,
}

impl ClientContext for Deliveries {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = Link::ENABLE_REFRESH_OAUTH_TOKEN;

    fn error(&self, error: KafkaError, reason: &str) {
        self.link.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.link.generate_oauth_token(config)
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| (error.clone(), message.partition()));
        }
    }
}

/// A record about to be sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outgoing<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    /// Where it goes; without it, the partitioner says.
    pub(crate) partition: Option<i32>,
}

/// A producer that sends to one topic.
#[derive(Clone)]
pub(crate) struct Topic {
    pub(crate) producer: Arc<ThreadedProducer<Deliveries>>,
    pub(crate) config: Arc<KafkaSinkConfig>,
}

impl Topic {
    /// Makes the producer. Does not wait for brokers.
    pub(crate) fn open(config: Arc<KafkaSinkConfig>) -> SchemaResult<Self> {
        let producer = config
            .producer()
            .create_with_context(Deliveries { failure: Mutex::default(), link: Link::new(&config.security) })
            .map_err(|e| error::client("make a producer", &config.sink.brokers, e))?;
        Ok(Self { producer: Arc::new(producer), config })
    }

    /// Sees that brokers answer and that the topic is there. Blocks.
    pub(crate) fn look_up(&self) -> SchemaResult<()> {
        let (options, action) = (&self.config.sink, "look the topic up");
        let metadata = self.producer.client().fetch_metadata(Some(&options.topic), options.connect_timeout);
        let metadata = metadata.map_err(|e| self.producer.context().link.failed(action, self.about(), e))?;
        match metadata.topics().iter().find_map(|t| t.error()).map(RDKafkaErrorCode::from) {
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                let (topic, brokers) = (options.topic.clone(), options.brokers.clone());
                Err(KafkaFault::NoTopic { topic, brokers }.during(action))
            }
            Some(RDKafkaErrorCode::LeaderNotAvailable) | None => Ok(()),
            Some(code) => Err(error::client(action, self.about(), KafkaError::MetadataFetch(code))),
        }
    }

    pub(crate) fn about(&self) -> String {
        format!("`{}` on {}", self.config.sink.topic, self.config.sink.brokers)
    }

    /// Hands a record to the producer, which copies it. Yields false when its buffer is full.
    pub(crate) fn try_send(&self, record: Outgoing<'_>) -> SchemaResult<bool> {
        let mut sent = BaseRecord::<[u8], [u8]>::to(&self.config.sink.topic);
        sent.key = record.key;
        sent.payload = record.value;
        sent.partition = record.partition;
        if !record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            let insert = |headers: OwnedHeaders, (key, value): &(&str, &[u8])| {
                headers.insert(rdkafka::message::Header { key, value: Some(*value) })
            };
            sent.headers = Some(record.headers.iter().fold(headers, insert));
        }
        match self.producer.send(sent) {
            Ok(()) => Ok(true),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => self.check().map(|()| false),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                let bytes = record.value.map_or(0, <[u8]>::len) + record.key.map_or(0, <[u8]>::len);
                let reason = format!(
                    "a record of {bytes} bytes is larger than 'message.max.bytes' allows; raise it here and at the topic"
                );
                Err(KafkaFault::Refused { reason }.during("write to the topic"))
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::UnknownPartition), _)) => {
                let number = record.partition.unwrap_or(-1);
                let reason = format!("`{}` has no partition {number}", self.config.sink.topic);
                Err(KafkaFault::Refused { reason }.during("write to the topic"))
            }
            Err((error, _)) => Err(self.failed(error)),
        }
    }

    /// Hands a record to the producer, waiting where its buffer is full.
    pub(crate) async fn send(&self, record: Outgoing<'_>) -> SchemaResult<()> {
        while !self.try_send(record)? {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// The first record since the last call that could not be delivered, as an error.
    pub(crate) fn check(&self) -> SchemaResult<()> {
        let failure = self.producer.context().failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            None => Ok(()),
            Some((error, partition)) => {
                let target = format!("{}, partition {partition}", self.about());
                Err(error::client("deliver a record", target, error))
            }
        }
    }

    /// Waits until everything is acknowledged. Blocks.
    pub(crate) fn flush(&self) -> SchemaResult<()> {
        // Every record has its own time-out; a little more than that, and none is left.
        let timeout = self.config.sink.delivery_timeout + Duration::from_secs(5);
        self.producer.flush(timeout).map_err(|e| self.failed(e))?;
        self.check()
    }

    /// Forgets everything that was not acknowledged. Blocks.
    pub(crate) fn purge(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        let _ = self.producer.flush(Duration::from_secs(5));
        // That those were not delivered is what was asked for.
        let _ = self.check();
    }

    #[cold]
    pub(crate) fn failed(&self, error: KafkaError) -> SchemaError {
        error::client("write to the topic", self.about(), error)
    }
}
