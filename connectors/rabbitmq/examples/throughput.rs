//! How fast source and sink are beside loops that do nothing but receive or publish, with the same client library and server.
//!
//! ```text
//! scripts/services rabbitmq
//! cargo run --release -p laminar-connector-rabbitmq --example throughput -- 127.0.0.1:15672
//! ```

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::{collections::VecDeque, error::Error, sync::Arc, time::Instant};

use arrow_schema::{DataType, Field, Schema};
use futures_util::{StreamExt, future::join_all};
use laminar_connector_rabbitmq::{RabbitMqSink, RabbitMqSinkConfig, RabbitMqSource, RabbitMqSourceConfig};
use laminar_schema::{
    Checkpoint, EncodeSpec, EncodedBatch, FormatSpec, Positions, RecordSink, RecordStream, Sink, SinkBatch, Source,
    SourceBatch,
};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, PublisherConfirm,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions, QueuePurgeOptions,
    },
    types::FieldTable,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const QUEUE: &str = "throughput";
const ROUNDS: usize = 5;
/// As many as the source's default, and as often as it is told that a checkpoint has them.
const PREFETCH: u16 = 20_000;
const COMMIT_EACH: usize = 8192;

#[tokio::main]
async fn main() -> Outcome<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:15672".to_owned());
    let scale: usize = std::env::args().nth(2).map_or(Ok(1), |scale| scale.parse())?;
    let connection = Connection::connect(&format!("amqp://{server}/%2f"), ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(QUEUE.into(), durable, FieldTable::default()).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    for (bytes, records) in [(100, 100_000 / scale), (1_000, 50_000 / scale)] {
        let (mut reading, mut writing) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
            let publishing = publish_bare(&channel, bytes, records).await?;
            let bare = read_bare(&connection, records).await?;
            writing.push((publishing, publish(&server, bytes, records).await?));
            reading.push((bare, read(&server, records).await?));
        }
        report("source", bytes, records, reading);
        report("sink", bytes, records, writing);
    }
    Ok(())
}

fn report(what: &str, bytes: usize, records: usize, mut seconds: Vec<(f64, f64)>) {
    let rate = |seconds: f64| records as f64 / seconds;
    seconds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (bare, ours) = seconds[seconds.len() / 2];
    let ratios: Vec<String> = seconds.iter().map(|(bare, ours)| format!("{:.2}", bare / ours)).collect();
    println!(
        "{what}, {records} records of {bytes} B: median {:.0}/s beside {:.0}/s bare, ratios {}",
        rate(ours),
        rate(bare),
        ratios.join(" ")
    );
}

/// Persistent records, with as many in flight as the sink has.
async fn publish_bare(channel: &Channel, bytes: usize, records: usize) -> Outcome<f64> {
    let (value, properties) = (vec![b'x'; bytes], BasicProperties::default().with_delivery_mode(2));
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let started = Instant::now();
    let (mut confirms, mut left): (VecDeque<PublisherConfirm>, usize) = (VecDeque::new(), records);
    while left > 0 {
        let burst = left.min(512);
        let publishing =
            (0..burst).map(|_| channel.basic_publish("".into(), QUEUE.into(), options, &value, properties.clone()));
        confirms.extend(join_all(publishing).await.into_iter().collect::<Result<Vec<_>, _>>()?);
        left -= burst;
        while confirms.len() >= 4096
            && let Some(confirm) = confirms.pop_front()
        {
            confirm.await?;
        }
    }
    for confirm in confirms {
        confirm.await?;
    }
    Ok(started.elapsed().as_secs_f64())
}

async fn publish(server: &str, bytes: usize, records: usize) -> Outcome<f64> {
    let sink: RabbitMqSink = RabbitMqSink::new(RabbitMqSinkConfig::new(server, QUEUE)?)?;
    let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Binary, true)]));
    let value = vec![b'x'; bytes];
    let started = Instant::now();
    let mut writer = sink.start(&EncodeSpec::new(schema, FormatSpec::new("raw"))).await?;
    let mut left = records;
    while left > 0 {
        let mut batch = EncodedBatch::new();
        for _ in 0..left.min(8192) {
            batch.bytes_mut().extend_from_slice(&value);
            batch.end_record();
        }
        left -= batch.len();
        writer.write(SinkBatch::Encoded { records: &batch, prologue: b"", delimiter: b"\n" }).await?;
    }
    writer.prepare(Checkpoint { epoch: 1, positions: &Positions::new() }).await?;
    Ok(started.elapsed().as_secs_f64())
}

/// Every record, with one look at its bytes and an acknowledgement for many.
async fn read_bare(connection: &Connection, records: usize) -> Outcome<f64> {
    let started = Instant::now();
    let channel = connection.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = channel.basic_consume(QUEUE.into(), "".into(), options, none).await?;
    let (mut count, mut bytes) = (0, 0);
    while count < records {
        let Some(delivery) = consumer.next().await else { break };
        let delivery = delivery?;
        bytes += delivery.data.len();
        count += 1;
        if count % COMMIT_EACH == 0 || count == records {
            channel.basic_ack(delivery.delivery_tag, BasicAckOptions { multiple: true }).await?;
        }
    }
    assert!(bytes >= records, "every record has bytes");
    Ok(started.elapsed().as_secs_f64())
}

async fn read(server: &str, records: usize) -> Outcome<f64> {
    let started = Instant::now();
    let source: RabbitMqSource = RabbitMqSource::new(RabbitMqSourceConfig::new(server, QUEUE)?)?;
    let (mut stream, mut batch, mut count, mut committed) = (source.start(None).await?, SourceBatch::new(), 0, 0);
    while count < records {
        batch.clear();
        count += stream.next(&mut batch, 8192).await?;
        if count - committed >= COMMIT_EACH || count == records {
            stream.commit(&batch.positions).await?;
            committed = count;
        }
    }
    assert_eq!(count, records, "every record is read");
    Ok(started.elapsed().as_secs_f64())
}
