//! The Kafka source and sink, as the kit judges them, on a broker.

use laminar_connector_kafka::{KafkaSink, KafkaSource};
use laminar_schema::{FormatSpec, Options, SinkConfig, SourceConfig};
use laminar_testkit::{
    BadOptions, Order, Place, SinkHarness, SinkPlace, SinkPromises, SourceHarness, SourcePromises, Unavailable, Wanted,
};

use laminar_tests::served::unique;

use crate::broker::{Topic, brokers};

laminar_testkit::source_conformance!(Topics as a_topic);
laminar_testkit::sink_conformance!(Targets as a_target);
laminar_testkit::sink_conformance!(TransactionTargets as a_target_of_transactions);

fn found() -> Result<&'static str, Unavailable> {
    brokers().ok_or_else(|| Unavailable("no Kafka broker".to_owned()))
}

/// Topics of two partitions. A broker tells clients its own address, so that no proxy stands in front of it; what happens
/// when it is gone is tested in `faults`.
struct Topics(&'static str);

impl SourceHarness for Topics {
    type Source = KafkaSource;

    fn promises(&self) -> SourcePromises {
        // No bound on what is buffered is claimed: this broker answers with all that it has, whatever `fetch.max.bytes` says.
        SourcePromises { order: Order::WithinPartitions, max_buffered_bytes: usize::MAX, ..SourcePromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let topic = Topic::create(self.0, "kit", 2).await;
        let records = wanted.records();
        topic.write(2, &records);
        let buffers = [("max_buffered_bytes", "1048576"), ("max_batch_bytes", "131072")];
        let pairs = [("brokers", self.0), ("topic", &topic.name)].into_iter().chain(buffers);
        let config = SourceConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") };
        Place::new(config, records).keeping(topic)
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("brokers", self.0), ("topic", "^a")], "topic")]
    }
}

/// Topics that are written to.
struct Targets(&'static str);

impl SinkHarness for Targets {
    type Sink = KafkaSink;

    fn promises(&self) -> SinkPromises {
        // Without transactions, what was written cannot be undone, and comes again when it is replayed.
        SinkPromises { is_transactional: false, is_exactly_once: false, ..SinkPromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn place(&self) -> SinkPlace {
        let topic = Topic::create(self.0, "kit", 1).await;
        let options = Options::from_pairs([("brokers", self.0), ("topic", &topic.name)]);
        SinkPlace::new(SinkConfig { options, format: FormatSpec::new("json") }).keeping(topic)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        values(place.kept::<Topic>().unwrap())
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("brokers", self.0), ("topic", "a"), ("transactional_id", "t")], "spool_dir")]
    }
}

/// Topics that are written to in transactions.
struct TransactionTargets(&'static str);

impl SinkHarness for TransactionTargets {
    type Sink = KafkaSink;

    fn promises(&self) -> SinkPromises {
        SinkPromises::default()
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn place(&self) -> SinkPlace {
        let (topic, spool) = (Topic::create(self.0, "kit", 1).await, tempfile::tempdir().unwrap());
        let (id, spool_dir) = (unique("kit"), spool.path().display().to_string());
        let transactions = [("transactional_id", id.as_str()), ("spool_dir", &spool_dir)];
        let pairs = [("brokers", self.0), ("topic", &topic.name)].into_iter().chain(transactions);
        let config = SinkConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") };
        SinkPlace::new(config).keeping((topic, spool))
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        values(&place.kept::<(Topic, tempfile::TempDir)>().unwrap().0)
    }
}

/// What a reader of what was committed finds.
fn values(topic: &Topic) -> Vec<Vec<u8>> {
    topic.read().into_iter().map(|seen| seen.value.unwrap_or_default().into_bytes()).collect()
}
