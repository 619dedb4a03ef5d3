//! How fast source and sink are beside loops that do nothing but receive or publish, with the same client library and server.
//!
//! ```text
//! scripts/services nats
//! cargo run --release -p laminar-connector-nats --example throughput -- 127.0.0.1:14222
//! ```

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::{collections::VecDeque, error::Error, sync::Arc, time::Instant};

use arrow_schema::{DataType, Field, Schema};
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
    context::PublishAckFuture,
    stream,
};
use futures_util::StreamExt;
use laminar_connector_nats::{NatsSink, NatsSinkConfig, NatsSource, NatsSourceConfig};
use laminar_schema::{
    Checkpoint, ConnectorConfig, EncodeSpec, EncodedBatch, FormatSpec, Options, Positions, RecordSink, RecordStream,
    Sink, SinkBatch, Source, SourceBatch,
};

const ROUNDS: usize = 7;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:14222".to_owned());
    let context = jetstream::new(async_nats::connect(&server).await?);
    for (bytes, records) in [(100, 300_000), (1_000, 100_000)] {
        let (mut reading, mut writing) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            make(&context).await?;
            let bare = publish_bare(&context, bytes, records).await?;
            make(&context).await?;
            writing.push((bare, publish(&server, bytes, records).await?));
            reading.push((read_bare(&context, records).await?, read(&server, records).await?));
        }
        context.delete_stream("throughput").await?;
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

async fn make(context: &jetstream::Context) -> Result<(), Box<dyn Error + Send + Sync>> {
    // It may not be there yet.
    let _ = context.delete_stream("throughput").await;
    let (name, subjects) = ("throughput".to_owned(), vec!["throughput.>".to_owned()]);
    context.create_stream(stream::Config { name, subjects, ..stream::Config::default() }).await?;
    Ok(())
}

async fn publish_bare(
    context: &jetstream::Context,
    bytes: usize,
    records: usize,
) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let value = vec![b'x'; bytes];
    let started = Instant::now();
    let mut acks: VecDeque<PublishAckFuture> = VecDeque::new();
    for _ in 0..records {
        if acks.len() >= 4096
            && let Some(ack) = acks.pop_front()
        {
            ack.await?;
        }
        acks.push_back(context.publish("throughput.a", value.clone().into()).await?);
    }
    for ack in acks {
        ack.await?;
    }
    Ok(started.elapsed().as_secs_f64())
}

async fn publish(server: &str, bytes: usize, records: usize) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let sink: NatsSink = NatsSink::new(NatsSinkConfig::new(server, "throughput.a")?)?;
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

async fn read_bare(context: &jetstream::Context, records: usize) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let started = Instant::now();
    let config = pull::Config { ack_policy: AckPolicy::None, memory_storage: true, ..pull::Config::default() };
    let consumer = context.get_stream("throughput").await?.create_consumer(config).await?;
    let mut messages = consumer.stream().max_messages_per_batch(8192).messages().await?;
    let (mut count, mut bytes) = (0, 0);
    while count < records {
        let Some(message) = messages.next().await else { break };
        bytes += message?.payload.len();
        count += 1;
    }
    assert!(bytes >= records, "every record has bytes");
    Ok(started.elapsed().as_secs_f64())
}

async fn read(server: &str, records: usize) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let started = Instant::now();
    let options = Options::from_pairs([("servers", server), ("stream", "throughput"), ("end", "latest")]);
    let source: NatsSource = NatsSource::new(NatsSourceConfig::from_options(&options)?)?;
    let (mut stream, mut batch, mut count) = (source.start(None).await?, SourceBatch::new(), 0);
    loop {
        batch.clear();
        match stream.next(&mut batch, 8192).await? {
            0 => break,
            read => count += read,
        }
    }
    assert_eq!(count, records, "every record is read");
    Ok(started.elapsed().as_secs_f64())
}
