//! One file per command: its arguments, and what it does with them.
//!
//! Lives here: putting together calls of the crates, and showing what they yield. Does not live here: anything that
//! an engine without a command line would need too.

pub(crate) mod completions;
mod config_schema;
pub(crate) mod connectors;
mod conversion;
pub(crate) mod convert;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod explain;
pub(crate) mod infer;
pub(crate) mod lock;
pub(crate) mod new_connector;
pub(crate) mod run;
pub(crate) mod schema;
mod schema_check;
mod schema_diff;
mod schema_pin;
mod schema_report;
