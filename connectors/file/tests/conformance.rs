//! Files, as the kit judges them: read to their end, followed, and written.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use std::{
    fs,
    io::Write,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use laminar_connector_file::{FileSink, FileSource};
use laminar_schema::{FormatSpec, Options, SinkConfig, SourceConfig};
use laminar_testkit::{
    BadOptions, Place, SinkHarness, SinkPlace, SinkPromises, SourceHarness, SourcePromises, Unavailable, Wanted,
};
use tempfile::TempDir;

laminar_testkit::count_allocations!();
laminar_testkit::source_conformance!(Whole as a_file);
laminar_testkit::source_conformance!(Followed as a_followed_file);
laminar_testkit::sink_conformance!(Written);

fn lines(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| record.iter().copied().chain([b'\n'])).collect()
}

fn file(wanted: Wanted, more: &[(&str, &str)]) -> Place {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("records.ndjson");
    let records = wanted.records();
    fs::write(&path, lines(&records)).unwrap();
    let own = [("path", path.display().to_string()), ("max_batch_bytes", "262144".to_owned())];
    let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
    let config =
        SourceConfig { options: Options::from_pairs(own.into_iter().chain(more)), format: FormatSpec::new("json") };
    Place::new(config, records).keeping(dir)
}

/// Files that are read to their end.
struct Whole;

impl SourceHarness for Whole {
    type Source = FileSource;

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        file(wanted, &[])
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("path", "a"), ("start", "end")], "start")]
    }
}

/// Files that may grow.
struct Followed;

impl SourceHarness for Followed {
    type Source = FileSource;

    fn promises(&self) -> SourcePromises {
        SourcePromises::default()
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        file(wanted, &[("follow", "true"), ("poll_interval", "20ms")])
    }

    async fn append(&self, place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        static NEXT: AtomicUsize = AtomicUsize::new(1_000_000);
        let records = Wanted::new(count).records_from(NEXT.fetch_add(count, Relaxed));
        let path = place.config.options.get("path")?;
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&lines(&records)).unwrap();
        Some(records)
    }
}

/// Files that are written.
struct Written;

impl SinkHarness for Written {
    type Sink = FileSink;

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    fn promises(&self) -> SinkPromises {
        // A plain file cannot hide what is flushed to it; what was not committed is cut off again.
        SinkPromises { is_transactional: false, ..SinkPromises::default() }
    }

    async fn place(&self) -> SinkPlace {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("written.ndjson").display().to_string();
        let config = SinkConfig { options: Options::from_pairs([("path", path)]), format: FormatSpec::new("json") };
        SinkPlace::new(config).keeping(dir)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        let bytes = fs::read(place.config.options.get("path").unwrap()).unwrap_or_default();
        bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }
}
