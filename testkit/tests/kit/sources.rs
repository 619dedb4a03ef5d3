//! Every check of sources, over a sound source and over one with each flaw.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use laminar_schema::{FormatSpec, Options, SourceConfig};
use laminar_testkit::{BadOptions, Passed, Place, SourceHarness, SourcePromises, Unavailable, Wanted, source};

use crate::{
    beside_others,
    line_server::LineServer,
    line_source::{Flaw, LineSource},
};

/// A server of lines, and a source with that flaw.
pub(crate) struct LineHarness<const FLAW: u8>(LineServer);

type Sound = LineHarness<{ Flaw::Nothing as u8 }>;

fn config(address: SocketAddr) -> SourceConfig {
    let options = Options::from_pairs([("address", address.to_string())]);
    SourceConfig { options, format: FormatSpec::new("json") }
}

impl<const FLAW: u8> SourceHarness for LineHarness<FLAW> {
    type Source = LineSource<FLAW>;

    fn promises(&self) -> SourcePromises {
        SourcePromises {
            max_buffered_bytes: 256 << 10,
            answers_within: Duration::from_secs(5),
            stops_within: Duration::from_secs(1),
            ..SourcePromises::default()
        }
    }

    async fn setup() -> Result<Self, Unavailable> {
        Ok(Self(LineServer::start(&[]).await))
    }

    async fn fill(&self, wanted: Wanted) -> Place {
        let records = wanted.records();
        // The server of the harness itself is what a proxy stands in front of; all others have one of their own.
        let server = LineServer::start(&records).await;
        self.0.append(&records);
        Place::new(config(server.address), records).keeping(server)
    }

    async fn append(&self, place: &Place, count: usize) -> Option<Vec<Vec<u8>>> {
        static ADDED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1_000_000);
        let first = ADDED.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        let records = Wanted::new(count).records_from(first);
        place.kept::<LineServer>()?.append(&records);
        Some(records)
    }

    fn contradictions(&self) -> Vec<BadOptions> {
        vec![BadOptions::new([("address", "x"), ("batch", "1"), ("slow", "true")], "slow")]
    }

    fn upstream(&self) -> Option<SocketAddr> {
        Some(self.0.address)
    }

    fn through(&self, _: &Place, address: SocketAddr) -> Option<SourceConfig> {
        Some(config(address))
    }
}

laminar_testkit::source_conformance!(Sound);

/// Runs every check with a source that has that flaw, and yields those that failed with what they say.
macro_rules! verdicts {
    ($flaw:expr; $($check:ident)*) => {{
        type Flawed = LineHarness<{ $flaw as u8 }>;
        let mut failed = String::new();
        $(
            let harness = Flawed::setup().await.unwrap();
            if let Err(e) = Box::pin(source::$check(harness)).await {
                let _ = writeln!(failed, "{}: expected {}; found {}", stringify!($check), e.expected, e.found);
            }
        )*
        failed
    }};
}

macro_rules! flaws {
    ($($name:ident: $flaw:expr => $check:literal says $text:literal;)*) => { $(
        #[test]
        fn $name() {
            beside_others(stringify!($name), async {
                let failed = verdicts! { $flaw;
                    resumes_exactly loses_nothing_when_cancelled samples_without_consuming tells_all_config_errors
                    keeps_secrets has_the_capabilities_it_declares reconnects stops_in_time
                };
                let lines: Vec<&str> = failed.lines().collect();
                assert!(matches!(lines.as_slice(), [only] if only.starts_with(concat!($check, ":"))), "{failed}");
                assert!(failed.contains($text), "{failed}");
            });
        }
    )* };
}

flaws! {
    a_resume_that_is_one_early: Flaw::ResumesOneEarly => "resumes_exactly" says "found 1 doubled";
    a_future_that_takes_records_along: Flaw::ForgetsWhenCancelled => "loses_nothing_when_cancelled" says "lost, such as";
    sampling_that_takes_away: Flaw::SamplingTakesAway => "samples_without_consuming" says "found 20 lost";
    only_the_first_of_many_errors: Flaw::TellsOneError => "tells_all_config_errors" says "found none about address";
    a_contradiction_that_is_taken: Flaw::TakesContradictions => "tells_all_config_errors" says "a connector made of them";
    a_secret_in_debug: Flaw::ShowsSecrets => "keeps_secrets" says "<the secret>";
    a_capability_without_effect: Flaw::InfersNothing => "has_the_capabilities_it_declares" says "lines have no schema";
    a_connection_that_is_not_made_again: Flaw::GivesUp => "reconnects" says "the connection is gone";
    a_thread_that_nobody_ends: Flaw::LeavesThreads => "stops_in_time" says "its runtime still waiting";
}

/// Checks that measure the process are made alone, one after the other, by running this test by the kit's own lock.
#[test]
fn flaws_that_are_measured() {
    struct Ready;
    laminar_testkit::run("flaws_that_are_measured", true, async { Ok(Ready) }, |_: Ready| async {
        let buffers = verdicts! { Flaw::BuffersWithoutBound; bounds_what_it_buffers };
        assert!(buffers.contains("bytes held while nobody polls"), "{buffers}");
        let allocates = verdicts! { Flaw::Allocates; allocates_nothing_per_record bounds_what_it_buffers };
        assert!(
            allocates.starts_with("allocates_nothing_per_record: ") && allocates.lines().count() == 1,
            "{allocates}"
        );
        let skips = verdicts! { Flaw::SkipsRecords; reads_everything_once };
        assert!(skips.contains("found 1 lost, such as"), "{skips}");
        Ok(Passed::Checked)
    });
}
