//! Threads that decode and encode, each with a lane of its own.
//!
//! Plain threads and not the runtime's blocking pool: they live as long as the pipeline, and a runtime waits for its
//! pool when it shuts down.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::lane::{Lane, Made};
use crate::{
    error::{ConnectorError, SchemaResult},
    format::{EncodedBatch, FormatDecoder, FormatEncoder},
    record::SourceBatch,
};

/// Running threads. They end when this is dropped, each after the batch it is at.
pub(super) struct Workers {
    jobs: mpsc::Sender<Job>,
}

/// A batch for whichever thread is free first.
struct Job {
    batch: SourceBatch,
    spare: Vec<EncodedBatch>,
    done: oneshot::Sender<Done>,
}

/// A batch, and what a lane made of it.
pub(super) struct Done {
    pub(super) batch: SourceBatch,
    pub(super) made: Made,
    /// Arenas that were not needed.
    pub(super) spare: Vec<EncodedBatch>,
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workers")
    }
}

impl Workers {
    /// Starts a thread for each lane.
    ///
    /// # Errors
    /// [`ConnectorError::Io`] when the system gives no thread.
    pub(super) fn spawn<D, E>(lanes: Vec<Lane<D, E>>) -> SchemaResult<Self>
    where
        D: FormatDecoder + 'static,
        E: FormatEncoder + 'static,
    {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for lane in lanes {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name("laminar-decode".to_owned())
                .spawn(move || work(lane, &queue))
                .map_err(|e| ConnectorError::io("start", "a decoding thread", e))?;
        }
        Ok(Self { jobs })
    }

    /// Hands over a batch. The answer never comes when a thread panics.
    pub(super) fn hand_over(&self, batch: SourceBatch, spare: Vec<EncodedBatch>) -> oneshot::Receiver<Done> {
        let (done, answer) = oneshot::channel();
        // Refused only when every thread has panicked, which the answer tells.
        let _ = self.jobs.send(Job { batch, spare, done });
        answer
    }
}

fn work<D: FormatDecoder, E: FormatEncoder>(mut lane: Lane<D, E>, queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // A panic does not happen while the lock is held: whoever holds it only waits.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { batch, mut spare, done }) = job else { return };
        let made = lane.work(&batch, &mut spare);
        // Nobody listens any more when the pipeline has failed.
        let _ = done.send(Done { batch, made, spare });
    }
}
