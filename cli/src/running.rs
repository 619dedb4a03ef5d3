//! Pipelines that run side by side, each on a task of its own, to their end or a clean stop.

use std::{num::NonZeroUsize, sync::Arc, thread, time::Instant};

use laminar_schema::{Metrics, Pipeline, SchemaResult, Summary};
use tokio::task::JoinSet;

use crate::{
    dead_letters::DeadLetterSource,
    engine::{CliSinks, CliSources},
    error::{CliError, CommandResult, DONE},
    output::report,
    progress::{self, ProgressLine},
    signals::{Reason, Shutdown},
};

/// A pipeline that is about to run.
#[derive(Debug)]
pub(crate) struct Job {
    /// The source's name.
    pub(crate) name: String,
    pub(crate) metrics: Arc<Metrics>,
    work: Work,
}

/// What a job runs.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per pipeline")]
enum Work {
    Connector(Pipeline<CliSources, CliSinks>),
    DeadLetters(Pipeline<DeadLetterSource, CliSinks>),
}

impl Job {
    /// Reads from a connector.
    pub(crate) fn new(name: String, pipeline: Pipeline<CliSources, CliSinks>) -> Self {
        Self { name, metrics: Arc::new(Metrics::new()), work: Work::Connector(pipeline) }
    }

    /// Reads dead letters.
    pub(crate) fn of_dead_letters(name: String, pipeline: Pipeline<DeadLetterSource, CliSinks>) -> Self {
        Self { name, metrics: Arc::new(Metrics::new()), work: Work::DeadLetters(pipeline) }
    }
}

/// Cores that the process may use; one where the system does not say.
pub(crate) fn available_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Runs jobs until all have ended. One that fails stops the others cleanly.
///
/// Each gets a summary on standard error. Yields the exit code of a signal that stopped them.
///
/// # Errors
/// The first job's that failed; the others' are reported.
pub(crate) async fn run_all(jobs: Vec<Job>) -> CommandResult {
    let shutdown = Shutdown::on_signals();
    let started = Instant::now();
    let line = ProgressLine::show(jobs.iter().map(|j| (j.name.clone(), Arc::clone(&j.metrics))).collect());
    let mut tasks = JoinSet::new();
    for Job { name, metrics, work } in jobs {
        let stop = shutdown.clone().requested();
        tasks.spawn(async move {
            let result: SchemaResult<Summary> = match work {
                Work::Connector(pipeline) => pipeline.dispatch(stop, &metrics).await,
                Work::DeadLetters(pipeline) => pipeline.run(stop, &metrics).await,
            };
            (name, result, started.elapsed())
        });
    }
    let mut summaries = Vec::new();
    let mut first_error: Option<CliError> = None;
    while let Some(ended) = tasks.join_next().await {
        let (name, result, elapsed) = match ended {
            Ok(ended) => ended,
            // Nothing aborts these tasks, so this one panicked, and its message is on standard error already.
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        };
        match result {
            Ok(summary) => summaries.push(progress::summary(&name, &summary, elapsed)),
            Err(error) => {
                shutdown.request(Reason::Failure);
                let error = CliError::from(error);
                match &first_error {
                    None => first_error = Some(error),
                    Some(_) => summaries.push(error.to_string()),
                }
            }
        }
    }
    drop(line);
    summaries.iter().for_each(|text| report(text));
    match (first_error, shutdown.reason()) {
        (Some(error), _) => Err(error),
        (None, Some(Reason::Signal(code))) => Ok(code),
        (None, _) => Ok(DONE),
    }
}
