//! Schema evolution: from two schemas to changes, from changes to a verdict, to a new schema, and to its batches
//! (SPEC.md §2.5).
//!
//! ```text
//! diff(current, proposed) ─▶ [SchemaChange] ─┬─▶ evaluate(mode) ─▶ EvolutionVerdict
//!                                            └─▶ apply(current) ─▶ new schema + ColumnProjection ─▶ batches
//! ```
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::{ArrayRef, Int32Array, RecordBatch};
//! use arrow_schema::{DataType, Field, Schema};
//! use laminar_schema::{CompatibilityMode, EvolutionVerdict, evolution};
//!
//! let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
//! let batch = RecordBatch::try_from_iter([("qty", column)])?;
//! let current = batch.schema();
//! let proposed = Schema::new(vec![Field::new("qty", DataType::Int64, false), Field::new("note", DataType::Utf8, true)]);
//!
//! let changes = evolution::diff(&current, &proposed);
//! let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
//! assert_eq!(shown, ["widen qty INTEGER → BIGINT", "add note VARCHAR"]);
//! let verdict = evolution::evaluate(&changes, CompatibilityMode::Backward);
//! assert!(matches!(verdict, EvolutionVerdict::Compatible(_)));
//! let (schema, projection) = evolution::apply(&current, &changes)?;
//! assert_eq!(projection.project(&batch, &schema)?.num_columns(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Lives here: the pure part. Does not live here: noticing that a source has changed, asking a registry, and switching a
//! running pipeline over.

mod apply;
mod change;
mod conversion;
mod diff;
mod drift;
mod error;
mod evaluate;
mod history;
mod path;
mod plan;
mod policy;
mod projection;
mod projector;
mod relation;
mod stored_schema;

pub use apply::apply;
pub use change::SchemaChange;
pub(crate) use change::described;
pub use conversion::fitting;
pub use diff::{MAX_DEPTH, diff};
pub use drift::{DriftEntry, DriftReport, DriftStore, DriftVerdict, MAX_DRIFT_ENTRIES};
pub use error::EvolutionError;
pub use evaluate::{Break, BreakReason, Direction, EvolutionVerdict, breaks, evaluate, evaluate_versions};
pub use history::{HistoryError, HistoryStore, MAX_HISTORY_BYTES, SchemaHistory, SchemaVersion};
pub use policy::OnSchemaChange;
pub use projection::ColumnProjection;
pub use projector::BatchProjector;

#[cfg(test)]
mod tests;
