//! Feeds and stores, as the kit judges them.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use laminar_connector_memory::{MemoryFeed, MemorySink, MemorySource, MemoryStore};
use laminar_schema::{FormatSpec, Options, RawRecord, SinkConfig, SourceConfig};
use laminar_testkit::{Place, SinkHarness, SinkPlace, SourceHarness, SourcePromises, Unavailable, Wanted};

laminar_testkit::count_allocations!();
laminar_testkit::source_conformance!(Feeds);
laminar_testkit::sink_conformance!(Stores);

/// A name that nothing else in this process has.
fn name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("place {}", COUNT.fetch_add(1, Relaxed))
}

fn feed(records: Vec<Vec<u8>>) -> (MemoryFeed, Place) {
    let (feed, name) = (MemoryFeed::new(), name());
    assert!(feed.register(&name), "{name} is taken");
    records.iter().for_each(|record| feed.push(RawRecord::new(record.clone())));
    let config = SourceConfig { options: Options::from_pairs([("name", name)]), format: FormatSpec::new("json") };
    (feed.clone(), Place::new(config, records).keeping(feed))
}

/// Feeds that end.
struct Feeds;

impl SourceHarness for Feeds {
    type Source = MemorySource;

    fn promises(&self) -> SourcePromises {
        SourcePromises { max_buffered_bytes: 64 << 10, ..SourcePromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let (feed, place) = feed(wanted.records());
        feed.end();
        place
    }
}

/// Stores.
struct Stores;

impl SinkHarness for Stores {
    type Sink = MemorySink;

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn place(&self) -> SinkPlace {
        let (store, name) = (MemoryStore::new(), name());
        assert!(store.register(&name), "{name} is taken");
        let config = SinkConfig { options: Options::from_pairs([("name", name)]), format: FormatSpec::new("json") };
        SinkPlace::new(config).keeping(store)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        place.kept::<MemoryStore>().unwrap().records()
    }
}
