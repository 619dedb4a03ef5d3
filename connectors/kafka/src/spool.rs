//! What a transaction wrote, in a file, until it is committed: a lost transaction is written again from it.
//!
//! The number of the layout, then the records. A record: partition plus one or zero for none, key, number of headers, each one's name and value, value. A number is
//! four big-endian bytes. A text is its length plus one as four big-endian
//! bytes, or zero for none, and its bytes.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use crate::delivery::Outgoing;

/// What a spool begins with: the number of its layout.
const LAYOUT: &[u8; 8] = b"spool\0\0\x02";

/// A spool that is being written.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    file: BufWriter<File>,
    records: u64,
    bytes: u64,
}

/// One record of a spool, to be filled again and again.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) value: Option<Vec<u8>>,
}

impl Spool {
    /// Makes a spool at `path`, in place of what is there.
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
        let mut spool = Self { path, file, records: 0, bytes: 0 };
        spool.raw(LAYOUT)?;
        Ok(spool)
    }

    /// Appends a record.
    pub(crate) fn push(&mut self, record: Outgoing<'_>) -> io::Result<()> {
        // No number of a partition is negative, nor is one as large as that.
        let partition = record.partition.and_then(|p| u32::try_from(p).ok()).map_or(0, |p| p + 1);
        self.raw(&partition.to_be_bytes())?;
        self.text(record.key)?;
        let count = u32::try_from(record.headers.len()).map_err(|_| too_long())?;
        self.raw(&count.to_be_bytes())?;
        for (name, value) in record.headers {
            self.text(Some(name.as_bytes()))?;
            self.text(Some(value))?;
        }
        self.text(record.value)?;
        self.records += 1;
        Ok(())
    }

    fn text(&mut self, text: Option<&[u8]>) -> io::Result<()> {
        let length = match text {
            None => 0,
            Some(text) => u32::try_from(text.len()).ok().and_then(|n| n.checked_add(1)).ok_or_else(too_long)?,
        };
        self.raw(&length.to_be_bytes())?;
        self.raw(text.unwrap_or_default())
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Makes the spool safe; yields its records and bytes.
    pub(crate) fn sync(mut self) -> io::Result<(u64, u64)> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        // The name, too, has to survive: a file is found by its folder.
        if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok((self.records, self.bytes))
    }
}

/// A spool that is read again.
#[derive(Debug)]
pub(crate) struct SpoolReader {
    file: BufReader<File>,
    left: u64,
}

impl SpoolReader {
    /// Opens a spool that must hold so many bytes.
    pub(crate) fn open(path: &Path, bytes: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        let found = file.metadata()?.len();
        if found != bytes {
            return Err(io::Error::other(format!("expected {bytes} bytes, found {found}")));
        }
        let mut spool = Self { file: BufReader::with_capacity(1 << 18, file), left: bytes };
        let mut layout = [0; LAYOUT.len()];
        spool.take(layout.len() as u64)?;
        spool.file.read_exact(&mut layout)?;
        if layout != *LAYOUT {
            return Err(io::Error::other("it was written by another version, whose layout is not known"));
        }
        Ok(spool)
    }

    /// Reads the next record; false at the end.
    pub(crate) fn next(&mut self, into: &mut Spooled) -> io::Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        into.partition = self.number()?.checked_sub(1).and_then(|p| i32::try_from(p).ok());
        into.key = self.text()?;
        into.headers.clear();
        for _ in 0..self.number()? {
            let name = String::from_utf8(self.text()?.unwrap_or_default()).map_err(io::Error::other)?;
            into.headers.push((name, self.text()?.unwrap_or_default()));
        }
        into.value = self.text()?;
        Ok(true)
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.take(4)?;
        self.file.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(length) = self.number()?.checked_sub(1) else { return Ok(None) };
        self.take(u64::from(length))?;
        let mut text = vec![0; length as usize];
        self.file.read_exact(&mut text)?;
        Ok(Some(text))
    }

    /// Sees that the file holds what a length says before memory is taken for it.
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| io::Error::other("a record ends behind the file"))?;
        Ok(())
    }
}

#[cold]
fn too_long() -> io::Error {
    io::Error::other("a part of a record has 4 GiB or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_a_damaged_file_is_refused() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("new/a.spool");
        let mut spool = Spool::create(path.clone())?;
        let headers: [(&str, &[u8]); 2] = [("h", b"1"), ("", b"")];
        spool.push(Outgoing { key: Some(b"k"), value: Some(b"v"), headers: &headers, partition: Some(7) })?;
        spool.push(Outgoing::default())?;
        spool.push(Outgoing { value: Some(b""), ..Outgoing::default() })?;
        let (records, bytes) = spool.sync()?;
        let (mut reader, mut record, mut seen) = (SpoolReader::open(&path, bytes)?, Spooled::default(), Vec::new());
        while reader.next(&mut record)? {
            seen.push((record.partition, record.key.clone(), record.headers.len(), record.value.clone()));
        }
        let expected = [
            (Some(7), Some(b"k".to_vec()), 2, Some(b"v".to_vec())),
            (None, None, 0, None),
            (None, None, 0, Some(Vec::new())),
        ];
        assert_eq!((records, seen), (3, expected.to_vec()));
        assert!(SpoolReader::open(&path, bytes + 1).is_err());
        for cut in 1..bytes {
            let whole = fs::read(&path)?;
            let short = dir.path().join("short");
            fs::write(&short, &whole[..usize::try_from(cut).unwrap_or(0)])?;
            let Ok(mut reader) = SpoolReader::open(&short, cut) else { continue };
            let read = std::iter::from_fn(|| Some(reader.next(&mut record)).filter(|r| !matches!(r, Ok(false))));
            let records = read.take_while(Result::is_ok).count();
            assert!(records < 3, "{cut}");
        }
        Ok(())
    }
}
