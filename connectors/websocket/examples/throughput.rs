//! How fast source and sink are beside loops that do nothing but receive or send, with the same library and the same peer.
//!
//! ```text
//! cargo run --release -p laminar-connector-websocket --example throughput
//! ```
//!
//! The peer is a task of this process, a stand-in for a server. To readers it sends bytes that were made before, so that it costs
//! little.

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use laminar_connector_websocket::{WebSocketSink, WebSocketSinkConfig, WebSocketSource, WebSocketSourceConfig};
use laminar_schema::{
    Checkpoint, ConnectorConfig, EncodeSpec, EncodedBatch, FormatSpec, Options, Positions, RecordSink, RecordStream,
    Sink, SinkBatch, Source, SourceBatch,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, client_async,
    tungstenite::{
        Message,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

const ROUNDS: usize = 7;
/// Rows of a batch.
const ROWS: usize = 8192;
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    for (bytes, records) in [(100, 1_000_000), (1_000, 300_000)] {
        let (mut reading, mut writing) = (Vec::new(), Vec::new());
        let sender = sender(bytes, records).await?;
        let (receiver, received) = receiver().await?;
        for _ in 0..ROUNDS {
            reading.push((read_bare(&sender, bytes, records).await?, read(&sender, bytes, records).await?));
            writing.push((write_bare(&receiver, bytes, records).await?, write(&receiver, bytes, records).await?));
        }
        assert_eq!(received.load(Ordering::SeqCst), ROUNDS * 2 * records, "every record is received");
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

/// A server that sends so many records to each client, and closes. Yields its address.
async fn sender(bytes: usize, records: usize) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (mut frame, mut block, mut farewell) = (Vec::new(), Vec::new(), Vec::new());
    Frame::message(vec![b'x'; bytes], OpCode::Data(Data::Text), true).format(&mut frame)?;
    Frame::close(None).format(&mut farewell)?;
    (0..1000).for_each(|_| block.extend_from_slice(&frame));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (block, farewell) = (block.clone(), farewell.clone());
            tokio::spawn(async move {
                let mut tcp = accept_async(tcp).await?.into_inner();
                for _ in 0..records / 1000 {
                    tcp.write_all(&block).await?;
                }
                tcp.write_all(&farewell).await?;
                // The client answers, and the connection is the server's to end.
                tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await?;
                Ok::<(), Failure>(())
            });
        }
    });
    Ok(address)
}

/// A server that receives, and counts. Yields its address.
async fn receiver() -> Result<(String, Arc<AtomicUsize>), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let received = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut socket = accept_async(tcp).await?;
                while let Some(message) = socket.next().await {
                    if message?.is_text() {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                }
                Ok::<(), Failure>(())
            });
        }
    });
    Ok((address, received))
}

async fn connect(address: &str) -> Result<WebSocketStream<TcpStream>, Failure> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    Ok(client_async(format!("ws://{address}/"), tcp).await?.0)
}

async fn read_bare(address: &str, size: usize, records: usize) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut socket = connect(address).await?;
    let (mut count, mut bytes) = (0, 0);
    while count < records {
        let Some(message) = socket.next().await else { break };
        bytes += message?.len();
        count += 1;
    }
    assert_eq!((count, bytes), (records, records * size), "every record is read whole");
    Ok(started.elapsed().as_secs_f64())
}

async fn read(address: &str, size: usize, records: usize) -> Result<f64, Failure> {
    let started = Instant::now();
    let url = format!("ws://{address}/");
    let options = Options::from_pairs([("url", url.as_str()), ("end", "close")]);
    let config = WebSocketSourceConfig::from_options(&options)?;
    let source: WebSocketSource = WebSocketSource::new(config, &FormatSpec::new("raw"))?;
    let (mut stream, mut batch) = (source.start(None).await?, SourceBatch::new());
    let (mut count, mut bytes) = (0, 0);
    while count < records {
        batch.clear();
        match stream.next(&mut batch, 8192).await? {
            0 => break,
            read => count += read,
        }
        bytes += batch.raw_mut().iter().filter_map(|record| Some(record.value()?.len())).sum::<usize>();
    }
    assert_eq!((count, bytes), (records, records * size), "every record is read whole");
    Ok(started.elapsed().as_secs_f64())
}

/// Sends everything, and waits until a ping behind it is answered.
async fn write_bare(address: &str, bytes: usize, records: usize) -> Result<f64, Failure> {
    let text = "x".repeat(bytes);
    let started = Instant::now();
    let mut socket = connect(address).await?;
    for _ in 0..records {
        socket.feed(Message::text(text.clone())).await?;
    }
    socket.send(Message::Ping(Bytes::from_static(b"end"))).await?;
    while let Some(message) = socket.next().await {
        if message?.is_pong() {
            break;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    socket.close(None).await?;
    Ok(seconds)
}

async fn write(address: &str, bytes: usize, records: usize) -> Result<f64, Failure> {
    let sink: WebSocketSink = WebSocketSink::new(WebSocketSinkConfig::new(format!("ws://{address}/"))?)?;
    let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Utf8, true)]));
    // What makes the rows is no part of a sink, and has made them before.
    let rows = |count: usize| {
        let mut batch = EncodedBatch::new();
        for _ in 0..count {
            batch.bytes_mut().extend(std::iter::repeat_n(b'x', bytes));
            batch.end_record();
        }
        batch
    };
    let (whole, rest) = (rows(ROWS), rows(records % ROWS));
    let batches = std::iter::repeat_n(&whole, records / ROWS).chain([&rest]);
    let started = Instant::now();
    let mut writer = sink.start(&EncodeSpec::new(schema, FormatSpec::new("json"))).await?;
    for records in batches {
        writer.write(SinkBatch::Encoded { records, prologue: b"", delimiter: b"\n" }).await?;
    }
    writer.prepare(Checkpoint { epoch: 1, positions: &Positions::new() }).await?;
    let seconds = started.elapsed().as_secs_f64();
    writer.close(b"").await?;
    Ok(seconds)
}
