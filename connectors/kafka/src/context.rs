//! What librdkafka calls while a consumer is polled: rebalances, and that no broker answers.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use laminar_schema::{Measures, SchemaError};
use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    client::OAuthToken,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::KafkaError,
    types::RDKafkaRespErr,
};

use crate::{
    assignment::starts,
    config::KafkaSourceConfig,
    error,
    fetched::Diversion,
    link::{Link, Linked},
    measures,
};

/// Where each partition is to be resumed, by topic and number.
pub(crate) type Resume = HashMap<(String, i32), i64>;

/// State shared by the callbacks, the reader thread and the stream.
pub(crate) struct ReaderContext {
    pub(crate) config: Arc<KafkaSourceConfig>,
    link: Link,
    /// Where this source has got to in each partition of a group: by its checkpoint, and since then by what it handed over.
    reached: Mutex<Resume>,
    /// Where partitions of a group began when they were assigned.
    began: Mutex<Resume>,
    /// Partitions of a group that were assigned since the last look, and where they began.
    begun: Mutex<Vec<(String, i32, i64)>>,
    /// Partitions of a group that were given up since the last look.
    given_up: Mutex<Vec<(String, i32)>>,
    failure: Mutex<Option<SchemaError>>,
    /// Where the records of our partitions go.
    pub(crate) diversion: Diversion,
    /// What the source tells of itself.
    pub(crate) measures: Measures,
}

/// The consumer of a running source.
pub(crate) type ReaderConsumer = BaseConsumer<ReaderContext>;

impl ReaderContext {
    pub(crate) fn new(config: Arc<KafkaSourceConfig>, resume: Resume) -> Self {
        Self {
            link: Link::new(&config.security),
            config,
            reached: Mutex::new(resume),
            began: Mutex::new(Resume::new()),
            begun: Mutex::default(),
            given_up: Mutex::default(),
            failure: Mutex::new(None),
            diversion: Diversion::default(),
            measures: Measures::new(),
        }
    }

    /// Notes that everything before `next` was handed over. A partition that is given up and comes back goes on there:
    /// what lies between the group's offset and `next` is in this pipeline already.
    pub(crate) fn has_reached(&self, topic: &str, partition: i32, next: i64) {
        if self.config.is_grouped() {
            let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
            reached.insert((topic.to_owned(), partition), next);
        }
    }

    /// Whether the group's offset may be set to `offset`: not back to before where the partition began here, which is
    /// what another member has committed.
    pub(crate) fn may_commit(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        began.get(&(topic.to_owned(), partition)).is_none_or(|began| offset >= *began)
    }

    /// Partitions that were assigned since the last call, with the offsets where they begin, as far as those are known.
    pub(crate) fn take_begun(&self) -> Vec<(String, i32, i64)> {
        std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Partitions that were given up since the last call.
    pub(crate) fn take_given_up(&self) -> Vec<(String, i32)> {
        std::mem::take(&mut *self.given_up.lock().unwrap_or_else(PoisonError::into_inner))
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
        let known = self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let resume = wanted.iter().filter_map(|p| known.get_key_value(p).map(|(p, at)| (p.clone(), *at))).collect();
        let starts = starts(consumer, &self.config, &wanted, &resume)?;
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for element in starts.elements() {
            if let Offset::Offset(offset) = element.offset() {
                began.insert((element.topic().to_owned(), element.partition()), offset);
                begun.push((element.topic().to_owned(), element.partition(), offset));
            }
        }
        drop((began, begun));
        for element in starts.elements() {
            self.diversion.divert(consumer, element.topic(), element.partition())?;
        }
        self.accept(consumer, &starts)
    }

    /// Answers an assignment, which must be done whatever comes of it: a group waits for it, and so does closing.
    fn accept(&self, consumer: &ReaderConsumer, partitions: &TopicPartitionList) -> Result<(), SchemaError> {
        let assigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(partitions),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(partitions),
        };
        assigned.map_err(|e| error::client("take over partitions", self.config.topics(), e))
    }
}

impl Linked for ReaderContext {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl ClientContext for ReaderContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = Link::ENABLE_REFRESH_OAUTH_TOKEN;

    fn error(&self, error: KafkaError, reason: &str) {
        self.link.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.link.generate_oauth_token(config)
    }

    fn stats(&self, statistics: Statistics) {
        measures::take_over(&self.measures, &statistics, self.config.source.isolation);
    }
}

impl ConsumerContext for ReaderContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            // Nothing is looked up for a reader that has ended: a consumer that is being closed waits for such answers in vain.
            if self.diversion.is_open() {
                match self.assign(consumer, partitions) {
                    Ok(()) => return,
                    Err(error) => self.fail(error),
                }
            }
            // Nobody reads them. What the group has committed of them stays.
            let unread = partitions
                .elements()
                .iter()
                .map(|e| ((e.topic().to_owned(), e.partition()), i64::MAX))
                .collect::<Resume>();
            self.began.lock().unwrap_or_else(PoisonError::into_inner).extend(unread);
            if let Err(error) = self.accept(consumer, partitions) {
                self.fail(error);
            }
            return;
        }
        let elements = partitions.elements();
        let named = elements.iter().map(|e| (e.topic().to_owned(), e.partition()));
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).extend(named);
        let given_up = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        };
        if let Err(e) = given_up {
            self.fail(error::client("give partitions up", self.config.topics(), e));
        }
    }
}
