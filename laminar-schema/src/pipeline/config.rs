//! How a pipeline runs.

use std::{sync::Arc, time::Duration};

use super::{CheckpointStore, ErrorBudget, Output, SchemaChanges, WatermarkConfig};
use crate::{evolution::DriftStore, registry::RegistryConfig};

/// What happens with records that do not fit: `ON ERROR …`.
#[derive(Debug)]
pub enum OnError<K> {
    /// The first one stops the pipeline; nothing of its batch is written.
    Fail,
    /// They are counted and left out.
    Skip,
    /// They go to another sink, as rows of [`dead_letter_schema_of`](super::dead_letter_schema_of) the source's format.
    DeadLetter(Output<K>),
}

/// How a pipeline runs.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Name of the source in errors and dead letters.
    pub source_name: Arc<str>,
    /// Records per batch, at most.
    pub max_batch_records: usize,
    /// Time between checkpoints. A source that needs to be told what is safe has them earlier
    /// ([`RecordStream::wants_commit`](crate::RecordStream::wants_commit)).
    pub checkpoint_interval: Duration,
    /// Where checkpoints are kept; without it every run starts at the beginning.
    pub store: Option<CheckpointStore>,
    /// The registry to ask for writer schemas that records name.
    pub registry: Option<RegistryConfig>,
    /// What happens when the source's schema changes; without it nobody looks, and the format's own options decide.
    pub schema_changes: Option<Box<SchemaChanges>>,
    /// Where the drift report is kept, beside the checkpoint.
    pub drift: Option<DriftStore>,
    /// Whether the source is told how far it was read: not where nothing was written.
    pub commits: bool,
    /// Threads that decode and encode; 0 means one. With one, that is done where the source is polled and the sinks are
    /// written to. A pipeline with a registry has one, and so has one that stops or follows at a schema change: what it
    /// learns from a record changes how the next one is decoded.
    ///
    /// Memory: two batches per thread are on their way at most, each as its bytes and as what was encoded of them.
    pub threads: usize,
    /// Which column says how far event time has come; nobody looks without it.
    pub watermark: Option<WatermarkConfig>,
    /// Columns that the user has declared: those that no row has had a value in are told at the end
    /// ([`Summary::unseen`](super::Summary::unseen)).
    pub declared: Vec<String>,
    /// How many records may be rejected before the run ends; any number without it, where `ON ERROR` is not FAIL.
    pub error_budget: Option<ErrorBudget>,
}

impl PipelineConfig {
    /// The usual settings: 8,192 records per batch, a checkpoint every 10 s, no store, one thread.
    pub fn new(source_name: impl Into<Arc<str>>) -> Self {
        Self {
            source_name: source_name.into(),
            max_batch_records: 8192,
            checkpoint_interval: Duration::from_secs(10),
            store: None,
            registry: None,
            schema_changes: None,
            drift: None,
            commits: true,
            threads: 1,
            watermark: None,
            declared: Vec::new(),
            error_budget: None,
        }
    }
}
