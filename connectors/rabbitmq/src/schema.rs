//! Sampling: records are looked at and put back, or, in a stream queue, read where they lie.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use laminar_schema::{DecoderSet, InferenceConfig, RawRecord, SchemaInferable, SchemaResult, SourceMetadata};
use lapin::{
    message::Delivery,
    options::{BasicGetOptions, BasicNackOptions},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    connect,
    error::{self, RabbitMqFault},
    queue::Queue,
    record,
    source::RabbitMqSource,
    start::StartAt,
};

/// How long an empty queue is left alone before it is looked at again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long records that were put back may take to be there again.
const BACK: Duration = Duration::from_secs(2);

impl<D: DecoderSet> SchemaInferable for RabbitMqSource<D> {
    /// Reads the head of the queue, and waits for a first record where there is none.
    ///
    /// Records of a queue that is no stream queue go back to their places, marked as redelivered; a quorum queue counts it.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let (size, wait) = (config.sample_size.max(1), config.sample_timeout);
        let connection = connect::connect(&self.config.server).await?;
        let queue = Queue::find(Arc::clone(&self.config), connection).await?;
        let deadline = Instant::now() + wait;
        let records = match self.config.is_stream() {
            true => Box::pin(read(&queue, size, deadline)).await?,
            false => Box::pin(peek(&queue, size, deadline)).await?,
        };
        if records.is_empty() {
            let queue = self.config.source.queue.clone();
            return Err(RabbitMqFault::Empty { queue, seconds: wait.as_secs() }.during("infer a schema"));
        }
        Ok(records)
    }
}

/// Takes records that are there, or the first that come, and puts them back.
async fn peek(queue: &Queue, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
    let failed = |e| error::client("sample the queue", queue.about(), e);
    let (name, mut records, mut last) = (&queue.config.source.queue, Vec::new(), None);
    while records.len() < size {
        let getting = queue.channel.basic_get(name.as_str().into(), BasicGetOptions::default());
        match timeout_at(deadline, getting).await {
            Ok(got) => match got.map_err(failed)? {
                Some(got) => {
                    last = Some(got.delivery.delivery_tag);
                    records.push(sample(queue, &got.delivery, None));
                }
                None if !records.is_empty() || Instant::now() >= deadline => break,
                None => tokio::time::sleep(PAUSE).await,
            },
            Err(_) => break,
        }
    }
    if let Some(last) = last {
        let back = BasicNackOptions { multiple: true, requeue: true };
        queue.channel.basic_nack(last, back).await.map_err(failed)?;
        // A quorum queue does so behind its answer. Who reads next is to find what there was, unless others take it.
        let patience = Instant::now() + BACK;
        while queue.count().await? < queue.num_ready && Instant::now() < patience {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(records)
}

/// Reads records of a stream queue, which stay there.
async fn read(queue: &Queue, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
    let at = queue.config.source.offset.unwrap_or(StartAt::First);
    let prefetch = u16::try_from(size).unwrap_or(u16::MAX);
    let mut consumer = queue.consume(prefetch, at).await?;
    let (mut records, mut until) = (Vec::new(), deadline);
    while records.len() < size.min(usize::from(prefetch)) {
        let Ok(Some(delivery)) = timeout_at(until, consumer.next()).await else { break };
        let delivery = delivery.map_err(|e| error::client("sample the queue", queue.about(), e))?;
        records.push(sample(queue, &delivery, record::stream_offset(&delivery.properties)));
        // Nobody says which record is the last one; what is there comes at once.
        until = deadline.min(Instant::now() + 10 * PAUSE);
    }
    Ok(records)
}

fn sample(queue: &Queue, delivery: &Delivery, offset: Option<u64>) -> RawRecord {
    let metadata = SourceMetadata::at(Some(queue.config.source.queue.as_str().into()), offset, None);
    let key = Some(delivery.routing_key.as_str().as_bytes().to_vec());
    let timestamp = record::timestamp(&delivery.properties);
    RawRecord { key, timestamp, metadata, ..RawRecord::new(delivery.data.as_slice()) }
}
