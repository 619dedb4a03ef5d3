//! Sampling: records of every partition, read by a consumer of its own that joins no group and commits nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use laminar_schema::{DecoderSet, InferenceConfig, RawRecord, SchemaInferable, SchemaResult, SourceMetadata};
use rdkafka::{Message, Offset, TopicPartitionList, consumer::Consumer, error::KafkaError};

use crate::{
    assignment::partitions_at_start,
    config::KafkaSourceConfig,
    error::{self, KafkaFault},
    link::{self, Link},
    partition,
    source::KafkaSource,
    words::SampleFrom,
};

impl<D: DecoderSet> SchemaInferable for KafkaSource<D> {
    /// Reads the head or the tail of every partition, and waits for a first record where there is none.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let (kafka, size, timeout) = (Arc::clone(&self.config), config.sample_size, config.sample_timeout);
        let sampling = tokio::task::spawn_blocking(move || sample(&kafka, size, timeout));
        sampling.await.map_err(|_| error::panicked("sample the topic"))?
    }
}

/// A partition that samples are taken of.
struct Share<'a> {
    topic: &'a str,
    number: i32,
    name: Arc<str>,
    /// Records that were taken.
    taken: usize,
    /// Whether everything that was there was read.
    is_read: bool,
    /// The offset that was the next one to be written when sampling began.
    high: i64,
}

fn sample(config: &KafkaSourceConfig, size: usize, timeout: Duration) -> SchemaResult<Vec<RawRecord>> {
    let deadline = Instant::now() + timeout;
    let about = || format!("`{}`", config.topics());
    if let Some(pattern) = config.source.topic.iter().find(|t| t.starts_with('^')) {
        let reason = format!(
            "`{pattern}` is a pattern, and a sample is taken of named topics; name one, or declare the columns"
        );
        return Err(KafkaFault::Refused { reason }.during("sample the topic"));
    }
    let mut client = config.client();
    client.set("group.id", "laminar-sample").set("enable.partition.eof", "true").set("auto.offset.reset", "earliest");
    let consumer = link::consumer(&client, &config.source.brokers, Link::new(&config.security))?;
    let partitions = partitions_at_start(&consumer, config)?;
    let quota = size.div_ceil(partitions.len().max(1));
    let (mut shares, mut assigned) = (Vec::new(), TopicPartitionList::new());
    for (topic, number) in &partitions {
        let name = partition::name(topic, *number);
        let (low, high) = consumer
            .fetch_watermarks(topic, *number, config.source.connect_timeout)
            .map_err(|e| error::client("look the partition's offsets up", &name, e))?;
        let start = match config.source.sample_from {
            SampleFrom::Head => low,
            SampleFrom::Tail => low.max(high.saturating_sub(i64::try_from(quota).unwrap_or(i64::MAX))),
        };
        assigned
            .add_partition_offset(topic, *number, Offset::Offset(start))
            .map_err(|e| error::client("set where to begin", &name, e))?;
        shares.push(Share { topic, number: *number, name, taken: 0, is_read: low >= high, high });
    }
    consumer.assign(&assigned).map_err(|e| error::client("take the partitions", about(), e))?;
    // What a partition gives beyond its share fills up what others do not have.
    let (mut within, mut beyond) = (Vec::new(), Vec::new());
    loop {
        let total = within.len() + beyond.len();
        let is_read = shares.iter().all(|s| s.is_read);
        if total > 0 && (is_read || total >= size && shares.iter().all(|s| s.is_read || s.taken >= quota)) {
            break;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match consumer.poll(left.min(Duration::from_millis(100))) {
            None => {}
            Some(Ok(message)) => {
                let is = |s: &&mut Share<'_>| s.number == message.partition() && s.topic == message.topic();
                let Some(share) = shares.iter_mut().find(is) else { continue };
                share.is_read |= message.offset() + 1 >= share.high;
                // A tombstone shows nothing of a schema.
                let Some(value) = message.payload() else { continue };
                let to = if share.taken < quota { &mut within } else { &mut beyond };
                share.taken += 1;
                if to.len() < size {
                    let offset = u64::try_from(message.offset()).ok();
                    let metadata = SourceMetadata::at(Some(Arc::clone(&share.name)), offset, None);
                    let (key, timestamp) = (message.key().map(<[u8]>::to_vec), message.timestamp().to_millis());
                    to.push(RawRecord { key, timestamp, metadata, ..RawRecord::new(value) });
                }
            }
            // With one topic the number tells the partition; with several, the last offset does, or the time-out.
            Some(Err(KafkaError::PartitionEOF(number))) if config.source.topic.len() == 1 => {
                shares.iter_mut().filter(|s| s.number == number).for_each(|s| s.is_read = true);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(Err(e)) if e.rdkafka_error_code().is_some_and(error::is_transient) => {}
            Some(Err(e)) => return Err(error::client("sample the topic", about(), e)),
        }
    }
    within.append(&mut beyond);
    within.truncate(size);
    if within.is_empty() {
        return Err(
            KafkaFault::EmptyTopic { topic: config.topics(), seconds: timeout.as_secs() }.during("infer a schema")
        );
    }
    Ok(within)
}
