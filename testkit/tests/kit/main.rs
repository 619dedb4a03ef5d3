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

laminar_testkit::count_allocations!();
