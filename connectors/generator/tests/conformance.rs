//! The generator, as the kit judges it.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use laminar_connector_generator::{GeneratorSource, workload::Workload};
use laminar_schema::{FormatSpec, Options, SourceConfig};
use laminar_testkit::{Place, SourceHarness, SourcePromises, Unavailable, Wanted};

laminar_testkit::count_allocations!();
laminar_testkit::source_conformance!(Orders);

/// Orders, of which each is another.
struct Orders;

impl SourceHarness for Orders {
    type Source = GeneratorSource;

    fn promises(&self) -> SourcePromises {
        SourcePromises { max_buffered_bytes: 64 << 10, ..SourcePromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let pairs = [("workload", "orders".to_owned()), ("rows", wanted.count.to_string())];
        let config = SourceConfig { options: Options::from_pairs(pairs), format: FormatSpec::new("json") };
        let mut generator = Workload::parse("orders").unwrap().generator(42);
        let records = (0..wanted.count).map(|_| {
            let mut record = Vec::new();
            generator.write_record(&mut record);
            record
        });
        Place::new(config, records.collect())
    }
}
