//! SQL → running pipelines: the catalog of sources and sinks, resolution, planning.
//!
//! Lives here: everything that a command line or a server needs between SQL text and [`Pipeline`](crate::Pipeline).
//! Does not live here: printing, signals, processes. An engine author brings two derived enums, one of sources and
//! one of sinks:
//!
//! ```ignore
//! let mut engine = Engine::<EngineSources, EngineSinks>::new();
//! let script = engine.load(sql)?;
//! for planned in engine.plan(&script, &RunOptions::default()).await? {
//!     planned.pipeline.run(std::future::pending(), &Metrics::new()).await?;
//! }
//! ```

mod bound;
mod catalog;
mod condition;
mod drift;
mod error;
mod lock;
mod plan;
mod refresh;

pub use bound::BoundSource;
pub use catalog::{Engine, Script};
pub use drift::DriftReading;
pub use error::StatementError;
pub use lock::LockingError;
pub use plan::{Planned, RunOptions};
pub use refresh::RefreshedSchema;
