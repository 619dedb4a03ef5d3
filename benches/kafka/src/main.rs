//! Topics of JSON to `RecordBatch`es: our source and decoder beside those of LaminarDB's published crate, on the same topic in turn.
//!
//! Both run as their engines run them, on a runtime with a thread per core: ours is polled and decodes where it is polled, LaminarDB's
//! reads in a task of its own and decodes where it is polled. The clock runs from the first batch, which is not counted, to the last row:
//! what joining a group takes is left out, and fetching is in it for both. `scripts/compare_kafka` builds and runs it.

use std::{
    error::Error,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_connector_kafka::{KafkaSource, KafkaSourceConfig};
use laminar_connectors::{
    config::ConnectorConfig as PeerConfig,
    connector::{DeliveryGuarantee, SourceConnector as _, SourcePosition, SourceStart},
    kafka::{KafkaSource as PeerSource, KafkaSourceConfig as PeerSourceConfig},
};
use laminar_schema::{
    ConnectorConfig, DecodeSpec, FormatDecoder, FormatSpec, Options, RecordStream, Scan, Source, SourceBatch,
    record::BatchContent,
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};

const PARTITIONS: i32 = 6;
const BATCH: usize = 8192;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What reading a topic once came to; times are per record.
struct Took {
    rows: usize,
    /// Sum of the ids, by which a row that is missing or twice shows.
    ids: i64,
    seconds: f64,
    processor_seconds: f64,
}

/// Where counting begins: behind the first batch.
struct Begun {
    at: Instant,
    ticks: u64,
    rows: usize,
}

impl Begun {
    fn took(self, rows: usize, ids: i64) -> Outcome<Took> {
        let counted = (rows - self.rows) as f64;
        Ok(Took {
            rows,
            ids,
            seconds: self.at.elapsed().as_secs_f64() / counted,
            processor_seconds: (ticks()? - self.ticks) as f64 / 100.0 / counted,
        })
    }
}

/// Hundredths of a second that this process has kept processors busy.
fn ticks() -> Outcome<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).ok_or("no /proc/self/stat");
    Ok(number(11)? + number(12)?)
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("price", DataType::Float64, true),
        Field::new("symbol", DataType::Utf8, true),
        Field::new("note", DataType::Utf8, true),
    ]))
}

fn record(id: usize, size: usize) -> String {
    let head = format!(r#"{{"id":{id},"price":{}.25,"symbol":"ABC","note":""#, id % 1000);
    let filling = "x".repeat(size.saturating_sub(head.len() + 2));
    format!("{head}{filling}\"}}")
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

async fn fill(brokers: &str, topic: &str, records: usize, size: usize) -> Outcome<()> {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1)).set("retention.ms", "-1");
    admin.create_topics([&new], &AdminOptions::new()).await?;
    let producer: ThreadedProducer<DefaultProducerContext> = client(brokers).set("linger.ms", "20").create()?;
    for id in 0..records {
        let value = record(id, size);
        let partition = i32::try_from(id)? % PARTITIONS;
        let mut next = BaseRecord::<str, str>::to(topic).partition(partition).payload(&value);
        while let Err((error, back)) = producer.send(next) {
            if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            next = back;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    Ok(producer.flush(Duration::from_secs(120))?)
}

fn sum_of_ids(batch: &arrow_array::RecordBatch) -> Outcome<i64> {
    let ids = batch.column_by_name("id").and_then(|column| column.as_any().downcast_ref::<arrow_array::Int64Array>());
    Ok(ids.ok_or("no column id of Int64")?.values().iter().sum())
}

async fn ours(brokers: &str, topic: &str) -> Outcome<Took> {
    let options = Options::from_pairs([("brokers", brokers), ("topic", topic), ("end", "latest")]);
    let source: KafkaSource = KafkaSource::new(KafkaSourceConfig::from_options(&options)?)?;
    let mut decoder = source.build_decoder(&DecodeSpec::new(schema(), FormatSpec::new("json")))?;
    // As a pipeline does where no column wants headers.
    let source = source.with_scan(&Scan { headers: false, ..Scan::all(schema()) })?;
    let mut stream = source.start(None).await?;
    let (mut batch, mut rows, mut ids, mut begun) = (SourceBatch::new(), 0, 0, None);
    while stream.next(&mut batch, BATCH).await? > 0 {
        if let BatchContent::Raw(raw) = batch.content() {
            let decoded = decoder.decode(raw)?.batch;
            rows += decoded.num_rows();
            ids += sum_of_ids(&decoded)?;
        }
        if begun.is_none() {
            begun = Some(Begun { at: Instant::now(), ticks: ticks()?, rows });
        }
        batch.clear();
    }
    begun.ok_or("the topic is empty")?.took(rows, ids)
}

async fn peer(brokers: &str, topic: &str, group: String, records: usize) -> Outcome<Took> {
    let options = [
        ("bootstrap.servers", brokers),
        ("topic", topic),
        ("group.id", &group),
        ("format", "json"),
        ("startup.mode", "earliest"),
        ("latency.profile", "throughput"),
        ("max.poll.records", "8192"),
        ("laminar.source.name", "peer"),
    ];
    let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
    let started = Instant::now();
    let config = PeerConfig::with_properties("kafka", options);
    let mut source = PeerSource::new(schema(), PeerSourceConfig::from_config(&config)?, None);
    source.start(SourceStart::new(config, SourcePosition::Initial, DeliveryGuarantee::BestEffort)?).await?;
    let ready = source.data_ready_notify().ok_or("it says when there is something")?;
    let (mut rows, mut ids, mut begun) = (0, 0, None);
    while rows < records {
        match source.poll_batch(BATCH).await? {
            Some(batch) => {
                rows += batch.records.num_rows();
                ids += sum_of_ids(&batch.records)?;
                if begun.is_none() {
                    begun = Some(Begun { at: Instant::now(), ticks: ticks()?, rows });
                }
            }
            // As its engine waits; a sign that was given before is not missed for longer than that.
            None => drop(tokio::time::timeout(Duration::from_millis(10), ready.notified()).await),
        }
        if started.elapsed() > Duration::from_secs(120) {
            return Err(format!("{rows} rows of {records} within two minutes").into());
        }
    }
    let took = begun.ok_or("the topic is empty")?.took(rows, ids)?;
    source.close().await?;
    Ok(took)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let brokers = std::env::args().nth(1).ok_or("give the brokers: 127.0.0.1:19092")?;
    let rounds: usize = std::env::args().nth(2).map_or(Ok(5), |rounds| rounds.parse())?;
    for (size, records) in [(100, 600_000), (1000, 60_000)] {
        let topic = format!("peer-{size}-{}", std::process::id());
        fill(&brokers, &topic, records, size).await?;
        let (mut of_ours, mut of_peer) = (Vec::new(), Vec::new());
        // The first round warms the broker up.
        for round in 0..=rounds {
            let one = ours(&brokers, &topic).await?;
            let other = peer(&brokers, &topic, format!("{topic}-{round}"), records).await?;
            let expected = (records, (0..records as i64).sum::<i64>());
            for (name, took) in [("ours", &one), ("LaminarDB's", &other)] {
                if (took.rows, took.ids) != expected {
                    return Err(
                        format!("{name}: {} rows with a sum of {}, and not {expected:?}", took.rows, took.ids).into()
                    );
                }
            }
            if round > 0 {
                of_ours.push(one);
                of_peer.push(other);
            }
        }
        println!("{records} JSON records of {size} B, {PARTITIONS} partitions, {rounds} rounds");
        for (name, all) in [("ours", &of_ours), ("LaminarDB", &of_peer)] {
            println!(
                "{name:10} {:>10.0} records/s  {:.2} CPU s per million",
                1.0 / median(all.iter().map(|took| took.seconds).collect()),
                median(all.iter().map(|took| took.processor_seconds * 1e6).collect()),
            );
        }
        let pairs = || of_ours.iter().zip(&of_peer);
        println!(
            "ratio by round: {:.2} in time, {:.2} in CPU seconds",
            median(pairs().map(|(one, other)| other.seconds / one.seconds).collect()),
            median(pairs().map(|(one, other)| other.processor_seconds / one.processor_seconds).collect()),
        );
    }
    Ok(())
}
