//! The WebSocket source and sink, as the kit judges them. The peers are servers of the library that the connector uses: a WebSocket has no
//! server of its own that could be run.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use futures_util::{SinkExt, StreamExt};
use laminar_connector_websocket::{WebSocketSink, WebSocketSource};
use laminar_schema::{FormatSpec, Options, SinkConfig, SourceConfig};
use laminar_testkit::{
    BadOptions, Order, Place, SinkHarness, SinkPlace, SinkPromises, SourceHarness, SourcePromises, Unavailable, Wanted,
};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::peers::{Server, Socket};

laminar_testkit::source_conformance!(Feeds as a_source);
laminar_testkit::sink_conformance!(Takers as a_sink);

/// Records that every client gets from the first on, and more as they come.
type Feed = watch::Sender<Vec<String>>;

fn text(records: &[Vec<u8>]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.clone()).unwrap()).collect()
}

async fn feed(socket: Socket, mut records: watch::Receiver<Vec<String>>) {
    let (mut to, mut from) = socket.split();
    let feeding = async {
        let mut sent = 0;
        loop {
            records.mark_unchanged();
            // One by one: what the peer holds counts where the kit looks at what the source does.
            loop {
                let Some(record) = records.borrow().get(sent).cloned() else { break };
                sent += 1;
                if to.feed(Message::text(record)).await.is_err() {
                    return;
                }
            }
            if to.flush().await.is_err() || records.changed().await.is_err() {
                return;
            }
        }
    };
    // The library answers pings while it is read.
    let listening = async { while let Some(Ok(_)) = from.next().await {} };
    tokio::select! { () = feeding => {} () = listening => {} }
}

fn reading(url: &str) -> SourceConfig {
    let pairs = [
        ("url", url),
        ("max_buffered_bytes", "262144"),
        ("ping_interval", "200ms"),
        ("idle_timeout", "1s"),
        ("outage_timeout", "20s"),
    ];
    SourceConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") }
}

/// A server that says the same to every client.
struct Feeds {
    server: Server,
    feed: Feed,
}

impl SourceHarness for Feeds {
    type Source = WebSocketSource;

    fn promises(&self) -> SourcePromises {
        SourcePromises {
            // There are no places: a client gets what its server says from then on. This one begins anew.
            is_resumable: false,
            repeats_after_faults: true,
            order: Order::Any,
            // The library makes a buffer of its own for what it reads.
            client_allocations_per_record: 1.0,
            ..SourcePromises::default()
        }
    }

    async fn setup() -> Result<Self, Unavailable> {
        let (feed, _) = watch::channel(Vec::new());
        let records = feed.clone();
        let server = Server::start(move |socket, _| self::feed(socket, records.subscribe())).await;
        Ok(Self { server, feed })
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let records = wanted.records();
        self.feed.send_replace(text(&records));
        Place::new(reading(&self.server.url), records)
    }

    async fn append(&self, _: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        static NEXT: AtomicUsize = AtomicUsize::new(1_000_000);
        let records = Wanted::new(count).records_from(NEXT.fetch_add(count, Relaxed));
        self.feed.send_modify(|all| all.extend(text(&records)));
        Some(records)
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![
            BadOptions::new([("url", "ws://a/"), ("listen", "127.0.0.1:0")], "listen"),
            BadOptions::new([("listen", "127.0.0.1:0"), ("subscribe", "a")], "subscribe"),
        ]
    }

    fn upstream(&self) -> Option<SocketAddr> {
        Some(([127, 0, 0, 1], self.server.port).into())
    }

    fn through(&self, _: &Place, address: SocketAddr) -> Option<SourceConfig> {
        Some(reading(&format!("ws://{address}/")))
    }
}

/// Servers that keep what they are told.
struct Takers;

#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<Vec<u8>>>>);

impl SinkHarness for Takers {
    type Sink = WebSocketSink;

    fn promises(&self) -> SinkPromises {
        // What was sent cannot be undone, and comes again when it is replayed.
        SinkPromises { is_transactional: false, is_exactly_once: false, ..SinkPromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn place(&self) -> SinkPlace {
        let taken = Taken::default();
        let of_server = taken.clone();
        let server = Server::start(move |mut socket, _| {
            let taken = of_server.clone();
            async move {
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() {
                        let mut taken = taken.0.lock().unwrap_or_else(PoisonError::into_inner);
                        taken.push(message.into_data().to_vec());
                    }
                }
            }
        })
        .await;
        let options = Options::from_pairs([("url", server.url.as_str())]);
        SinkPlace::new(SinkConfig { options, format: FormatSpec::new("json") }).keeping(server).keeping(taken)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        place.kept::<Taken>().unwrap().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("url", "ws://a/"), ("listen", "127.0.0.1:0")], "listen")]
    }
}
