//! Following files as `tail -F` does: appended data, new files, rotation, truncation.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io::Seek,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use laminar_schema::{ConnectorError, ErrorKind, Location, SchemaError, SchemaResult};

use crate::{
    config::{OnTruncate, StartAt},
    discover::Target,
    open::{Bytes, ReadPlan, end_of_file, io_error},
    position::FilePosition,
    reader::{Event, Outlet, Stop},
};

/// What to follow, and how.
#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) plan: ReadPlan,
    pub(crate) target: Target,
    pub(crate) poll_interval: Duration,
    pub(crate) start: StartAt,
    pub(crate) on_truncate: OnTruncate,
    /// Where the checkpoint says to go on; each is used once.
    pub(crate) from: HashMap<Arc<str>, FilePosition>,
}

/// One open file.
struct Followed {
    input: usize,
    path: PathBuf,
    name: Arc<str>,
    bytes: Bytes,
    identity: Option<Identity>,
}

/// What makes a file the same one under another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
fn identity(meta: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity { device: meta.dev(), inode: meta.ino() })
}

/// Elsewhere a replaced file shows only by being shorter.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}

/// Whether an open file has no name left, so that nothing will be appended to it.
#[cfg(unix)]
fn is_deleted(meta: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(meta) == 0
}

#[cfg(not(unix))]
fn is_deleted(_: &Metadata) -> bool {
    false
}

/// Chunks read of one file before the others get their turn.
const CHUNKS_PER_TURN: usize = 16;

/// What became of a followed file once all it held was read.
enum AtEnd {
    /// More may be appended.
    Waits,
    /// There were more bytes than a turn allows.
    HasMore,
    /// Its path names another file now, or nothing.
    Gone,
    /// It is shorter than what was read.
    Truncated { len: u64, read: u64 },
}

/// State of a following thread.
struct Following<'a> {
    follow: Follow,
    out: &'a mut Outlet,
    files: Vec<Followed>,
    /// Rotated files that still match the pattern under another name: they have been read.
    retired: Vec<Identity>,
    opened: usize,
    is_first_look: bool,
}

/// Follows until nobody listens any more.
pub(crate) fn follow(follow: Follow, out: &mut Outlet) -> Result<(), Stop> {
    let files = Vec::new();
    let mut following = Following { follow, out, files, retired: Vec::new(), opened: 0, is_first_look: true };
    loop {
        following.look_for_files()?;
        // What is opened from here on came into being under our eyes, a rotated file in the first turn included.
        following.is_first_look = false;
        let (interval, looked) = (following.follow.poll_interval, Instant::now());
        // A writer that keeps up must not keep new files from being found.
        let mut more = following.read_turn()?;
        while more && looked.elapsed() < interval {
            more = following.read_turn()?;
        }
        if !more {
            following.out.wait(interval)?;
        }
    }
}

impl Following<'_> {
    /// Opens the files that match now and are not open yet.
    fn look_for_files(&mut self) -> Result<(), Stop> {
        let mut seen = Vec::new();
        for path in self.follow.target.files()? {
            let Ok(meta) = fs::metadata(&path) else { continue };
            let identity = identity(&meta);
            seen.extend(identity);
            let is_open = self.files.iter().any(|f| f.path == path || (identity.is_some() && f.identity == identity));
            let is_retired = identity.is_some_and(|i| self.retired.contains(&i));
            if !is_open && !is_retired {
                self.open(path)?;
            }
        }
        // An inode number is used again once its file is deleted, so it must not be remembered for longer.
        self.retired.retain(|i| seen.contains(i));
        Ok(())
    }

    fn open(&mut self, path: PathBuf) -> Result<(), Stop> {
        let name: Arc<str> = path.to_string_lossy().into();
        let plan = &self.follow.plan;
        let mut from = self.follow.from.remove(&name);
        if from.is_none() && self.is_first_look && self.follow.start == StartAt::End {
            from = Some(end_of_file(plan, &path, &name)?);
        }
        let opened = match plan.open(&path, &name, from) {
            Err(e) if vanished(&e) => return Ok(()),
            Err(e) if from.is_some() && self.follow.on_truncate == OnTruncate::Restart && is_bad_position(&e) => {
                plan.open(&path, &name, None)?
            }
            opened => opened?,
        };
        let (bytes, records) = opened;
        let identity = match &bytes {
            Bytes::File(file) => identity(&file.metadata().map_err(|e| io_error("look at", &name, e))?),
            Bytes::Stream(_) => None,
        };
        self.out.send(Event::Opened(Box::new(records)))?;
        self.files.push(Followed { input: self.opened, path, name, bytes, identity });
        self.opened += 1;
        Ok(())
    }

    /// Lets every file have a turn; true when one of them has more to read right away.
    fn read_turn(&mut self) -> Result<bool, Stop> {
        let mut more = false;
        let mut i = 0;
        while i < self.files.len() {
            match read_to_end(&mut self.files[i], self.out)? {
                AtEnd::Waits => i += 1,
                AtEnd::HasMore => {
                    more = true;
                    i += 1;
                }
                AtEnd::Gone => {
                    let file = self.files.remove(i);
                    self.retired.extend(file.identity);
                    self.out.send(Event::Ended { input: file.input, stored: None })?;
                    // Another file under the same path is opened by the next look.
                    if file.path.exists() {
                        self.open(file.path)?;
                        more = true;
                    }
                }
                AtEnd::Truncated { len, read } => {
                    let file = self.files.remove(i);
                    if self.follow.on_truncate == OnTruncate::Fail {
                        return Err(truncated(&file.name, len, read).into());
                    }
                    self.out.send(Event::Ended { input: file.input, stored: None })?;
                    self.open(file.path)?;
                    more = true;
                }
            }
        }
        Ok(more)
    }
}

fn read_to_end(file: &mut Followed, out: &mut Outlet) -> Result<AtEnd, Stop> {
    for _ in 0..CHUNKS_PER_TURN {
        if out.forward(file.input, &file.name, &mut file.bytes, false)? == 0 {
            return Ok(at_end(file)?);
        }
    }
    Ok(AtEnd::HasMore)
}

fn at_end(file: &mut Followed) -> SchemaResult<AtEnd> {
    let Bytes::File(open) = &mut file.bytes else { return Ok(AtEnd::Waits) };
    let failed = |e| io_error("look at", &file.name, e);
    let meta = open.metadata().map_err(failed)?;
    let read = open.stream_position().map_err(failed)?;
    if meta.len() < read {
        return Ok(AtEnd::Truncated { len: meta.len(), read });
    }
    if meta.len() > read {
        return Ok(AtEnd::HasMore);
    }
    // A renamed file goes on being read until another one has its path: its writer may be slow to let go of it.
    let is_replaced = current_identity(&file.path).is_some_and(|now| Some(now) != file.identity);
    Ok(if is_replaced || is_deleted(&meta) { AtEnd::Gone } else { AtEnd::Waits })
}

fn current_identity(path: &Path) -> Option<Identity> {
    identity(&fs::metadata(path).ok()?)
}

/// Whether a file was deleted between being listed and being opened.
fn vanished(error: &SchemaError) -> bool {
    matches!(error.kind(), ErrorKind::Connector(ConnectorError::Io { source, .. })
        if source.kind() == std::io::ErrorKind::NotFound)
}

fn is_bad_position(error: &SchemaError) -> bool {
    matches!(error.kind(), ErrorKind::Connector(ConnectorError::BadPosition { .. }))
}

#[cold]
fn truncated(name: &Arc<str>, len: u64, read: u64) -> SchemaError {
    let source = format!(
        "the file shrank to {len} bytes after {read} had been read; set `on_truncate` to 'restart' to read it again from its beginning"
    );
    let place = Location { partition: Some(Arc::clone(name)), offset: Some(read), ..Location::default() };
    SchemaError::new(ConnectorError::External { action: "follow the file", source: source.into(), retryable: false })
        .at(place)
}
