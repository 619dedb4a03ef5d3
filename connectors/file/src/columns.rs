//! Files that hold columns: opened so that any place of them can be read, and read as batches.
//!
//! A compressed file, or a stream that is read once, is first written to a temporary file without a name: such a format
//! keeps what says where everything is at its end.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use laminar_schema::{ColumnsRequest, ConnectorError, DecoderSet, FormatSpec, Scan, SchemaError, SchemaResult};

use crate::{
    changed::{Known, is_begun},
    open::{Bytes, CHUNK_BYTES, ReadPlan, io_error, place, stored_len},
    position::FilePosition,
    reader::{Event, FileRows, FileToRead, Once, Outlet, Stop, open_stream},
};

/// Rows of one batch, at most. Whoever takes them may ask for fewer at once.
const MAX_BATCH_ROWS: usize = 8192;

/// How files that hold columns are read.
#[derive(Debug)]
pub(crate) struct ColumnsPlan {
    pub(crate) plan: ReadPlan,
    pub(crate) format: FormatSpec,
    pub(crate) scan: Option<Arc<Scan>>,
    pub(crate) max_batch_bytes: usize,
    pub(crate) max_spool_bytes: u64,
}

/// Reads files one after another, each to its end.
pub(crate) fn read_files<D: DecoderSet>(
    plan: &ColumnsPlan,
    files: Vec<FileToRead>,
    out: &mut Outlet,
) -> Result<(), Stop> {
    let known = Known::of(&plan.format, plan.scan.as_ref());
    for FileToRead { path, name, from } in files {
        let stored = stored_len(&path);
        let mut file = open(&plan.plan, &path, &name, plan.max_spool_bytes)?;
        // Of one that was begun, an earlier run has seen the schema.
        if let Some(known) = known.as_ref().filter(|_| !is_begun(from))
            && let Some(new) = known.new_in_opened::<D>(&name, &mut file)?
        {
            return out.send(Event::NewSchema(Box::new(new)));
        }
        read_one::<D>(plan, &name, file, from, Some(stored), out)?;
    }
    Ok(())
}

/// Reads a file from where `from` says to its end.
pub(crate) fn read_one<D: DecoderSet>(
    plan: &ColumnsPlan,
    name: &Arc<str>,
    file: File,
    from: Option<FilePosition>,
    stored: Option<u64>,
    out: &mut Outlet,
) -> Result<(), Stop> {
    let here = |e: SchemaError| Stop::Failed(e.at(place(name)));
    let mut next_row = from.map_or(0, |position| position.at.offset);
    let request = ColumnsRequest {
        scan: plan.scan.as_deref(),
        from_row: next_row,
        max_batch_rows: MAX_BATCH_ROWS,
        max_batch_bytes: plan.max_batch_bytes,
    };
    let opened = D::open_columns(&plan.format, &request, Box::new(file)).map_err(here)?;
    let mut reader = opened.ok_or_else(|| here(no_columns(&plan.format)))?;
    while let Some(batch) = reader.next().map_err(here)? {
        next_row = batch.next_row;
        out.send(Event::Rows(Box::new(FileRows { name: Arc::clone(name), batch })))?;
    }
    out.send(Event::RowsEnded { name: Arc::clone(name), next_row, stored })
}

/// A file of which any place can be read: itself, or its uncompressed bytes in a temporary one.
pub(crate) fn open(plan: &ReadPlan, path: &Path, name: &Arc<str>, max_spool_bytes: u64) -> SchemaResult<File> {
    if plan.is_plain_file(path)? {
        return File::open(path).map_err(|e| io_error("open", name, e));
    }
    let file = File::open(path).map_err(|e| io_error("open", name, e))?;
    spool(plan.open_once(name, Box::new(file))?, name, max_spool_bytes)
}

/// The bytes of a stream that is read once, in a temporary file.
pub(crate) fn spool_once(plan: &ReadPlan, name: &Arc<str>, once: Once, max_spool_bytes: u64) -> SchemaResult<File> {
    spool(open_stream(plan, name, once)?, name, max_spool_bytes)
}

fn spool(mut bytes: Bytes, name: &Arc<str>, limit: u64) -> SchemaResult<File> {
    let failed = |e| io_error("write to a temporary file what is read of", name, e);
    let mut spooled = tempfile::tempfile().map_err(failed)?;
    let (mut chunk, mut total) = (vec![0; CHUNK_BYTES], 0_u64);
    loop {
        let read = match bytes.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(io_error("read", name, e)),
        };
        total += read as u64;
        if total > limit {
            let source = format!("it has more than {limit} bytes; raise `max_spool_bytes`, or unpack it first").into();
            let error = ConnectorError::External { action: "read the file", source, retryable: false };
            return Err(SchemaError::from(error).at(place(name)));
        }
        spooled.write_all(&chunk[..read]).map_err(failed)?;
    }
    spooled.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(spooled)
}

/// Runs what may block for long on a thread for that.
pub(crate) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> SchemaResult<R> + Send + 'static,
) -> SchemaResult<R> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ConnectorError::External {
        action: "read the stream",
        source: error.into(),
        retryable: false,
    })?
}

#[cold]
fn no_columns(format: &FormatSpec) -> SchemaError {
    let source = format!("files of format {} do not hold columns", format.name).into();
    ConnectorError::External { action: "read the file", source, retryable: false }.into()
}
