//! SIGINT and SIGTERM: the first asks for a clean stop, the second stops at once.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::{INTERRUPTED, TERMINATED};
use crate::output::report;

/// Tells all pipelines to stop, and remembers why.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(Arc<watch::Sender<Option<Reason>>>);

/// Why pipelines are asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A signal, with the exit code that tells of it.
    Signal(u8),
    /// Another pipeline failed.
    Failure,
}

impl Shutdown {
    /// A shutdown that nothing asks for yet.
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// A shutdown that signals ask for, from now on.
    pub(crate) fn on_signals() -> Self {
        let shutdown = Self::new();
        tokio::spawn(listen(shutdown.clone()));
        shutdown
    }

    /// Asks everybody to stop; the first reason stays.
    pub(crate) fn request(&self, reason: Reason) {
        self.0.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(reason);
            is_first
        });
    }

    /// Why everybody is asked to stop, if they are.
    pub(crate) fn reason(&self) -> Option<Reason> {
        *self.0.borrow()
    }

    /// Is ready when everybody is asked to stop.
    pub(crate) async fn requested(self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

async fn listen(shutdown: Shutdown) {
    let Some(mut signals) = Signals::listen() else { return };
    let code = signals.next().await;
    report("stopping: finishing the batch and taking a checkpoint; once more stops at once");
    shutdown.request(Reason::Signal(code));
    let code = signals.next().await;
    // What was written since the last checkpoint is undone by the next run's recovery.
    std::process::exit(code.into());
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (signal(SignalKind::interrupt()).ok()?, signal(SignalKind::terminate()).ok()?);
        Some(Self { interrupt, terminate })
    }

    /// The exit code of the next signal.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Option<Self> {
        Some(Self)
    }

    /// The exit code of the next signal. There is no SIGTERM here, so its code is never given.
    async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_ok() { INTERRUPTED } else { TERMINATED }
    }
}
