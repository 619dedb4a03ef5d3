//! The RabbitMQ source: classic, quorum and stream queues.

use std::{marker::PhantomData, sync::Arc};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    DecoderSet, Positions, Scan, SchemaEvolvable, SchemaResult, Source, SourceConfig, SourceConnector, SourceFromConfig,
};

use crate::{config::RabbitMqSourceConfig, stream::RabbitMqStream};

/// Reads a queue.
///
/// A queue is one partition of its name. A record's key is its routing key. A position of a stream queue is the next offset; that
/// of another queue counts records, and what comes next is the server's to say: at least once.
#[derive(Debug, SourceConnector)]
#[connector(name = "rabbitmq")]
#[capabilities(inferable, evolvable(json, csv, msgpack, avro, protobuf))]
pub struct RabbitMqSource<D: DecoderSet = AnyDecoder> {
    pub(crate) config: Arc<RabbitMqSourceConfig>,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> RabbitMqSource<D> {
    /// A source of what `config` names. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: RabbitMqSourceConfig) -> SchemaResult<Self> {
        config.check()?;
        Ok(Self { config: Arc::new(config), decoder: PhantomData })
    }
}

impl<D: DecoderSet> SchemaEvolvable for RabbitMqSource<D> {}

impl<D: DecoderSet> SourceFromConfig for RabbitMqSource<D> {
    type Config = RabbitMqSourceConfig;

    fn from_config(config: RabbitMqSourceConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<D: DecoderSet> Source for RabbitMqSource<D> {
    type Decoder = D;
    type Stream = RabbitMqStream;

    fn is_bounded(&self) -> bool {
        self.config.source.end.is_some()
    }

    fn with_scan(mut self, scan: &Scan) -> SchemaResult<Self> {
        if !scan.headers && self.config.source.headers.is_none() {
            Arc::make_mut(&mut self.config).source.headers = Some(false);
        }
        Ok(self)
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<RabbitMqStream> {
        Box::pin(RabbitMqStream::start(Arc::clone(&self.config), from)).await
    }
}
