//! The WebSocket connector: whole pipelines from SQL, with peers of another library and with peers that misbehave.
//!
//! It is a binary of its own, so that it can be run alone while connectors are worked on. Where there is no Python with the package
//! `websockets`, tests that need it print why they were skipped.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(
    clippy::disallowed_methods,
    reason = "a peer is a task or a process of its own, and is waited for by looking again"
)]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod conformance;
mod faults;
mod kill;
mod measures;
mod million;
mod peers;
mod python;
mod security;
mod sink;
mod source;
mod sql;

laminar_testkit::count_allocations!();

use std::time::{Duration, Instant};

fn ids(range: std::ops::Range<u64>) -> impl Iterator<Item = String> {
    range.map(|id| format!(r#"{{"id":{id}}}"#))
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to be");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
