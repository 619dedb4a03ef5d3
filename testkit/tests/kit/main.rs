//! The kit itself: a connector in which nothing is wrong passes every check, and each flaw fails the check that is made for
//! it, with a message that says so.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::disallowed_methods, reason = "a flaw is a thread that sleeps")]

mod ledger_sink;
mod line_server;
mod line_source;
mod proxy;
mod sinks;
mod sources;

use laminar_testkit::Passed;

laminar_testkit::count_allocations!();

/// Runs a test by the kit's own lock, so that it disturbs none that measures the process.
fn beside_others(name: &'static str, test: impl Future<Output = ()>) {
    let check = |()| async {
        test.await;
        Ok(Passed::Checked)
    };
    laminar_testkit::run(name, false, async { Ok(()) }, check);
}
