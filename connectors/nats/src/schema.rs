//! Sampling: records of a stream, read by a consumer of its own that acknowledges nothing; or what is published meanwhile.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, OrderedPullConsumer, PullConsumer, pull};
use futures_util::StreamExt;
use laminar_schema::{
    DecoderSet, InferenceConfig, RawRecord, SchemaInferable, SchemaResult, SourceBatch, SourceMetadata,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::NatsSourceConfig,
    delivery::Delivery,
    error::{self, NatsFault},
    live::Live,
    place::Place,
    record::Shape,
    source::NatsSource,
    words::{Mode, SampleFrom},
};

impl<D: DecoderSet> SchemaInferable for NatsSource<D> {
    /// Reads the head or the tail of the stream, and waits for a first record where there is none.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let (nats, size, wait) = (Arc::clone(&self.config), config.sample_size.max(1), config.sample_timeout);
        let deadline = Instant::now() + wait;
        let records = match nats.source.mode {
            Mode::Core => Box::pin(listen(Arc::clone(&nats), size, deadline)).await?,
            Mode::JetStream => Box::pin(read(Arc::clone(&nats), size, deadline)).await?,
        };
        if records.is_empty() {
            return Err(NatsFault::Empty { subject: nats.about(), seconds: wait.as_secs() }.during("infer a schema"));
        }
        Ok(records)
    }
}

/// What is published until there is enough, or until the time is over.
async fn listen(config: Arc<NatsSourceConfig>, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
    // Members of a group take records away from each other.
    let mut config = NatsSourceConfig::clone(&config);
    config.source.queue_group = None;
    let mut live = Live::start(Arc::new(config)).await?;
    let (mut records, mut batch) = (Vec::new(), SourceBatch::new());
    while records.len() < size {
        batch.clear();
        match timeout_at(deadline, live.next(&mut batch, size - records.len())).await {
            Ok(read) => read?,
            Err(_) => break,
        };
        let raw = batch.raw_mut();
        records.extend((0..raw.len()).map(|index| raw.record(index).to_owned()));
    }
    Ok(records)
}

/// Records of the stream that are there; where there are none, the first that come.
async fn read(config: Arc<NatsSourceConfig>, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
    let place = Place::find(Arc::clone(&config)).await?;
    let shape = Shape::new(config.source.bucket.as_deref(), true);
    let (deliver_policy, mut passed_over) = match config.source.sample_from {
        SampleFrom::Head => (DeliverPolicy::All, 0),
        SampleFrom::Tail => tail(&place, size).await?,
    };
    let consumer: OrderedPullConsumer = place
        .stream
        .create_consumer(pull::OrderedConfig {
            deliver_policy,
            filter_subjects: place.filters.clone(),
            ..pull::OrderedConfig::default()
        })
        .await
        .map_err(|e| error::refused("sample the stream", place.about(), e))?;
    let mut messages = consumer.messages().await.map_err(|e| error::client("sample the stream", place.about(), e))?;
    let last = place.last_sequence().await?;
    let mut records = Vec::new();
    while records.len() < size {
        let message = match timeout_at(deadline, messages.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(e))) => return Err(error::client("sample the stream", place.about(), e)),
            Ok(None) | Err(_) => break,
        };
        let Some(delivery) = message.reply.as_deref().and_then(Delivery::parse) else { continue };
        if passed_over > 0 {
            passed_over -= 1;
            continue;
        }
        // A deleted key shows nothing of a schema.
        if let Some(value) = shape.value(&message.payload, message.headers.as_ref()) {
            let metadata = SourceMetadata::at(Some(Arc::clone(&place.name)), Some(delivery.sequence), None);
            let key = Some(shape.key(&message.subject).as_bytes().to_vec());
            records.push(RawRecord { key, timestamp: Some(delivery.timestamp), metadata, ..RawRecord::new(value) });
        }
        if delivery.sequence >= last && !records.is_empty() {
            break;
        }
    }
    Ok(records)
}

/// A place at or before the last `size` records, and how many to pass over from there. With subjects, records lie apart, so
/// that the number that lie behind a sequence is asked for until there are enough.
async fn tail(place: &Place, size: usize) -> SchemaResult<(DeliverPolicy, u64)> {
    let state = place.state().await?;
    let (first, last) = (state.first_sequence.max(1), state.last_sequence);
    let wanted = u64::try_from(size).unwrap_or(u64::MAX);
    let mut span = wanted;
    loop {
        let start_sequence = last.saturating_add(1).saturating_sub(span).max(first);
        let policy = DeliverPolicy::ByStartSequence { start_sequence };
        let pending = count(place, policy).await?;
        if pending >= wanted || start_sequence == first {
            return Ok((policy, pending.saturating_sub(wanted)));
        }
        span = span.saturating_mul(4);
    }
}

/// How many records a consumer that begins there would deliver.
async fn count(place: &Place, deliver_policy: DeliverPolicy) -> SchemaResult<u64> {
    let failed = |e| error::client("sample the stream", place.about(), e);
    let consumer: PullConsumer = place
        .stream
        .create_consumer(pull::Config {
            deliver_policy,
            filter_subjects: place.filters.clone(),
            ack_policy: AckPolicy::None,
            memory_storage: true,
            inactive_threshold: Duration::from_secs(5),
            ..pull::Config::default()
        })
        .await
        .map_err(failed)?;
    let info = consumer.cached_info();
    let pending = info.num_pending;
    place.stream.delete_consumer(&info.name).await.map_err(failed)?;
    Ok(pending)
}
