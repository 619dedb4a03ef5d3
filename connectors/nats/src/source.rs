//! The NATS source: streams, key-value buckets and plain subjects.

use std::{marker::PhantomData, sync::Arc};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    DecoderSet, Positions, SchemaEvolvable, SchemaResult, Source, SourceConfig, SourceConnector, SourceFromConfig,
    config::ConfigError,
};

use crate::{
    config::NatsSourceConfig,
    connect,
    live::Live,
    place::Place,
    replay::{self, Replay},
    stream::{Kind, NatsStream},
    words::{Acks, Mode},
};

/// Reads subjects.
///
/// A stream is one partition of its name, and a position is the next sequence. A record's key is its subject.
#[derive(Debug, SourceConnector)]
#[connector(name = "nats")]
#[capabilities(inferable, evolvable(json, csv, msgpack, avro, protobuf))]
pub struct NatsSource<D: DecoderSet = AnyDecoder> {
    pub(crate) config: Arc<NatsSourceConfig>,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> NatsSource<D> {
    /// A source of what `config` names. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: NatsSourceConfig) -> SchemaResult<Self> {
        let source = &config.source;
        connect::check(&source.servers, &config.security)?;
        let is_core = source.mode == Mode::Core;
        let has_subject = source.subject.as_ref().is_some_and(|subjects| !subjects.is_empty());
        let wrong = if !has_subject && (is_core || source.stream.is_none() && source.bucket.is_none()) {
            Some(("subject", "a subject such as orders.>", "it says what to read"))
        } else if source.bucket.is_some() && source.stream.is_some() {
            Some(("stream", "no `bucket` beside it", "a bucket is a stream of its own"))
        } else if is_core && (source.stream.is_some() || source.bucket.is_some()) {
            Some(("mode", "jetstream where `stream` or `bucket` is given", "plain subjects keep nothing"))
        } else if is_core && source.durable.is_some() {
            Some(("durable", "mode = 'jetstream'", "plain subjects have queue_group instead"))
        } else if is_core && source.end.is_some() {
            Some(("end", "mode = 'jetstream'", "plain subjects keep nothing, and so have no end"))
        } else if !is_core && source.queue_group.is_some() {
            Some(("queue_group", "mode = 'core'", "pipelines share a stream by durable = '…' with shared = true"))
        } else if source.shared && source.durable.is_none() {
            Some(("durable", "a name, with `shared`", "what is shared is a durable consumer"))
        } else if source.shared && source.end.is_some() {
            Some(("end", "no `shared` beside it", "one of several readers cannot tell when the others are at the end"))
        } else if source.shared && source.ack_policy == Acks::All {
            Some(("ack_policy", "explicit, with `shared`", "`all` would acknowledge what others have not written"))
        } else if source.ack_policy == Acks::All && source.durable.is_none() {
            Some(("durable", "a name, with `ack_policy`", "only durable consumers are acknowledged"))
        } else {
            None
        };
        match wrong {
            Some((key, expected, reason)) => Err(ConfigError::invalid(key, "", expected, reason).into()),
            None => Ok(Self { config: Arc::new(config), decoder: PhantomData }),
        }
    }
}

impl<D: DecoderSet> SchemaEvolvable for NatsSource<D> {}

impl<D: DecoderSet> SourceFromConfig for NatsSource<D> {
    type Config = NatsSourceConfig;

    fn from_config(config: NatsSourceConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<D: DecoderSet> Source for NatsSource<D> {
    type Decoder = D;
    type Stream = NatsStream;

    fn is_bounded(&self) -> bool {
        self.config.source.end.is_some()
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<NatsStream> {
        let config = Arc::clone(&self.config);
        if config.source.mode == Mode::Core {
            return Ok(NatsStream(Kind::Live(Box::new(Live::start(config).await?))));
        }
        let place = Place::find(config).await?;
        let next = replay::resume(from, &place.name)?;
        Ok(NatsStream(Kind::Replay(Box::new(Box::pin(Replay::start(place, next)).await?))))
    }
}
