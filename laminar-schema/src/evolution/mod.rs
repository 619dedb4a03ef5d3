//! Schema changes, verdicts and projections (SPEC.md §2.5). Evaluation per mode and nested changes come with issue 6.

mod change;
mod diff;
mod error;
mod evaluate;
mod projection;

pub use change::SchemaChange;
pub use diff::diff_by_name;
pub use error::EvolutionError;
pub use evaluate::EvolutionVerdict;
pub use projection::ColumnProjection;
