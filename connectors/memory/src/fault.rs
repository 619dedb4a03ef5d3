//! Failures on demand: what a test arranges to see a pipeline cope.

use laminar_schema::{ConnectorError, SchemaError};

/// A step of a sink that can be told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkStep {
    /// Opening it.
    Start,
    /// A batch being written.
    Write,
    /// A transaction being prepared.
    Prepare,
    /// A transaction being committed.
    Commit,
    /// A transaction being undone.
    Abort,
    /// Recovery after opening.
    Recover,
    /// The end.
    Close,
}

/// The failure that was asked for.
#[cold]
pub(crate) fn injected(action: &'static str, retryable: bool) -> SchemaError {
    ConnectorError::External { action, source: "injected failure".into(), retryable }.into()
}
