//! Schema evolution: from two schemas to changes, from changes to a verdict, to a new schema, and to its batches
//! (SPEC.md §2.5).
//!
//! ```text
//! diff(current, proposed) ─▶ [SchemaChange] ─┬─▶ evaluate(mode) ─▶ EvolutionVerdict
//!                                            └─▶ apply(current) ─▶ new schema + ColumnProjection ─▶ batches
//! ```
//!
//! Lives here: the pure part. Does not live here: noticing that a source has changed, asking a registry, and switching a
//! running pipeline over.

mod apply;
mod change;
mod conversion;
mod diff;
mod error;
mod evaluate;
mod history;
mod path;
mod plan;
mod projection;
mod projector;
mod relation;
mod stored_schema;

pub use apply::apply;
pub use change::SchemaChange;
pub use diff::{MAX_DEPTH, diff};
pub use error::EvolutionError;
pub use evaluate::{Break, BreakReason, Direction, EvolutionVerdict, breaks, evaluate, evaluate_versions};
pub use history::{HistoryError, HistoryStore, MAX_HISTORY_BYTES, SchemaHistory, SchemaVersion};
pub use projection::ColumnProjection;
pub use projector::BatchProjector;

#[cfg(test)]
mod tests;
