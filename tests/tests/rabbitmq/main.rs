//! The RabbitMQ connector on a server: whole pipelines from SQL, judged by another client.
//!
//! Every test makes queues of its own. Without a server it prints why it was skipped.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::disallowed_methods, reason = "a server is another process, and is waited for by looking again")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod conformance;
mod faults;
mod security;
mod server;
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
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
