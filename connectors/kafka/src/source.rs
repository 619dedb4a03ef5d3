//! The Kafka source: topics, shared by a group or read whole.

use std::{marker::PhantomData, sync::Arc};

use laminar_formats::AnyDecoder;
use laminar_registry::{RegistryHandle, registry_aware};
use laminar_schema::{
    ConnectorError, DecoderSet, Positions, RegistryConfig, Scan, SchemaEvolvable, SchemaResult, Source, SourceConfig,
    SourceConnector, SourceFromConfig, config::ConfigError,
};
use rdkafka::{TopicPartitionList, consumer::Consumer};

use crate::{
    assignment::{ends, partitions_at_start, starts},
    config::KafkaSourceConfig,
    context::{ReaderConsumer, ReaderContext, Resume},
    error,
    fetched::Fetched,
    link, partition,
    stream::KafkaStream,
    words::OnOffsetLost,
};

/// Reads topics.
///
/// Each partition of a topic is a partition, named `topic/number`; a position is the next offset.
#[derive(Debug, SourceConnector)]
#[connector(name = "kafka")]
#[capabilities(inferable, registry(avro, protobuf, json), evolvable(json, csv, msgpack, avro, protobuf))]
pub struct KafkaSource<D: DecoderSet = AnyDecoder> {
    pub(crate) config: Arc<KafkaSourceConfig>,
    registry: RegistryHandle,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> KafkaSource<D> {
    /// A source of what `config` names. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: KafkaSourceConfig) -> SchemaResult<Self> {
        let options = &config.source;
        let has_pattern = options.topic.iter().any(|t| t.starts_with('^'));
        if config.is_grouped() && options.group_id.is_none() {
            return Err(invalid("assignment", "group", "manual, or a `group.id` beside it"));
        }
        if has_pattern && !config.is_grouped() {
            return Err(invalid("topic", &config.topics(), "names: a pattern needs `group.id`"));
        }
        if options.end.is_some() && config.is_grouped() {
            return Err(invalid(
                "end",
                "…",
                "assignment = 'manual' beside it: a member of a group cannot tell when the others are at the end",
            ));
        }
        if options.end.is_some() && options.topic.len() > 1 {
            return Err(invalid("topic", &config.topics(), "one topic where `end` is given: write a source for each"));
        }
        config.security.check()?;
        Ok(Self { config: Arc::new(config), registry: RegistryHandle::new(), decoder: PhantomData })
    }

    fn start_blocking(config: Arc<KafkaSourceConfig>, resume: Resume) -> SchemaResult<KafkaStream> {
        let mut client = config.client();
        let is_grouped = config.is_grouped();
        // A consumer that assigns itself needs some name of a group as well; nothing is committed to this one.
        client.set("group.id", config.source.group_id.as_deref().unwrap_or("laminar-manual"));
        client.set("enable.partition.eof", if config.source.end.is_some() { "true" } else { "false" });
        // librdkafka takes a day at most.
        let statistics = config.source.statistics_interval.as_millis().min(86_400_000);
        client.set("statistics.interval.ms", statistics.to_string());
        if config.source.on_offset_lost != OnOffsetLost::Fail {
            client.set("auto.offset.reset", config.source.on_offset_lost.word());
        }
        let brokers = config.source.brokers.clone();
        let context = ReaderContext::new(Arc::clone(&config), if is_grouped { resume.clone() } else { Resume::new() });
        let consumer: Arc<ReaderConsumer> = Arc::new(link::consumer(&client, &brokers, context)?);
        let partitions = partitions_at_start(&consumer, &config)?;
        if is_grouped {
            let topics: Vec<&str> = config.source.topic.iter().map(String::as_str).collect();
            let fetched = Fetched::of(&consumer)?;
            consumer.subscribe(&topics).map_err(|e| error::client("subscribe", config.topics(), e))?;
            return KafkaStream::spawn(consumer, fetched, &[], &TopicPartitionList::new(), None);
        }
        if let Some((topic, number)) = resume.keys().find(|p| !partitions.contains(p)) {
            let reason = format!("`{}` has no such partition", config.topics());
            let partition = partition::name(topic, *number).to_string();
            return Err(ConnectorError::BadPosition { partition, reason }.into());
        }
        let starts = starts(&consumer, &config, &partitions, &resume)?;
        let ends = ends(&consumer, &config, &partitions)?;
        let fetched = Fetched::of(&consumer)?;
        for (topic, number) in &partitions {
            consumer.context().diversion.divert(&consumer, topic, *number)?;
        }
        consumer.assign(&starts).map_err(|e| error::client("take the partitions", config.topics(), e))?;
        KafkaStream::spawn(consumer, fetched, &partitions, &starts, ends.as_ref())
    }
}

registry_aware!([D: DecoderSet] KafkaSource<D>, Self::with_subject);

impl<D: DecoderSet> SchemaEvolvable for KafkaSource<D> {}

impl<D: DecoderSet> KafkaSource<D> {
    /// The subject of the topic's values, as Confluent's topic strategy names it; none where there are several topics.
    fn with_subject(&self, registry: &RegistryConfig) -> RegistryConfig {
        let subject = match &self.config.source.topic[..] {
            [only] if !only.starts_with('^') => Some(format!("{only}-value")),
            _ => None,
        };
        RegistryConfig { subject, ..registry.clone() }
    }
}

impl<D: DecoderSet> SourceFromConfig for KafkaSource<D> {
    type Config = KafkaSourceConfig;

    fn from_config(config: KafkaSourceConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<D: DecoderSet> Source for KafkaSource<D> {
    type Decoder = D;
    type Stream = KafkaStream;

    fn is_bounded(&self) -> bool {
        self.config.source.end.is_some()
    }

    fn with_scan(mut self, scan: &Scan) -> SchemaResult<Self> {
        if !scan.headers && self.config.source.headers.is_none() {
            Arc::make_mut(&mut self.config).source.headers = Some(false);
        }
        Ok(self)
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<KafkaStream> {
        let mut resume = Resume::new();
        for (name, position) in from.into_iter().flat_map(Positions::iter) {
            let bad = |reason: &str| ConnectorError::BadPosition { partition: name.to_string(), reason: reason.into() };
            let (topic, number) = partition::parse(name).ok_or_else(|| bad("it is no partition of a topic"))?;
            let offset = position.as_u64().and_then(|o| i64::try_from(o).ok()).ok_or_else(|| bad("it is no offset"))?;
            resume.insert((topic.to_owned(), number), offset);
        }
        let config = Arc::clone(&self.config);
        let starting = tokio::task::spawn_blocking(move || Self::start_blocking(config, resume));
        starting.await.map_err(|_| error::panicked("start the Kafka source"))?
    }
}

#[cold]
fn invalid(key: &str, value: &str, expected: &str) -> laminar_schema::SchemaError {
    ConfigError::invalid(key, value, expected, "").into()
}
