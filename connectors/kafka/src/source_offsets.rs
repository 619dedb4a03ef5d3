//! How far the source was read, as offsets of a group that a transaction commits along with its records.
//!
//! It is for whoever looks at the group: lag monitors, and pipelines that begin anew where this one ended. A resumed
//! pipeline itself begins where its checkpoint says, which is the same place.

use laminar_schema::{ConnectorError, Positions, SchemaResult};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    producer::Producer,
};
use serde::{Deserialize, Serialize};

use crate::{
    config::KafkaSinkConfig,
    delivery::Topic,
    link::{self, Link},
    partition,
    retry::until,
};

/// The next offset of one partition of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceOffset {
    topic: String,
    partition: i32,
    next: i64,
}

/// The group that source offsets are committed to.
pub(crate) struct SourceOffsets {
    /// Names the group to the brokers; it never joins it, and so disturbs none of its members.
    group: BaseConsumer<Link>,
    /// What the last transaction was prepared with.
    last: Vec<SourceOffset>,
}

impl SourceOffsets {
    /// The group that `config` names, if it names one.
    pub(crate) fn of(config: &KafkaSinkConfig) -> SchemaResult<Option<Self>> {
        let Some(name) = &config.sink.source_group else { return Ok(None) };
        let mut client = config.connection();
        client.set("group.id", name).set("enable.auto.commit", "false");
        let group = link::consumer(&client, &config.sink.brokers, Link::new(&config.security))?;
        Ok(Some(Self { group, last: Vec::new() }))
    }

    /// What a transaction commits that ends at `positions`: nothing, where the source was not read since the last one.
    ///
    /// # Errors
    /// Positions that are no offsets of a topic: the source is not Kafka.
    pub(crate) fn since_last(&mut self, positions: &Positions) -> SchemaResult<Vec<SourceOffset>> {
        let mut offsets = Vec::new();
        for (name, position) in positions.iter() {
            let Some((topic, partition, next)) = partition::parse_position(name, position) else {
                let reason = "it is no offset of a topic, and `source_group` is for sources FROM KAFKA; leave it out";
                return Err(ConnectorError::BadPosition { partition: name.to_string(), reason: reason.into() }.into());
            };
            offsets.push(SourceOffset { topic: topic.to_owned(), partition, next });
        }
        if offsets == self.last {
            return Ok(Vec::new());
        }
        self.last.clone_from(&offsets);
        Ok(offsets)
    }

    /// What was prepared last is aborted, and its offsets with it.
    pub(crate) fn abort(&mut self) {
        self.last.clear();
    }

    /// Adds offsets to the open transaction.
    pub(crate) fn send(&self, topic: &Topic, offsets: &[SourceOffset]) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for offset in offsets {
            list.add_partition_offset(&offset.topic, offset.partition, Offset::Offset(offset.next))?;
        }
        let member = self.group.group_metadata().ok_or(KafkaError::Canceled)?;
        let timeout = topic.config.sink.transaction_timeout;
        until(timeout, || topic.producer.send_offsets_to_transaction(&list, &member, timeout))
    }
}
