//! A conformance battery for sources and sinks, in one line each.
//!
//! ```text
//! impl SourceHarness for MyHarness { … }              how to put records into the system behind the source
//! laminar_testkit::count_allocations!();              once in a test binary: lets checks count
//! laminar_testkit::source_conformance!(MyHarness);    one #[test] for each check
//! ```
//!
//! Each check is a plain async function in [`source`] or [`sink`] that yields a [`Verdict`]: it held, it was not made and why,
//! or what was expected and what was found. A harness says what its connector promises beyond that
//! ([`SourcePromises`], [`SinkPromises`]), and checks of what is not promised are skipped and say so. [`Proxy`] makes
//! connections fail on purpose, in tests of one's own too.
//!
//! Lives here: the checks, the harness traits, the proxy. Does not live here: any connector, nor what starts servers.

#![forbid(unsafe_code)]

mod allocations;
mod config;
mod macros;
mod place;
mod proxy;
mod run;
pub mod sink;
pub mod source;
mod verdict;

pub use allocations::{CountingAllocator, INSTRUMENTED_SYSTEM};
pub use place::{BadOptions, Place, SinkPlace, Unavailable, Wanted};
pub use proxy::Proxy;
#[doc(hidden)]
pub use run::run;
pub use sink::{SinkHarness, SinkPromises, Unwritable};
pub use source::{Order, SourceHarness, SourcePromises};
pub use verdict::{Failed, Passed, Verdict};
