//! Every check of sinks, over a sound sink and over one with each flaw.

use std::{
    fmt::Write as _,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{FormatSpec, Options, SinkConfig};
use laminar_testkit::{SinkHarness, SinkPlace, SinkPromises, Unavailable, Unwritable, sink};

use crate::{
    beside_others,
    ledger_sink::{Flaw, LedgerSink, ledgers},
};

/// Ledgers, and a sink with that flaw.
pub(crate) struct Ledgers<const FLAW: u8>;

type Sound = Ledgers<{ Flaw::Nothing as u8 }>;

impl<const FLAW: u8> SinkHarness for Ledgers<FLAW> {
    type Sink = LedgerSink<FLAW>;

    fn promises(&self) -> SinkPromises {
        SinkPromises { stops_within: Duration::from_secs(1), ..SinkPromises::default() }
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn place(&self) -> SinkPlace {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ledger {}", COUNT.fetch_add(1, Relaxed));
        let config = SinkConfig { options: Options::from_pairs([("name", name)]), format: FormatSpec::new("json") };
        SinkPlace::new(config)
    }

    async fn read(&self, place: &SinkPlace) -> Vec<Vec<u8>> {
        let name = place.config.options.get("name").unwrap();
        ledgers().get(name).map(|ledger| ledger.committed.clone()).unwrap_or_default()
    }

    fn unwritable(&self) -> Option<Unwritable> {
        let fields = vec![Field::new("id", DataType::Int64, false), Field::new("text", DataType::Utf8, true)];
        let columns = (Int64Array::from(vec![1, 2, 3]), StringArray::from(vec![Some("a"), Some("b"), None]));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(columns.0), Arc::new(columns.1)])
            .unwrap();
        Some(Unwritable { batch, row: 2, column: "text" })
    }
}

laminar_testkit::sink_conformance!(Sound);

/// Runs every check with a sink that has that flaw, and sees that one fails, and says what it should.
macro_rules! flaws {
    ($($name:ident: $flaw:expr => $check:literal says $text:literal;)*) => { $(
        #[test]
        fn $name() {
            beside_others(stringify!($name), async {
                flaws!(@ $flaw, $check, $text;
                    shows_a_commit_once abort_leaves_nothing recovers_after_each_step names_row_and_column
                    tells_all_config_errors keeps_secrets stops_in_time)
            });
        }
    )* };
    (@ $flaw:expr, $expected:literal, $text:literal; $($check:ident)*) => {{
        let mut failed = String::new();
        $(if let Err(e) = Box::pin(sink::$check(Ledgers::<{ $flaw as u8 }>)).await {
            let _ = writeln!(failed, "{}: expected {}; found {}", stringify!($check), e.expected, e.found);
        })*
        let expected: Vec<&str> = $expected.split(' ').collect();
        let found: Vec<&str> = failed.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(found, expected, "{failed}");
        assert!(failed.contains($text), "{failed}");
    }};
}

flaws! {
    // What is visible too early is visible after an end too, so that three checks see it.
    what_is_prepared_is_shown: Flaw::ShowsEarly => "shows_a_commit_once abort_leaves_nothing recovers_after_each_step"
        says "no record before it is committed";
    // An end behind a commit leads to another commit of the same.
    a_commit_that_is_made_again: Flaw::CommitsAgain => "shows_a_commit_once recovers_after_each_step"
        says "20 of them there twice";
    an_abort_that_keeps: Flaw::KeepsAborted => "abort_leaves_nothing" says "10 that should not be there";
    a_prepared_transaction_that_is_forgotten: Flaw::ForgetsPrepared => "recovers_after_each_step"
        says "10 of them missing";
    an_error_without_a_place: Flaw::NamesNoPlace => "names_row_and_column" says "an error that names row 2 and column text";
    only_the_first_of_many_errors: Flaw::TellsOneError => "tells_all_config_errors" says "found none about";
    a_secret_in_debug: Flaw::ShowsSecrets => "keeps_secrets" says "<the secret>";
    a_thread_that_nobody_ends: Flaw::LeavesThreads => "stops_in_time" says "its runtime still waiting";
}
