//! Where a sink's bytes go: one file that can be cut back to any transaction's end, a pipe, or standard output.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use laminar_schema::{ConfigError, ConnectorError, Prepared, SchemaError, SchemaResult};

use crate::{
    compression::{Codec, Compressor, Decompressor},
    config::{FileSinkConfig, STANDARD_STREAM, WriteMode},
    in_use::is_read,
};

/// Bytes that are gathered before they are handed to the system.
const BUFFER_BYTES: usize = 256 * 1024;

/// An open output. Everything here blocks; what may block for long is done by [`FileWriter`](crate::FileWriter) on
/// another thread.
#[derive(Debug)]
pub(crate) struct Output {
    target: Target,
    path: PathBuf,
    mode: WriteMode,
    existed: bool,
    compressor: Compressor,
    /// Uncompressed bytes that were written and not handed on.
    buffer: Vec<u8>,
    /// Bytes handed to the system.
    len: u64,
    /// Length at the last commit, which aborting returns to.
    committed: u64,
    is_recovered: bool,
    /// Nothing was ever written, so a prologue is still to come.
    is_blank: bool,
    /// The file's name was made durable too.
    is_named: bool,
    /// What the file held before ends in the middle of a line, as far as can be seen.
    needs_delimiter: bool,
    /// What the file held before has been compared with the prologue, or is to be when it is written to.
    is_compared: bool,
}

#[derive(Debug)]
enum Target {
    /// A file, which can be cut.
    File(Arc<File>),
    /// A pipe or device, which cannot.
    Device(File),
    Stdout,
}

impl Target {
    fn open(path: &Path) -> SchemaResult<Self> {
        if path.as_os_str() == STANDARD_STREAM {
            return Ok(Self::Stdout);
        }
        if fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
            let opened = OpenOptions::new().write(true).open(path);
            return opened.map(Self::Device).map_err(|e| failed("open", path, e));
        }
        open_file(path).map(|file| Self::File(Arc::new(file)))
    }
}

impl Output {
    /// Opens the output without changing what it holds.
    pub(crate) fn open(config: &FileSinkConfig) -> SchemaResult<Self> {
        let path = config.path.clone();
        let codec = Codec::of_output(config.compression, &path);
        let existed = path.try_exists().map_err(|e| failed("open", &path, e))?;
        if is_read(&path) {
            let reason = "a source of this run is reading it; write to another file";
            return Err(failed("write", &path, io::Error::new(io::ErrorKind::ResourceBusy, reason)));
        }
        Ok(Self {
            target: Target::open(&path)?,
            path,
            mode: config.mode,
            existed,
            compressor: Compressor::new(codec),
            buffer: Vec::new(),
            len: 0,
            committed: 0,
            is_recovered: false,
            is_blank: true,
            is_named: false,
            needs_delimiter: false,
            is_compared: false,
        })
    }

    /// Returns to the end of `last`, or begins as the mode says.
    pub(crate) fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        self.is_recovered = true;
        let Target::File(file) = &self.target else { return Ok(()) };
        let present = file.metadata().map_err(|e| failed("look at", &self.path, e))?.len();
        let len = match last {
            Some(prepared) => self.recovered_len(prepared, present)?,
            None => match self.mode {
                WriteMode::Overwrite => 0,
                WriteMode::Append => present,
                WriteMode::ErrorIfExists if self.existed => return Err(exists(&self.path)),
                WriteMode::ErrorIfExists => 0,
            },
        };
        self.committed = len;
        self.abort()?;
        self.needs_delimiter = last.is_none() && self.ends_inside_a_line()?;
        Ok(())
    }

    fn recovered_len(&self, prepared: &Prepared, present: u64) -> SchemaResult<u64> {
        let bad = |reason: String| SchemaError::from(ConnectorError::BadCheckpoint { reason });
        let (len, path) = parse_prepared(prepared).ok_or_else(|| bad("it is none of the file sink's".to_owned()))?;
        let shown = self.path.display();
        if path != self.path.as_os_str().as_encoded_bytes() {
            let path = String::from_utf8_lossy(path);
            return Err(bad(format!("it was written for {path}, and the sink writes {shown}")));
        }
        if present < len {
            return Err(bad(format!("{shown} has {present} bytes, and {len} had been written; it was replaced")));
        }
        Ok(len)
    }

    /// Whether text that was there before lacks its last line end. Compressed text is taken to have it.
    fn ends_inside_a_line(&self) -> SchemaResult<bool> {
        let Target::File(file) = &self.target else { return Ok(false) };
        if self.len == 0 || !matches!(self.compressor, Compressor::Plain) {
            return Ok(false);
        }
        let mut last = [0];
        let mut file = &**file;
        let read = file
            .seek(SeekFrom::Start(self.len - 1))
            .and_then(|_| file.read_exact(&mut last))
            .map_err(|e| failed("read", &self.path, e));
        read.map(|()| last != *b"\n")
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.is_recovered
    }

    /// Whether somebody takes the bytes as they come: nothing is held back, and writing may block for long.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.target, Target::File(_))
    }

    /// Starts a batch: writes `prologue` if nothing was written yet, and yields the buffer to append to.
    ///
    /// Where records are cut by what stands in them and not by lines, what was there before must begin with the same
    /// `prologue`: a container's blocks are nothing behind another container's header.
    pub(crate) fn begin(&mut self, prologue: &[u8], delimiter: &[u8]) -> SchemaResult<&mut Vec<u8>> {
        if !std::mem::replace(&mut self.is_compared, true) && !self.is_blank && delimiter.is_empty() {
            self.compare_head(prologue)?;
        }
        if self.is_blank {
            self.buffer.extend_from_slice(prologue);
            self.is_blank = false;
        } else if self.needs_delimiter && delimiter.ends_with(b"\n") {
            self.buffer.extend_from_slice(delimiter);
        }
        self.needs_delimiter = false;
        Ok(&mut self.buffer)
    }

    fn compare_head(&self, prologue: &[u8]) -> SchemaResult<()> {
        let Target::File(file) = &self.target else { return Ok(()) };
        let mut head = Vec::with_capacity(prologue.len());
        let mut file = &**file;
        let codec = self.compressor.codec();
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| Decompressor::new(codec, Vec::new(), file))
            .and_then(|plain| plain.take(prologue.len() as u64).read_to_end(&mut head))
            .and_then(|_| file.seek(SeekFrom::Start(self.len)));
        read.map_err(|e| failed("read", &self.path, e))?;
        if head == prologue {
            return Ok(());
        }
        let reason = "it begins with another header than what is to be written, so it has other columns or options; write to another file";
        Err(failed("append to", &self.path, io::Error::new(io::ErrorKind::InvalidData, reason)))
    }

    /// Ends a batch: hands the buffer on when it is large enough.
    pub(crate) fn end_batch(&mut self) -> SchemaResult<()> {
        if self.buffer.len() < BUFFER_BYTES { Ok(()) } else { self.drain() }
    }

    fn drain(&mut self) -> SchemaResult<()> {
        let Self { target, compressor, buffer, len, .. } = self;
        let written = compressor.write(buffer, &mut Counted { target, len });
        buffer.clear();
        written.map_err(|e| failed("write", &self.path, e))
    }

    /// Hands everything on and ends the compressed member, so that the file is valid up to here.
    pub(crate) fn seal(&mut self) -> SchemaResult<()> {
        if !self.buffer.is_empty() {
            self.drain()?;
        }
        let Self { target, compressor, len, .. } = self;
        let sealed = compressor.seal(&mut Counted { target, len }).and_then(|()| match target {
            Target::Stdout => io::stdout().flush(),
            Target::File(_) | Target::Device(_) => Ok(()),
        });
        sealed.map_err(|e| failed("write", &self.path, e))
    }

    /// What makes the file durable, to be called where blocking is allowed; `None` where nothing does.
    pub(crate) fn sync(&mut self) -> Option<impl FnOnce() -> SchemaResult<()> + Send + 'static> {
        let Target::File(file) = &self.target else { return None };
        let (file, path) = (Arc::clone(file), self.path.clone());
        let is_first = !std::mem::replace(&mut self.is_named, true);
        Some(move || {
            file.sync_data().map_err(|e| failed("sync", &path, e))?;
            if is_first {
                sync_name(&path);
            }
            Ok(())
        })
    }

    /// The transaction that ends here.
    pub(crate) fn prepared(&self) -> Prepared {
        let mut bytes = self.len.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.path.as_os_str().as_encoded_bytes());
        Prepared(bytes)
    }

    /// Makes the end of `prepared` the place that aborting returns to.
    pub(crate) fn commit(&mut self, prepared: &Prepared) {
        if let Some((len, _)) = parse_prepared(prepared) {
            self.committed = self.committed.max(len.min(self.len));
        }
    }

    /// Cuts the file back to the last commit. Pipes and standard output cannot be undone; what was not
    /// handed on is dropped.
    pub(crate) fn abort(&mut self) -> SchemaResult<()> {
        self.buffer.clear();
        self.compressor.abandon();
        let Target::File(file) = &self.target else { return Ok(()) };
        let mut file = &**file;
        let cut = file.set_len(self.committed).and_then(|()| file.seek(SeekFrom::Start(self.committed)));
        self.len = cut.map_err(|e| failed("truncate", &self.path, e))?;
        self.is_blank = self.len == 0;
        Ok(())
    }

    /// Appends the bytes that end the stream.
    pub(crate) fn finish(&mut self, epilogue: &[u8]) -> SchemaResult<()> {
        self.buffer.extend_from_slice(epilogue);
        self.seal()
    }
}

/// A sync may still hold the file on another thread, and must not keep the next sink from opening it.
impl Drop for Output {
    fn drop(&mut self) {
        if let Target::File(file) = &self.target {
            // Closing the file unlocks it at the latest.
            let _ = file.unlock();
        }
    }
}

/// Counts what the system took.
struct Counted<'a> {
    target: &'a Target,
    len: &'a mut u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.target {
            Target::File(file) => (&**file).write(bytes)?,
            Target::Device(device) => (&*device).write(bytes)?,
            Target::Stdout => io::stdout().write(bytes)?,
        };
        *self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a file for two sinks never to write it at once, creating it and its directories.
#[allow(
    clippy::disallowed_methods,
    reason = "a file lock wakes nobody when it is free, and sinks open on blocking threads"
)]
fn open_file(path: &Path) -> SchemaResult<File> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|e| failed("create", parent, e))?;
    }
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = opened.map_err(|e| failed("open", path, e))?;
    let patience = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < patience => thread::sleep(LOCK_POLL),
            Err(TryLockError::WouldBlock) => {
                let in_use = io::Error::new(io::ErrorKind::ResourceBusy, "another sink is writing it");
                return Err(failed("open", path, in_use));
            }
            // Where a file system knows no locks, nothing is lost but the warning.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// How long a sink waits for another one: a run that was dropped lets go of its file when the write under way ends.
const LOCK_WAIT: Duration = Duration::from_millis(500);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// Makes the entry of a file in its directory durable. Systems that cannot sync a directory need not.
pub(crate) fn sync_name(path: &Path) {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(parent).and_then(|directory| directory.sync_all());
}

fn parse_prepared(prepared: &Prepared) -> Option<(u64, &[u8])> {
    let (len, path) = prepared.0.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*len), path))
}

#[cold]
pub(crate) fn failed(action: &'static str, path: &Path, error: io::Error) -> SchemaError {
    ConnectorError::io(action, path.display(), error).into()
}

#[cold]
pub(crate) fn exists(path: &Path) -> SchemaError {
    let reason = format!("{} exists already", path.display());
    ConfigError::invalid("mode", "error_if_exists", "a path that names nothing yet", reason).into()
}
