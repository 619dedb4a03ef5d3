//! Checks of sinks, and what a harness tells them.

mod options;
mod recovery;
mod transactions;
mod unwritable;
mod writing;

pub use options::{keeps_secrets, tells_all_config_errors};
pub use recovery::recovers_after_each_step;
pub use transactions::{abort_leaves_nothing, shows_a_commit_once};
pub use unwritable::names_row_and_column;
pub use writing::stops_in_time;

use std::{future::Future, time::Duration};

use arrow_array::RecordBatch;
use laminar_schema::{ConnectorConfig, SchemaError, SchemaResult, SinkConfig, SinkFromConfig};

use crate::place::{BadOptions, SinkPlace, Unavailable};

/// What a sink promises beyond its options. The defaults are what a transactional sink does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkPromises {
    /// Whether nothing is visible before it is committed, and what was not is undone.
    pub is_transactional: bool,
    /// Whether records that were prepared come once, even where the process ended before or after the commit. A sink that
    /// is not transactional writes them again when they are replayed.
    pub is_exactly_once: bool,
    /// Whether a reader finds records in the order in which they were written.
    pub is_ordered: bool,
    /// How long one step may take.
    pub answers_within: Duration,
    /// How long dropping a sink and its runtime may take.
    pub stops_within: Duration,
}

impl Default for SinkPromises {
    fn default() -> Self {
        Self {
            is_transactional: true,
            is_exactly_once: true,
            is_ordered: true,
            answers_within: Duration::from_secs(20),
            stops_within: Duration::from_secs(5),
        }
    }
}

/// A batch with a value that cannot be written, and what the error must name.
#[derive(Debug, Clone)]
pub struct Unwritable {
    /// The rows.
    pub batch: RecordBatch,
    /// Number of the first row that cannot be written, from 0.
    pub row: u64,
    /// Its column.
    pub column: &'static str,
}

/// What an author writes to have a sink checked: a place to write to, and another reader that says what is there.
///
/// A harness may panic: then the check fails with its message. The kit writes rows of `id BIGINT, text VARCHAR`.
pub trait SinkHarness: Sized + Send + Sync + 'static {
    /// The sink.
    type Sink: SinkFromConfig;

    /// What it promises.
    fn promises(&self) -> SinkPromises {
        SinkPromises::default()
    }

    /// Reaches the system behind the sink; called once for each check.
    ///
    /// # Errors
    /// Why it is not there. The check is then skipped and says so.
    fn setup() -> impl Future<Output = Result<Self, Unavailable>> + Send;

    /// A place where nothing is yet.
    fn place(&self) -> impl Future<Output = SinkPlace> + Send;

    /// What another reader finds at the place now: the bytes of each record, or each row of columns as JSON, in order.
    fn read(&self, place: &SinkPlace) -> impl Future<Output = Vec<Vec<u8>>> + Send;

    /// Rows that the sink, or its format, cannot write.
    fn unwritable(&self) -> Option<Unwritable> {
        None
    }

    /// Options that are wrong although each is well formed.
    fn contradictions(&self) -> Vec<BadOptions> {
        Vec::new()
    }
}

type Config<H> = <<H as SinkHarness>::Sink as SinkFromConfig>::Config;

/// Makes the sink as SQL does.
pub(crate) fn make<H: SinkHarness>(config: &SinkConfig) -> SchemaResult<H::Sink> {
    let options = Config::<H>::from_options(&config.options).map_err(SchemaError::from)?;
    H::Sink::from_config(options, config)
}
