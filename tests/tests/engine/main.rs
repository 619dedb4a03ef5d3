//! The engine from SQL to a sink: derives, resolution, pipelines, registries, schemas that change, and what goes wrong.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to unwrap says where; what is skipped and what was counted is shown"
)]

mod bad_input;
mod compat;
mod composition;
mod connector_docs;
mod connector_file;
mod connector_generator;
mod derive;
mod glue_pipeline;
mod lock;
mod pipeline;
mod registry_pipeline;
mod resolution;
mod schema_changes;
mod unseen;
mod watermark;
mod zero_cost;
