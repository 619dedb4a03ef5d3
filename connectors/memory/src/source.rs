//! The memory source: a feed, read from any position.

use std::marker::PhantomData;

use laminar_formats::AnyDecoder;
use laminar_registry::{RegistryHandle, registry_aware};
use laminar_schema::{
    ConnectorError, DecoderSet, Positions, RecordStream, SchemaEvolvable, SchemaResult, Source, SourceBatch,
    SourceConfig, SourceConnector, SourceFromConfig,
};

use crate::{
    config::MemorySourceConfig,
    feed::{Cursor, MemoryFeed, Read},
};

/// Reads what the program put into a feed, in the order it was pushed.
///
/// A position is the number of records of a partition that have been read.
#[derive(Debug, SourceConnector)]
#[connector(name = "memory")]
#[capabilities(inferable, evolvable(json, csv, msgpack, avro, protobuf), registry(avro, protobuf, json))]
pub struct MemorySource<D: DecoderSet = AnyDecoder> {
    pub(crate) feed: MemoryFeed,
    registry: RegistryHandle,
    decoder: PhantomData<fn() -> D>,
}

impl<D: DecoderSet> MemorySource<D> {
    pub(crate) fn new(feed: MemoryFeed) -> Self {
        Self { feed, registry: RegistryHandle::new(), decoder: PhantomData }
    }
}

registry_aware!([D: DecoderSet] MemorySource<D>);

impl<D: DecoderSet> SchemaEvolvable for MemorySource<D> {}

impl<D: DecoderSet> SourceFromConfig for MemorySource<D> {
    type Config = MemorySourceConfig;

    fn from_config(config: MemorySourceConfig, _: &SourceConfig) -> SchemaResult<Self> {
        MemoryFeed::find(&config.name).map(Self::new)
    }
}

impl<D: DecoderSet> Source for MemorySource<D> {
    type Decoder = D;
    type Stream = MemoryStream;

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<MemoryStream> {
        let mut cursor = Cursor::default();
        for (partition, position) in from.into_iter().flat_map(Positions::iter) {
            let bad = |reason: String| ConnectorError::BadPosition { partition: partition.to_string(), reason };
            let at = position.as_u64().ok_or_else(|| bad("it is not a number of records".to_owned()))?;
            match self.feed.length(partition) {
                Some(length) if at <= length => cursor.reached.insert(partition.clone(), at),
                Some(length) => {
                    return Err(bad(format!("the feed has {length} records, and {at} had been read")).into());
                }
                None => return Err(bad("the feed has no such partition".to_owned()).into()),
            };
        }
        Ok(MemoryStream { feed: self.feed.clone(), cursor })
    }
}

/// A running [`MemorySource`].
#[derive(Debug)]
pub struct MemoryStream {
    feed: MemoryFeed,
    cursor: Cursor,
}

impl RecordStream for MemoryStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        loop {
            match self.feed.read(&mut self.cursor, out, max.max(1))? {
                Read::Records(0) => self.feed.wait(self.cursor.entry).await,
                Read::Records(count) => return Ok(count),
                Read::Ended => return Ok(0),
            }
        }
    }

    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        self.feed.commit(upto);
        Ok(())
    }
}
