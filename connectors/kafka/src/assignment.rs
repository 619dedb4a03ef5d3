//! Which partitions there are, where each begins and where it ends.

use laminar_schema::{ConnectorError, SchemaResult};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{
    config::{KafkaSourceConfig, ReadUntil},
    context::Resume,
    error::{self, KafkaFault},
    link::{self, Linked},
    partition,
    start::StartAt,
    words::OnOffsetLost,
};

/// Every partition of the topics that `config` lists.
///
/// # Errors
/// A topic that does not exist; brokers that do not answer in time.
pub(crate) fn partitions_of<C: Linked>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
) -> SchemaResult<Vec<(String, i32)>> {
    // Its reader hears what it says: whatever were heard here, an outage or a fatal error, would be lost to that.
    look_up(consumer, config, |_| {})
}

/// As [`partitions_of`], of a consumer that nobody reads yet: why brokers do not answer is heard here.
pub(crate) fn partitions_at_start<C: Linked>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
) -> SchemaResult<Vec<(String, i32)>> {
    look_up(consumer, config, link::listen)
}

fn look_up<C: Linked>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    listen: impl Fn(&BaseConsumer<C>),
) -> SchemaResult<Vec<(String, i32)>> {
    let action = "look the topic up";
    let options = &config.source;
    let mut partitions = Vec::new();
    for topic in options.topic.iter().filter(|t| !t.starts_with('^')) {
        let metadata = consumer.fetch_metadata(Some(topic), options.connect_timeout).map_err(|e| {
            listen(consumer);
            let target = format!("`{topic}` on {}", options.brokers);
            consumer.context().link().failed(action, target, e)
        })?;
        let found = metadata.topics().iter().find(|t| t.name() == topic);
        let no_topic = || KafkaFault::NoTopic { topic: topic.clone(), brokers: options.brokers.clone() };
        let found = found.ok_or_else(|| no_topic().during(action))?;
        match found.error().map(RDKafkaErrorCode::from) {
            None | Some(RDKafkaErrorCode::LeaderNotAvailable) => {}
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                return Err(no_topic().during(action));
            }
            Some(code) => {
                return Err(error::client(action, format_args!("`{topic}`"), KafkaError::MetadataFetch(code)));
            }
        }
        if found.partitions().is_empty() {
            return Err(no_topic().during(action));
        }
        partitions.extend(found.partitions().iter().map(|p| (topic.clone(), p.id())));
    }
    partitions.sort();
    Ok(partitions)
}

/// Where each of `partitions` begins: at the later of checkpoint and committed offset, else where the options say.
///
/// # Errors
/// An offset that is not in the log any more; brokers that do not answer in time.
pub(crate) fn starts<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    partitions: &[(String, i32)],
    resume: &Resume,
) -> SchemaResult<TopicPartitionList> {
    let timeout = config.source.connect_timeout;
    let about = || format!("`{}`", config.topics());
    let mut starts = TopicPartitionList::with_capacity(partitions.len());
    for (topic, number) in partitions {
        starts.add_partition(topic, *number);
    }
    let mut known = Resume::new();
    if config.is_grouped() && !partitions.is_empty() {
        let committed = consumer
            .committed_offsets(starts.clone(), timeout)
            .map_err(|e| error::client("read the group's offsets", about(), e))?;
        for element in committed.elements() {
            element.error().map_err(|e| error::client("read the group's offsets", about(), e))?;
            if let Offset::Offset(offset) = element.offset() {
                known.insert((element.topic().to_owned(), element.partition()), offset);
            }
        }
    }
    for (partition, offset) in resume {
        let at = known.entry(partition.clone()).or_insert(*offset);
        *at = (*at).max(*offset);
    }
    let by_time = times(consumer, config, partitions, &known)?;
    for partition in partitions {
        let (topic, number) = partition;
        let offset = match (known.get(partition), &config.source.start) {
            (Some(offset), _) => {
                check_kept(consumer, config, partition, *offset, resume.contains_key(partition))?;
                Offset::Offset(*offset)
            }
            (None, StartAt::Earliest) => Offset::Beginning,
            (None, StartAt::Latest) => end_now(consumer, config, partition)?,
            (None, StartAt::Timestamp(_)) => match by_time.get(partition) {
                Some(offset) => Offset::Offset(*offset),
                None => end_now(consumer, config, partition)?,
            },
            (None, StartAt::Offsets(offsets)) => match offsets.get(number) {
                Some(offset) => {
                    check_kept(consumer, config, partition, *offset, false)?;
                    Offset::Offset(*offset)
                }
                None => Offset::Beginning,
            },
        };
        starts
            .set_partition_offset(topic, *number, offset)
            .map_err(|e| error::client("set where to begin", partition::name(topic, *number), e))?;
    }
    Ok(starts)
}

/// Where a partition ends now: an offset, which a later start can be told, and not "the end", which is another by then.
fn end_now<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    (topic, number): &(String, i32),
) -> SchemaResult<Offset> {
    let watermarks = consumer.fetch_watermarks(topic, *number, config.source.connect_timeout);
    let (_, high) = watermarks.map_err(|e| error::client("find the end", partition::name(topic, *number), e))?;
    Ok(Offset::Offset(high))
}

/// The first offset that is not older than the options say, where there is one yet.
fn times<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    partitions: &[(String, i32)],
    known: &Resume,
) -> SchemaResult<Resume> {
    let mut found = Resume::new();
    let StartAt::Timestamp(millis) = config.source.start else { return Ok(found) };
    let mut wanted = TopicPartitionList::new();
    let failed = |e| error::client("look offsets up by time", format_args!("`{}`", config.topics()), e);
    for (topic, number) in partitions.iter().filter(|p| !known.contains_key(*p)) {
        wanted.add_partition_offset(topic, *number, Offset::Offset(millis)).map_err(failed)?;
    }
    if wanted.count() > 0 {
        let offsets = consumer.offsets_for_times(wanted, config.source.connect_timeout).map_err(failed)?;
        for element in offsets.elements() {
            element.error().map_err(failed)?;
            if let Offset::Offset(offset) = element.offset() {
                found.insert((element.topic().to_owned(), element.partition()), offset);
            }
        }
    }
    Ok(found)
}

/// Sees that an offset that was told is still in the log, before anything is read beyond what is missing.
fn check_kept<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    (topic, number): &(String, i32),
    offset: i64,
    of_checkpoint: bool,
) -> SchemaResult<()> {
    if config.source.on_offset_lost != OnOffsetLost::Fail {
        return Ok(());
    }
    let name = partition::name(topic, *number);
    let (low, high) = consumer
        .fetch_watermarks(topic, *number, config.source.connect_timeout)
        .map_err(|e| error::client("look the partition's offsets up", &name, e))?;
    if (low..=high).contains(&offset) {
        return Ok(());
    }
    if of_checkpoint {
        let reason = format!("offset {offset} is to be read next, and the log holds {low} to {high}");
        return Err(ConnectorError::BadPosition { partition: name.to_string(), reason }.into());
    }
    let partition = format!("{name} holds offsets {low} to {high}, not {offset}");
    Err(KafkaFault::OffsetLost { partition }.during("begin to read"))
}

/// Where each of `partitions` ends; `None` of a source without an end.
///
/// # Errors
/// Brokers that do not answer in time; an end for a partition that is not there.
pub(crate) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    config: &KafkaSourceConfig,
    partitions: &[(String, i32)],
) -> SchemaResult<Option<Resume>> {
    let Some(end) = &config.source.end else { return Ok(None) };
    if let ReadUntil::Offsets(offsets) = end
        && let Some(unknown) = offsets.keys().find(|n| !partitions.iter().any(|(_, p)| p == *n))
    {
        let reason = format!("end names partition {unknown}, and `{}` has no such partition", config.topics());
        return Err(KafkaFault::Refused { reason }.during("find the end"));
    }
    let mut ends = Resume::new();
    for (topic, number) in partitions {
        let end = match end {
            ReadUntil::Latest => {
                let watermarks = consumer.fetch_watermarks(topic, *number, config.source.connect_timeout);
                watermarks.map_err(|e| error::client("find the end", partition::name(topic, *number), e))?.1
            }
            ReadUntil::Offsets(offsets) => offsets.get(number).copied().unwrap_or(0),
        };
        ends.insert((topic.clone(), *number), end);
    }
    Ok(Some(ends))
}
