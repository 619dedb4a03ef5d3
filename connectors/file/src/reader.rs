//! One thread per running source that opens, reads and decompresses ahead of the records' consumer.
//!
//! A thread, because file reads, pipes and decompression block, and because waiting for a channel is what makes
//! [`next`](laminar_schema::RecordStream::next) safe to cancel: whatever was read stays in the channel. A plain thread
//! and not the runtime's blocking pool, because a runtime waits for its pool when it shuts down, and a read of standard
//! input may never return.

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, mpsc as std_mpsc},
    thread,
    time::{Duration, Instant},
};

use laminar_schema::{ColumnsBatch, ConnectorError, DecoderSet, FileSchema, SchemaError, SchemaResult};
use tokio::sync::mpsc;

use crate::{
    changed::{Known, tell_new},
    open::{Bytes, CHUNK_BYTES, HEADROOM, ReadPlan, Records, io_error, stored_len},
    position::FilePosition,
};

/// What the thread tells, in the order it happened. Inputs are numbered in the order they were opened.
pub(crate) enum Event {
    /// The next input was opened. One that is read once is not announced: whoever reads on knows what it is.
    Opened(Box<Records>),
    /// Uncompressed bytes of an input, never empty, behind [`HEADROOM`] others.
    Bytes { input: usize, bytes: Vec<u8> },
    /// Rows of a file that holds columns.
    Rows(Box<FileRows>),
    /// A file has a schema that is new, and nothing of it or behind it is read.
    NewSchema(Box<FileSchema>),
    /// A file that holds columns ended, behind so many rows. `stored` is its length in storage when it was opened.
    RowsEnded { name: Arc<str>, next_row: u64, stored: Option<u64> },
    /// An input ended. `stored` is its length in storage when it was opened.
    Ended { input: usize, stored: Option<u64> },
    /// Reading cannot go on. The last event.
    Failed(SchemaError),
    /// Every input ended. The last event; a thread that ends without saying so has panicked.
    Finished,
}

/// Rows of one file.
#[derive(Debug)]
pub(crate) struct FileRows {
    pub(crate) name: Arc<str>,
    pub(crate) batch: ColumnsBatch,
}

/// Chunks that may wait to be taken: what the thread reads ahead, at most.
const READ_AHEAD: usize = 8;

/// The consumer's end: events, and a way back for their buffers.
pub(crate) struct Reader {
    events: mpsc::Receiver<Event>,
    spare: std_mpsc::Sender<Vec<u8>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader {
    /// Runs `read` in a thread. It ends when `read` does, or at its next event after the reader is dropped.
    pub(crate) fn spawn(read: impl FnOnce(&mut Outlet) -> Result<(), Stop> + Send + 'static) -> SchemaResult<Self> {
        let (events, received) = mpsc::channel(READ_AHEAD);
        let (spare, spares) = std_mpsc::channel();
        let mut outlet = Outlet { events, spares, free: Vec::new() };
        let run = move || {
            let last = match read(&mut outlet) {
                Ok(()) => Event::Finished,
                Err(Stop::Failed(error)) => Event::Failed(error),
                Err(Stop::Unwanted) => return,
            };
            // When nobody listens any more, nobody wants to know.
            let _ = outlet.send(last);
        };
        let name = "laminar-file".to_owned();
        thread::Builder::new().name(name).spawn(run).map_err(|e| ConnectorError::io("start", "a reader thread", e))?;
        Ok(Self { events: received, spare })
    }

    /// The next event. Safe to cancel. Not to be called after the last one.
    pub(crate) async fn next(&mut self) -> Event {
        self.events.recv().await.unwrap_or_else(|| {
            let source = "the reader thread panicked".into();
            Event::Failed(ConnectorError::External { action: "read", source, retryable: false }.into())
        })
    }

    /// The next event if there is one already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Gives a buffer back to be filled again.
    pub(crate) fn recycle(&self, buffer: Vec<u8>) {
        // One that a long record has been in would be kept for good. Otherwise the thread may have ended, and then the
        // buffer is simply freed.
        if buffer.capacity() <= 2 * CHUNK_BYTES {
            let _ = self.spare.send(buffer);
        }
    }
}

/// Why the thread stops early.
pub(crate) enum Stop {
    /// Nobody listens any more.
    Unwanted,
    /// Reading cannot go on.
    Failed(SchemaError),
}

impl From<SchemaError> for Stop {
    fn from(error: SchemaError) -> Self {
        Self::Failed(error)
    }
}

/// The thread's end.
pub(crate) struct Outlet {
    events: mpsc::Sender<Event>,
    spares: std_mpsc::Receiver<Vec<u8>>,
    free: Vec<Vec<u8>>,
}

impl Outlet {
    /// Hands over an event, waiting until there is room.
    pub(crate) fn send(&self, event: Event) -> Result<(), Stop> {
        self.events.blocking_send(event).map_err(|_| Stop::Unwanted)
    }

    /// A buffer of [`CHUNK_BYTES`] behind [`HEADROOM`], used before if possible.
    fn buffer(&mut self) -> Vec<u8> {
        let mut buffer = self.free.pop().or_else(|| self.spares.try_recv().ok()).unwrap_or_default();
        buffer.resize(HEADROOM + CHUNK_BYTES, 0);
        buffer
    }

    /// Waits for `time`, or until nobody listens any more.
    pub(crate) fn wait(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.spares.recv_timeout(left) {
                Ok(buffer) => self.free.push(buffer),
                Err(std_mpsc::RecvTimeoutError::Timeout) => return Ok(()),
                Err(std_mpsc::RecvTimeoutError::Disconnected) => return Err(Stop::Unwanted),
            }
        }
    }

    /// Reads up to a chunk and hands it over; yields how many bytes, 0 at the end of the input.
    ///
    /// With `live`, hands over what one read gives: more may be long in coming.
    pub(crate) fn forward(
        &mut self,
        input: usize,
        name: &Arc<str>,
        from: &mut impl Read,
        live: bool,
    ) -> Result<usize, Stop> {
        let mut bytes = self.buffer();
        let mut filled = HEADROOM;
        let error = loop {
            match from.read(&mut bytes[filled..]) {
                Ok(0) => break None,
                Ok(read) => filled += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Some(e),
            }
            if live || filled == bytes.len() {
                break None;
            }
        };
        bytes.truncate(filled);
        match filled {
            HEADROOM => self.free.push(bytes),
            // What was read before an error is good, and is handed over first.
            _ => self.send(Event::Bytes { input, bytes })?,
        }
        match error {
            Some(e) => Err(io_error("read", name, e).into()),
            None => Ok(filled - HEADROOM),
        }
    }
}

/// One file to read.
#[derive(Debug)]
pub(crate) struct FileToRead {
    pub(crate) path: PathBuf,
    pub(crate) name: Arc<str>,
    pub(crate) from: Option<FilePosition>,
}

/// Reads files one after another, each to its end; stops before one whose schema is not `known`.
pub(crate) fn read_files<D: DecoderSet>(
    plan: &ReadPlan,
    known: Option<&Known>,
    files: Vec<FileToRead>,
    out: &mut Outlet,
) -> Result<(), Stop> {
    for (input, file) in files.into_iter().enumerate() {
        if tell_new::<D>(known, plan, (&file.path, &file.name, file.from), out)? {
            return Ok(());
        }
        // Taken before reading: a file that grows meanwhile is then read on at the next resume, not taken for finished.
        let stored = stored_len(&file.path);
        let (mut bytes, records) = plan.open(&file.path, &file.name, file.from)?;
        out.send(Event::Opened(Box::new(records)))?;
        while out.forward(input, &file.name, &mut bytes, false)? > 0 {}
        out.send(Event::Ended { input, stored: Some(stored) })?;
    }
    Ok(())
}

/// Where a stream that is read only once comes from.
pub(crate) enum Once {
    Stdin,
    Pipe(PathBuf),
    Reader(Box<dyn Read + Send>),
}

/// Opens a stream that is read once.
pub(crate) fn open_stream(plan: &ReadPlan, name: &Arc<str>, once: Once) -> SchemaResult<Bytes> {
    match once {
        Once::Stdin => plan.open_once(name, Box::new(io::stdin())),
        Once::Reader(reader) => plan.open_once(name, reader),
        Once::Pipe(path) => {
            let file = std::fs::File::open(path).map_err(|e| io_error("open", name, e))?;
            plan.open_once(name, Box::new(file))
        }
    }
}

/// Reads a stream from its first byte to its end, handing bytes over as soon as they come.
pub(crate) fn read_once(plan: &ReadPlan, name: &Arc<str>, once: Once, out: &mut Outlet) -> Result<(), Stop> {
    let mut bytes = open_stream(plan, name, once)?;
    while out.forward(0, name, &mut bytes, true)? > 0 {}
    out.send(Event::Ended { input: 0, stored: None })
}
