//! A file as the `parquet` crate wants it: many readers of one handle, none beyond its end.

use std::{
    fmt,
    io::{self, BufReader, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use laminar_schema::FormatFile;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

/// Bytes that are read at once where a page is read piece by piece.
const READ_BYTES: usize = 64 * 1024;

/// A shared handle. Locked once per [`READ_BYTES`], never per value.
#[derive(Clone)]
pub(super) struct SharedFile<'a> {
    file: Arc<Mutex<Box<dyn FormatFile + 'a>>>,
    len: u64,
}

impl fmt::Debug for SharedFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFile").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<'a> SharedFile<'a> {
    pub(super) fn new(mut file: Box<dyn FormatFile + 'a>) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Arc::new(Mutex::new(file)), len })
    }

    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        // A panic of whoever held it leaves nothing but a place in the file, which is set anew.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read(out)
    }
}

impl Length for SharedFile<'_> {
    fn len(&self) -> u64 {
        self.len
    }
}

impl<'a> ChunkReader for SharedFile<'a> {
    type T = BufReader<At<'a>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(READ_BYTES, At { file: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // Checked before anything is allocated: the length comes from the file.
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            let len = self.len;
            return Err(ParquetError::EOF(format!("it asks for {length} bytes at {start}, and has {len}")));
        }
        let mut bytes = vec![0; length];
        At { file: self.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A place in the file that one reader has come to.
pub(super) struct At<'a> {
    file: SharedFile<'a>,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.at, out)?;
        self.at += read as u64;
        Ok(read)
    }
}
