//! Runs a check as a test.

use std::{
    fmt,
    future::Future,
    sync::{PoisonError, RwLock},
};

use crate::{
    place::Unavailable,
    verdict::{Passed, Verdict},
};

/// Checks that measure the process are alone in it; the others run beside each other.
static MEASURING: RwLock<()> = RwLock::new(());

/// Runs a check in a runtime of its own, once the system behind the connector is there.
///
/// # Panics
/// When the check fails: the message says what was expected and found.
#[doc(hidden)]
#[expect(clippy::print_stdout, reason = "a check that was not made says so where test results are read")]
pub fn run<H, S, C>(check: &'static str, is_measuring: bool, setup: S, body: impl FnOnce(H) -> C)
where
    S: Future<Output = Result<H, Unavailable>>,
    C: Future<Output = Verdict>,
{
    let (shared, alone);
    // A check that failed has left nothing half done.
    if is_measuring {
        alone = MEASURING.write().unwrap_or_else(PoisonError::into_inner);
        let _ = &alone;
    } else {
        shared = MEASURING.read().unwrap_or_else(PoisonError::into_inner);
        let _ = &shared;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return fail(check, e),
    };
    let verdict = runtime.block_on(async {
        match setup.await {
            Ok(harness) => Box::pin(body(harness)).await,
            Err(Unavailable(why)) => Passed::skipped(why),
        }
    });
    runtime.shutdown_background();
    match verdict {
        Ok(Passed::Checked) => {}
        Ok(Passed::DoesNotApply(why)) => println!("does not apply: {check}: {why}"),
        Ok(Passed::Skipped(why)) => println!("skipped: {check}: {why}"),
        Err(failed) => fail(check, failed),
    }
}

#[cold]
#[track_caller]
fn fail(check: &str, why: impl fmt::Display) {
    panic!("{check}\n{why}");
}
