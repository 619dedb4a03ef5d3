//! The RabbitMQ source and sink, as the kit judges them, on a real server.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use laminar_connector_rabbitmq::{RabbitMqSink, RabbitMqSource};
use laminar_schema::{FormatSpec, Options, SinkConfig, SourceConfig};
use laminar_testkit::{
    BadOptions, Order, Place, SinkHarness, SinkPlace, SinkPromises, SourceHarness, SourcePromises, Unavailable, Wanted,
};

use lapin::BasicProperties;

use crate::server::{Queue, Server, server};

/// Lapin's room for frames of the size that the server allows is 8 MiB of it.
const BUFFERED: usize = 12 << 20;

laminar_testkit::source_conformance!(ClassicQueues as a_queue);
laminar_testkit::source_conformance!(StreamQueues as a_stream_queue);
laminar_testkit::sink_conformance!(Queues as a_sink);

fn found() -> Result<&'static Server, Unavailable> {
    server().ok_or_else(|| Unavailable("no RabbitMQ server".to_owned()))
}

fn text(records: &[Vec<u8>]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.clone()).unwrap()).collect()
}

fn reading(server: &Server, address: &str, queue: &Queue, queue_type: &str, prefetch: usize) -> SourceConfig {
    let mut pairs = server.options_by(address);
    pairs.extend([
        ("queue", queue.name.clone()),
        ("queue_type", queue_type.to_owned()),
        ("prefetch", prefetch.to_string()),
        ("heartbeat", "1s".to_owned()),
    ]);
    SourceConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") }
}

async fn fill(server: &Server, wanted: Wanted, queue_type: &str) -> Place {
    let queue = Queue::create_as(server, "kit", queue_type).await;
    let records = wanted.records();
    queue.write_with("", &queue.name, BasicProperties::default(), text(&records)).await;
    // What is read ahead is bounded in records. Where many are asked for, bytes are looked at; a stream queue sends whole chunks,
    // and so a few thousand records more than that.
    let prefetch = match queue_type {
        _ if records.len() <= 20_000 => 20_000,
        "stream" => 200,
        _ => 2000,
    };
    Place::new(reading(server, &server.address(), &queue, queue_type, prefetch), records).keeping(queue)
}

async fn append(place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
    static NEXT: AtomicUsize = AtomicUsize::new(1_000_000);
    let records = Wanted::new(count).records_from(NEXT.fetch_add(count, Relaxed));
    place.kept::<Queue>()?.write(text(&records)).await;
    Some(records)
}

fn contradictions() -> Vec<BadOptions> {
    vec![
        BadOptions::new([("servers", "a"), ("queue", "a"), ("offset", "first")], "offset"),
        BadOptions::new([("servers", "a"), ("queue", "a"), ("prefetch", "0")], "prefetch"),
    ]
}

/// Classic queues of one server.
struct ClassicQueues(&'static Server);

impl SourceHarness for ClassicQueues {
    type Source = RabbitMqSource;

    fn promises(&self) -> SourcePromises {
        SourcePromises {
            // The server goes on behind what was acknowledged, whatever a position says.
            is_resumable: false,
            repeats_after_faults: true,
            waits_for_commits: true,
            order: Order::Any,
            // lapin makes a message of its own of each record, with its names, properties and bytes.
            client_allocations_per_record: 40.0,
            max_buffered_bytes: BUFFERED,
            ..SourcePromises::default()
        }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        fill(self.0, wanted, "classic").await
    }

    async fn append(&self, place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        append(place, count).await
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        contradictions()
    }

    fn upstream(&self) -> Option<SocketAddr> {
        self.0.address().parse().ok()
    }

    fn through(&self, place: &Place, address: SocketAddr) -> Option<SourceConfig> {
        Some(reading(self.0, &address.to_string(), place.kept::<Queue>()?, "classic", 20_000))
    }
}

/// Stream queues of one server.
struct StreamQueues(&'static Server);

impl SourceHarness for StreamQueues {
    type Source = RabbitMqSource;

    fn promises(&self) -> SourcePromises {
        SourcePromises {
            client_allocations_per_record: 40.0,
            max_buffered_bytes: BUFFERED,
            ..SourcePromises::default()
        }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        fill(self.0, wanted, "stream").await
    }

    async fn append(&self, place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        append(place, count).await
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        contradictions()
    }

    fn upstream(&self) -> Option<SocketAddr> {
        self.0.address().parse().ok()
    }

    fn through(&self, place: &Place, address: SocketAddr) -> Option<SourceConfig> {
        Some(reading(self.0, &address.to_string(), place.kept::<Queue>()?, "stream", 20_000))
    }
}

/// Queues of one server, behind the default exchange.
struct Queues(&'static Server);

impl SinkHarness for Queues {
    type Sink = RabbitMqSink;

    fn promises(&self) -> SinkPromises {
        // What was published cannot be undone, and comes again when it is replayed.
        SinkPromises { is_transactional: false, is_exactly_once: false, ..SinkPromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn place(&self) -> SinkPlace {
        let queue = Queue::create(self.0, "kit").await;
        let mut pairs = self.0.options_by(&self.0.address());
        pairs.push(("routing_key", queue.name.clone()));
        SinkPlace::new(SinkConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") })
            .keeping(queue)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        let values = place.kept::<Queue>().unwrap().peek().await;
        values.into_iter().map(String::into_bytes).collect()
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("servers", "a")], "routing_key")]
    }
}
