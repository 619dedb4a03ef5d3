//! What librdkafka calls while a consumer is polled: rebalances, and that no broker answers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use laminar_schema::SchemaError;
use rdkafka::{
    ClientContext, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    types::RDKafkaRespErr,
};

use crate::{assignment::starts, config::KafkaSourceConfig, error};

/// Where each partition is to be resumed, by topic and number.
pub(crate) type Resume = HashMap<(String, i32), i64>;

/// State shared by the callbacks, the reader thread and the stream.
pub(crate) struct ReaderContext {
    pub(crate) config: Arc<KafkaSourceConfig>,
    /// Positions of the checkpoint that no assignment has taken yet.
    resume: Mutex<Resume>,
    failure: Mutex<Option<SchemaError>>,
}

/// The consumer of a running source.
pub(crate) type ReaderConsumer = BaseConsumer<ReaderContext>;

impl ReaderContext {
    pub(crate) fn new(config: Arc<KafkaSourceConfig>, resume: Resume) -> Self {
        Self { config, resume: Mutex::new(resume), failure: Mutex::new(None) }
    }

    /// What went wrong in a callback since the last call.
    pub(crate) fn take_failure(&self) -> Option<SchemaError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, error: SchemaError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Takes partitions of a group over, each at the later of what the group and our checkpoint know.
    fn assign(&self, consumer: &ReaderConsumer, partitions: &TopicPartitionList) -> Result<(), SchemaError> {
        let wanted: Vec<(String, i32)> =
            partitions.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect();
        let mut resume = Resume::new();
        {
            let mut known = self.resume.lock().unwrap_or_else(PoisonError::into_inner);
            for partition in &wanted {
                // Only the first time: later on, the group may have got further than we had.
                resume.extend(known.remove_entry(partition));
            }
        }
        let starts = starts(consumer, &self.config, &wanted, &resume)?;
        let assigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&starts),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(&starts),
        };
        assigned.map_err(|e| error::client("take over partitions", self.config.topics(), e))
    }
}

impl ClientContext for ReaderContext {}

impl ConsumerContext for ReaderContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            match self.assign(consumer, partitions) {
                Ok(()) => return,
                Err(error) => self.fail(error),
            }
        }
        let given_up = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        };
        if let Err(e) = given_up {
            self.fail(error::client("give partitions up", self.config.topics(), e));
        }
    }
}
