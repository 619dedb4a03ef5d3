//! The NATS source and sink, as the kit judges them, on a real server.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use laminar_connector_nats::{NatsSink, NatsSource};
use laminar_schema::{FormatSpec, Options, SinkConfig, SourceConfig};
use laminar_testkit::{
    BadOptions, Place, SinkHarness, SinkPlace, SinkPromises, SourceHarness, SourcePromises, Unavailable, Wanted,
};

use crate::server::{Stream, server};

laminar_testkit::source_conformance!(Streams as a_stream);
laminar_testkit::sink_conformance!(Subjects as a_subject);

fn found() -> Result<&'static str, Unavailable> {
    server().ok_or_else(|| Unavailable("no NATS server".to_owned()))
}

fn text(records: &[Vec<u8>]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.clone()).unwrap()).collect()
}

fn reading(servers: &str, stream: &Stream) -> SourceConfig {
    let pairs = [("servers", servers), ("stream", &stream.name), ("max_buffered_records", "2000")];
    SourceConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") }
}

/// A stream of one server.
struct Streams(&'static str);

impl SourceHarness for Streams {
    type Source = NatsSource;

    fn promises(&self) -> SourcePromises {
        // async-nats makes a message of its own of each record, with a subject and buffers.
        SourcePromises { client_allocations_per_record: 40.0, ..SourcePromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let stream = Stream::create(self.0, "kit").await;
        let records = wanted.records();
        stream.write("a", text(&records)).await;
        Place::new(reading(self.0, &stream), records).keeping(stream)
    }

    async fn append(&self, place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        static NEXT: AtomicUsize = AtomicUsize::new(1_000_000);
        let records = Wanted::new(count).records_from(NEXT.fetch_add(count, Relaxed));
        place.kept::<Stream>()?.write("a", text(&records)).await;
        Some(records)
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![
            BadOptions::new([("servers", self.0), ("subject", "a"), ("mode", "core"), ("durable", "d")], "durable"),
            BadOptions::new([("servers", self.0), ("subject", "a"), ("shared", "true")], "durable"),
        ]
    }

    fn upstream(&self) -> Option<SocketAddr> {
        self.0.parse().ok()
    }

    fn through(&self, place: &Place, address: SocketAddr) -> Option<SourceConfig> {
        Some(reading(&address.to_string(), place.kept::<Stream>()?))
    }
}

/// Subjects of streams of one server.
struct Subjects(&'static str);

impl SinkHarness for Subjects {
    type Sink = NatsSink;

    fn promises(&self) -> SinkPromises {
        // What was published cannot be undone, and comes again when it is replayed.
        SinkPromises { is_transactional: false, is_exactly_once: false, ..SinkPromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        found().map(Self)
    }

    async fn place(&self) -> SinkPlace {
        let stream = Stream::create(self.0, "kit").await;
        let options = Options::from_pairs([("servers", self.0), ("subject", &format!("{}.a", stream.name))]);
        SinkPlace::new(SinkConfig { options, format: FormatSpec::new("json") }).keeping(stream)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        let values = place.kept::<Stream>().unwrap().values().await;
        values.into_iter().map(String::into_bytes).collect()
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("servers", self.0)], "subject")]
    }
}
