//! The broker that tests talk to, and another client that writes and reads topics on it.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use laminar_tests::served::unique;
use rdkafka::{
    ClientConfig, ClientContext, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{Headers, OwnedHeaders},
    producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer},
};

/// The brokers, or `None` after saying why there are none.
///
/// `LAMINAR_TEST_KAFKA=host:port` names them; without it, `scripts/services kafka` starts one.
pub(crate) fn brokers() -> Option<&'static str> {
    static BROKERS: OnceLock<Result<String, String>> = OnceLock::new();
    match BROKERS.get_or_init(find) {
        Ok(brokers) => Some(brokers),
        Err(why) => {
            println!("skipped: no Kafka broker: {why}");
            None
        }
    }
}

fn find() -> Result<String, String> {
    let brokers = match std::env::var("LAMINAR_TEST_KAFKA") {
        Ok(named) => named,
        Err(_) => {
            service(&["kafka"])?;
            format!("127.0.0.1:{}", std::env::var("LAMINAR_KAFKA_PORT").unwrap_or_else(|_| "19092".to_owned()))
        }
    };
    let consumer: BaseConsumer = client(&brokers).create().map_err(|e| e.to_string())?;
    let metadata = consumer.fetch_metadata(None, Duration::from_secs(10)).map_err(|e| format!("{brokers}: {e}"))?;
    (!metadata.brokers().is_empty()).then_some(brokers).ok_or_else(|| "it names no broker".to_owned())
}

/// Runs `scripts/services`.
pub(crate) fn service(arguments: &[&str]) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new("bash");
    command.arg("scripts/services").args(arguments).current_dir(root).stdin(Stdio::null());
    let output = command.output().map_err(|e| format!("scripts/services: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("scripts/services {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

/// A topic that is deleted when the test is over.
pub(crate) struct Topic {
    pub(crate) name: String,
    brokers: &'static str,
}

impl Topic {
    /// Makes a topic of so many partitions that keeps everything.
    pub(crate) async fn create(brokers: &'static str, what: &str, partitions: i32) -> Self {
        let name = unique(what);
        let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1)).set("retention.ms", "-1");
        let made = admin(brokers).create_topics([&topic], &AdminOptions::new()).await.unwrap();
        made.into_iter().next().unwrap().unwrap();
        let topic = Self { name, brokers };
        // A broker may answer before everybody knows the topic.
        let consumer: BaseConsumer = client(brokers).create().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let metadata = consumer.fetch_metadata(Some(&topic.name), Duration::from_secs(10)).unwrap();
            let found = &metadata.topics()[0];
            if found.error().is_none() && found.partitions().len() == usize::try_from(partitions).unwrap() {
                return topic;
            }
            assert!(Instant::now() < deadline, "{} was not made", topic.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Adds partitions, to so many.
    pub(crate) async fn grow(&self, partitions: usize) -> Result<(), String> {
        let new = NewPartitions::new(&self.name, partitions);
        let grown = admin(self.brokers).create_partitions([&new], &AdminOptions::new()).await;
        let grown = grown.map_err(|e| e.to_string())?.remove(0);
        grown.map(drop).map_err(|(_, code)| code.to_string())
    }

    /// Writes values, one to each partition in turn.
    pub(crate) fn write<V: AsRef<[u8]>>(&self, partitions: i32, values: impl IntoIterator<Item = V>) {
        let producer = self.producer();
        for (index, value) in values.into_iter().enumerate() {
            let partition = i32::try_from(index % usize::try_from(partitions).unwrap()).unwrap();
            send(&producer, BaseRecord::<str, [u8]>::to(&self.name).partition(partition).payload(value.as_ref()));
        }
        producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// Writes one record with everything that a record has.
    pub(crate) fn write_full(&self, key: &str, value: Option<&str>, headers: &[(&str, &str)], timestamp: i64) {
        let producer = self.producer();
        let insert = |all: OwnedHeaders, (key, value): &(&str, &str)| {
            all.insert(rdkafka::message::Header { key, value: Some(*value) })
        };
        let mut record = BaseRecord::<str, str>::to(&self.name).partition(0).key(key).timestamp(timestamp);
        record.payload = value;
        if !headers.is_empty() {
            record = record.headers(headers.iter().fold(OwnedHeaders::new(), insert));
        }
        send(&producer, record);
        producer.flush(Duration::from_secs(60)).unwrap();
    }

    fn producer(&self) -> ThreadedProducer<rdkafka::producer::DefaultProducerContext> {
        let mut config = client(self.brokers);
        config.set("linger.ms", "5").set("enable.idempotence", "true").create().unwrap()
    }

    /// Everything that the topic holds now, as a reader of committed records sees it.
    pub(crate) fn read(&self) -> Vec<Seen> {
        let mut config = client(self.brokers);
        config.set("group.id", unique("reader")).set("enable.partition.eof", "true");
        config.set("auto.offset.reset", "earliest").set("isolation.level", "read_committed");
        let consumer: BaseConsumer = config.create().unwrap();
        let metadata = consumer.fetch_metadata(Some(&self.name), Duration::from_secs(10)).unwrap();
        let mut assigned = TopicPartitionList::new();
        let partitions = metadata.topics()[0].partitions().len();
        for partition in metadata.topics()[0].partitions() {
            assigned.add_partition_offset(&self.name, partition.id(), Offset::Beginning).unwrap();
        }
        consumer.assign(&assigned).unwrap();
        let (mut seen, mut ended) = (Vec::new(), BTreeSet::new());
        let deadline = Instant::now() + Duration::from_secs(60);
        while ended.len() < partitions {
            assert!(Instant::now() < deadline, "{} has no end", self.name);
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => seen.push(Seen::of(&message)),
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(ended.insert(partition)),
                Some(Err(error)) => panic!("{error}"),
                None => {}
            }
        }
        seen
    }

    /// Writes so many records in a transaction of librdkafka's own, restarts the broker, commits, and yields how many are there.
    /// Where the broker says that the transaction cannot be committed, that is all of them: nothing was promised.
    pub(crate) fn commit_over_a_restart(&self, records: usize) -> usize {
        let timeout = Duration::from_secs(60);
        let mut config = client(self.brokers);
        let config = config.set("transactional.id", unique("probe")).set("transaction.timeout.ms", "120000");
        let producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext> = config.create().unwrap();
        producer.init_transactions(timeout).unwrap();
        producer.begin_transaction().unwrap();
        (0..records).for_each(|id| send(&producer, BaseRecord::<(), _>::to(&self.name).payload(&id.to_string())));
        producer.flush(timeout).unwrap();
        service(&["--restart", "kafka"]).unwrap();
        match producer.commit_transaction(timeout) {
            Ok(()) => self.read().len(),
            Err(_) => records,
        }
    }

    /// Writes with librdkafka's own producer while the broker restarts, and yields how many records it had acknowledged, and how
    /// many of those are not there.
    pub(crate) fn lose_over_a_restart(&self) -> (usize, usize) {
        let mut config = client(self.brokers);
        let config = config.set("acks", "all");
        let producer: ThreadedProducer<Acknowledged> = config.create_with_context(Acknowledged::default()).unwrap();
        std::thread::scope(|scope| {
            let restarting = scope.spawn(|| service(&["--restart", "kafka"]).unwrap());
            for id in 0_u64.. {
                let record = BaseRecord::<(), _, _>::with_opaque_to(&self.name, Box::new(id));
                send(&producer, record.payload(&id.to_string()));
                if id % 100 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                if restarting.is_finished() {
                    break;
                }
            }
        });
        producer.flush(Duration::from_secs(60)).unwrap();
        let mut acknowledged = producer.context().0.lock().unwrap().clone();
        let num_acknowledged = acknowledged.len();
        for record in self.read() {
            acknowledged.remove(&record.value.and_then(|id| id.parse().ok()).unwrap());
        }
        (num_acknowledged, acknowledged.len())
    }

    /// The offsets that a group has committed, by partition.
    pub(crate) fn committed(&self, group: &str, partitions: i32) -> Vec<Option<i64>> {
        let mut config = client(self.brokers);
        let consumer: BaseConsumer = config.set("group.id", group).create().unwrap();
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition_range(&self.name, 0, partitions - 1);
        let found = consumer.committed_offsets(wanted, Duration::from_secs(10)).unwrap();
        let offset = |partition| match found.find_partition(&self.name, partition).map(|e| e.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        (0..partitions).map(offset).collect()
    }

    /// How many members a group has while none joins it or leaves.
    pub(crate) fn members(&self, group: &str) -> usize {
        let consumer: BaseConsumer = client(self.brokers).create().unwrap();
        let found = consumer.fetch_group_list(Some(group), Duration::from_secs(10)).unwrap();
        let steady = found.groups().iter().find(|g| g.name() == group && g.state() == "Stable");
        steady.map_or(0, |group| group.members().len())
    }
}

/// Ids of records that the broker has acknowledged.
#[derive(Default)]
struct Acknowledged(Mutex<BTreeSet<u64>>);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = Box<u64>;

    fn delivery(&self, result: &DeliveryResult<'_>, id: Box<u64>) {
        if result.is_ok() {
            self.0.lock().unwrap().insert(*id);
        }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // The broker of the tests writes all of its state again and again: what is over must go.
        let (name, brokers) = (self.name.clone(), self.brokers);
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { admin(brokers).delete_topics(&[&name], &AdminOptions::new()).await.map(drop) })
        });
        let _ = deleting.join();
    }
}

fn admin(brokers: &str) -> AdminClient<DefaultClientContext> {
    client(brokers).create().unwrap()
}

fn send<K: rdkafka::message::ToBytes + ?Sized, P: rdkafka::message::ToBytes + ?Sized, C: ProducerContext>(
    producer: &ThreadedProducer<C>,
    mut record: BaseRecord<'_, K, P, C::DeliveryOpaque>,
) {
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((KafkaError::MessageProduction(rdkafka::error::RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                std::thread::sleep(Duration::from_millis(1));
            }
            Err((error, _)) => panic!("{error}"),
        }
    }
}

/// A record as another client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Seen {
    fn of(message: &impl Message) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = message
            .headers()
            .map(|headers| headers.iter().map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default()))).collect());
        Self {
            partition: message.partition(),
            key: message.key().map(text),
            value: message.payload().map(text),
            headers: headers.unwrap_or_default(),
        }
    }
}
