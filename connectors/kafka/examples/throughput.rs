//! Throughput of the source beside librdkafka's bare loop, on the same topic, interleaved.
//!
//! ```text
//! scripts/services kafka
//! cargo run --release -p laminar-connector-kafka --example throughput -- 127.0.0.1:19092 [rounds [option=value …]]
//! ```
//!
//! Three ways read everything that a topic of 6 partitions holds: `bare` polls with rdkafka and drops each record, `source`
//! takes batches of raw records, `arrow` also decodes them into columns. They take turns, and `bare` has the source's
//! options. librdkafka is given a second and a half to fetch what the topic holds before anybody reads: the loops are
//! compared and not the broker, which answers when it likes. The clock starts behind the first record, or the batches that
//! the source has made of records by then. Printed are medians of records per second with their ratio to `bare`, the median
//! of the ratio in each round, and the processor's seconds per million records, all of the process's threads, over all rounds.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]
#![allow(clippy::disallowed_methods, reason = "it waits for librdkafka, of whose buffers nothing tells")]

use std::{
    error::Error,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_schema::{DataType, Field, Schema};
use laminar_connector_kafka::{KafkaSource, KafkaSourceConfig};
use laminar_schema::record::BatchContent;
use laminar_schema::{
    ConnectorConfig, DecodeSpec, FormatDecoder, FormatSpec, Options, RecordStream, Scan, Source, SourceBatch,
};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};

const PARTITIONS: i32 = 6;
const USUAL_ROUNDS: usize = 9;
/// How long librdkafka fetches before anybody reads.
const HEAD_START: Duration = Duration::from_millis(1500);
/// Batches that the source has made of records by then; they are not counted.
const COPIED_BATCHES: usize = 7;
const AVRO: &str = r#"{"type":"record","name":"row","fields":[{"name":"id","type":"long"},
    {"name":"price","type":"double"},{"name":"symbol","type":"string"},{"name":"note","type":"string"}]}"#;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Hundredths of a second that this process has kept processors busy: Linux counts so on every machine we know of.
fn ticks() -> Outcome<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).ok_or("no /proc/self/stat");
    Ok(number(11)? + number(12)?)
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

/// How records are encoded.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    Json,
    Avro,
}

impl Encoding {
    /// A record of about `size` bytes.
    fn record(self, id: usize, size: usize) -> Vec<u8> {
        let price = (id % 1000) as f64 + 0.25;
        match self {
            Self::Json => {
                let head = format!(r#"{{"id":{id},"price":{price},"symbol":"ABC","note":""#);
                let filling = "x".repeat(size.saturating_sub(head.len() + 2));
                format!("{head}{filling}\"}}").into_bytes()
            }
            Self::Avro => {
                let mut out = Vec::with_capacity(size);
                put_long(&mut out, id);
                out.extend_from_slice(&price.to_le_bytes());
                put_long(&mut out, 3);
                out.extend_from_slice(b"ABC");
                let filling = size.saturating_sub(out.len() + 2);
                put_long(&mut out, filling);
                out.resize(out.len() + filling, b'x');
                out
            }
        }
    }

    fn format(self) -> FormatSpec {
        match self {
            Self::Json => FormatSpec::new("json"),
            Self::Avro => {
                FormatSpec::new("avro").with_options(Options::from_pairs([("framing", "datum"), ("schema", AVRO)]))
            }
        }
    }
}

/// A number that is not negative, as Avro writes longs.
fn put_long(out: &mut Vec<u8>, number: usize) {
    let mut left = (number as u64) << 1;
    while left > 0x7f {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

async fn fill(brokers: &str, topic: &str, records: usize, (encoding, size): (Encoding, usize)) -> Outcome<()> {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1)).set("retention.ms", "-1");
    admin.create_topics([&new], &AdminOptions::new()).await?;
    let producer: ThreadedProducer<DefaultProducerContext> =
        client(brokers).set("linger.ms", "20").set("batch.size", "500000").create()?;
    for id in 0..records {
        let value = encoding.record(id, size);
        let partition = i32::try_from(id)? % PARTITIONS;
        let mut next = BaseRecord::<str, [u8]>::to(topic).partition(partition).payload(&value);
        while let Err((error, back)) = producer.send(next) {
            if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            next = back;
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
    Ok(producer.flush(Duration::from_secs(120))?)
}

/// Where counting begins.
struct Begun {
    at: Instant,
    ticks: u64,
    /// Records before it.
    seen: usize,
}

/// What a loop took for each record.
struct Took {
    seconds: f64,
    processor_seconds: f64,
}

impl Begun {
    fn now(seen: usize) -> Outcome<Self> {
        Ok(Self { at: Instant::now(), ticks: ticks()?, seen })
    }

    fn took(&self, seen: usize) -> Outcome<Took> {
        let (seconds, ticks) = (self.at.elapsed().as_secs_f64(), ticks()? - self.ticks);
        let records = (seen - self.seen) as f64;
        Ok(Took { seconds: seconds / records, processor_seconds: ticks as f64 / 100.0 / records })
    }
}

/// Polls everything; yields bytes, and what each record behind the first took.
fn bare(brokers: &str, topic: &str, records: usize) -> Outcome<(usize, Took)> {
    let mut config = client(brokers);
    let consumer: BaseConsumer = config
        .set("group.id", "bare")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        .set("queued.max.messages.kbytes", "131072")
        .set("queued.min.messages", "1000000")
        .set("fetch.queue.backoff.ms", "10")
        .create()?;
    let mut assigned = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        assigned.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&assigned)?;
    let (mut seen, mut bytes, mut first) = (0, 0, None);
    std::thread::sleep(HEAD_START);
    while seen < records {
        match consumer.poll(Duration::from_millis(100)) {
            None | Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(message) => {
                if first.is_none() {
                    first = Some(Begun::now(1)?);
                }
                bytes += message?.payload().map_or(0, <[u8]>::len);
                seen += 1;
            }
        }
    }
    Ok((bytes, first.ok_or("the topic is empty")?.took(seen)?))
}

/// Reads everything through the source; yields bytes, rows where they are `decoded`, and what each record took.
async fn ours(brokers: &str, topic: &str, decoded: Option<Encoding>) -> Outcome<(usize, usize, Took)> {
    let mut options = vec![("brokers".to_owned(), brokers.to_owned()), ("topic".to_owned(), topic.to_owned())];
    let same = [("end", "latest"), ("max_buffered_bytes", "134217728"), ("queued.min.messages", "1000000")];
    options.extend(same.map(|(k, v)| (k.to_owned(), v.to_owned())));
    options.extend(std::env::args().filter_map(|arg| arg.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))));
    let options = Options::from_pairs(options);
    let source: KafkaSource = KafkaSource::new(KafkaSourceConfig::from_options(&options)?)?;
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("price", DataType::Float64, true),
        Field::new("symbol", DataType::Utf8, true),
        Field::new("note", DataType::Utf8, true),
    ]));
    let mut decoder =
        source.build_decoder(&DecodeSpec::new(Arc::clone(&schema), decoded.unwrap_or(Encoding::Json).format()))?;
    // As a pipeline does where no column wants headers.
    let source = source.with_scan(&Scan { headers: false, ..Scan::all(Arc::clone(&schema)) })?;
    let mut stream = source.start(None).await?;
    let (mut first, mut seen, mut batches): (Option<Begun>, usize, usize) = (None, 0, 0);
    tokio::time::sleep(HEAD_START).await;
    let (mut batch, mut bytes, mut rows) = (SourceBatch::new(), 0, 0);
    while stream.next(&mut batch, 8192).await? > 0 {
        seen += batch.len();
        batches += 1;
        if batches == COPIED_BATCHES {
            first = Some(Begun::now(seen)?);
        }
        if let BatchContent::Raw(raw) = batch.content() {
            // One NUL behind each value is ours.
            bytes += raw.num_value_bytes() - raw.len();
            if decoded.is_some() {
                rows += decoder.decode(raw)?.batch.num_rows();
            }
        }
        batch.clear();
    }
    Ok((bytes, rows, first.ok_or("the topic holds too little")?.took(seen)?))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let brokers = std::env::args().nth(1).ok_or("give the brokers: 127.0.0.1:19092")?;
    let rounds = std::env::args().nth(2).map_or(Ok(USUAL_ROUNDS), |rounds| rounds.parse())?;
    for encoding in [Encoding::Json, Encoding::Avro] {
        for (size, records) in [(100, 300_000), (1000, 60_000)] {
            compare(&brokers, (encoding, size), records, rounds).await?;
        }
    }
    Ok(())
}

async fn compare(brokers: &str, (encoding, size): (Encoding, usize), records: usize, rounds: usize) -> Outcome<()> {
    let topic = format!("throughput-{encoding:?}-{size}-{}", std::process::id());
    fill(brokers, &topic, records, (encoding, size)).await?;
    let names = ["bare", "source", "arrow"];
    let mut runs: [(Vec<f64>, f64); 3] = Default::default();
    for round in 0..=rounds {
        let mut bytes = [0; 3];
        for (which, run) in runs.iter_mut().enumerate() {
            let rows;
            let took;
            match which {
                0 => (rows, (bytes[which], took)) = (records, bare(brokers, &topic, records)?),
                1 => {
                    rows = records;
                    (bytes[which], _, took) = ours(brokers, &topic, None).await?;
                }
                _ => (bytes[which], rows, took) = ours(brokers, &topic, Some(encoding)).await?,
            }
            if rows != records {
                return Err(format!("{}: {rows} rows of {records}", names[which]).into());
            }
            // The first round warms the broker up.
            if round > 0 {
                run.0.push(1.0 / took.seconds);
                run.1 += took.processor_seconds;
            }
        }
        if bytes[1] != bytes[0] || bytes[2] != bytes[0] {
            return Err(format!("they read {bytes:?} bytes").into());
        }
    }
    println!("{records} {encoding:?} records of {size} B, {PARTITIONS} partitions, {rounds} rounds");
    let base = runs[0].0.clone();
    for (name, (rates, processor)) in names.iter().zip(&runs) {
        let ratios = rates.iter().zip(&base).map(|(rate, base)| rate / base).collect();
        println!(
            "{name:7} {:>10.0} records/s  {:.2} of bare  {:.2} by round  {:.2} CPU s per million",
            median(rates.clone()),
            median(rates.clone()) / median(base.clone()),
            median(ratios),
            processor * 1e6 / rounds as f64,
        );
    }
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    admin.delete_topics(&[&topic], &AdminOptions::new()).await?;
    Ok(())
}
