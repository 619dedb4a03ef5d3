//! From a running source to sinks: the loop of Ring 1, with the only places that dispose of bad records and that
//! commit.
//!
//! Lives here: [`Pipeline`], what it writes to ([`Output`]), what it does with rejected records ([`OnError`]), and
//! the checkpoint it resumes from. Does not live here: SQL (see [`crate::engine`]), decoding, I/O.
//!
//! Guarantees
//! - A batch is written to every output, then its positions count as read. A checkpoint is: every sink prepares, the
//!   checkpoint is stored, every sink commits, the source is told. After a crash the stored checkpoint decides.
//! - Rejected records are counted, and then fail the pipeline, are skipped, or go to the dead-letter output in the
//!   same transaction as the good ones. None disappears silently.
//! - With several [threads](PipelineConfig::threads), batches are decoded and encoded side by side, and disposed of and
//!   written in the order in which they were read: what is written, rejected and reported, and which error ends the
//!   run, is as with one.
//! - On an error, everything since the last checkpoint is aborted in every sink.

mod budget;
mod checkpoint;
mod config;
mod dead_letter;
mod dispatch;
mod lane;
mod metrics;
pub(crate) mod output;
mod prometheus;
mod run;
mod schema_change;
mod unseen;
pub(crate) mod watermark;
mod workers;

pub use budget::{BudgetExceeded, ErrorBudget};
pub(crate) use checkpoint::file_name_of;
pub use checkpoint::{CheckpointStore, StoredCheckpoint};
pub use config::{OnError, PipelineConfig};
pub use dead_letter::{dead_letter_schema, dead_letter_schema_of, dead_letters};
pub use metrics::{Ended, Metrics, Summary};
pub use output::{Output, SelectedColumn};
pub use prometheus::prometheus_text;
pub use run::Pipeline;
pub use schema_change::{MAX_EVOLVED_FIELDS, SchemaChanges, with_rescue_column};
pub use unseen::Unseen;
pub use watermark::{IDLE_TIMEOUT, WatermarkConfig};
