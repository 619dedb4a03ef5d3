//! Files that cannot be read without their end: each checkpoint ends one, and the next one begins another.
//!
//! `out/big.parquet` is the first part, `out/big-2.parquet` the second. A part is written beside its place, under its
//! name with `.part` behind, and moved there by the commit: what has its name is complete.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use laminar_schema::{ConnectorError, Prepared, SchemaError, SchemaResult};

use crate::{
    compression::{Codec, Compression},
    config::{FileSinkConfig, STANDARD_STREAM, WriteMode},
    in_use::is_read,
    output::{Output, exists, failed, sync_name},
};

/// What tells the transactions of parts from those of files that grow.
const TAG: &[u8; 4] = b"PART";

/// Which part is being written.
#[derive(Debug)]
pub(crate) struct Parts {
    config: FileSinkConfig,
    /// Parts that are complete, prepared ones included.
    complete: u64,
    /// Parts that have their names.
    committed: u64,
    /// A part is open.
    is_open: bool,
    is_recovered: bool,
    /// Parts of an earlier run may have to go when the first one of this run is there.
    replaces: bool,
    /// A pipe, device or standard output, which holds one part.
    is_live: bool,
}

impl Parts {
    pub(crate) fn new(config: &FileSinkConfig) -> Self {
        let is_live = config.path.as_os_str() == STANDARD_STREAM
            || fs::metadata(&config.path).is_ok_and(|m| !m.is_file() && !m.is_dir());
        Self {
            config: config.clone(),
            complete: 0,
            committed: 0,
            is_open: false,
            is_recovered: false,
            replaces: false,
            is_live,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens the next part.
    pub(crate) fn open(&mut self) -> SchemaResult<Output> {
        if !self.is_recovered {
            self.recover(None)?;
        }
        let mut config = self.config.clone();
        if self.is_live {
            if self.complete > 0 {
                let source =
                    "it holds one file, and a checkpoint has ended that; write to a path, or without checkpoints";
                let (action, source) = ("write to the file sink", source.into());
                return Err(ConnectorError::External { action, source, retryable: false }.into());
            }
        } else {
            let path = self.part(self.complete + 1);
            if is_read(&path) {
                let reason = "a source of this run is reading it; write to another file";
                return Err(failed("write", &path, io::Error::new(io::ErrorKind::ResourceBusy, reason)));
            }
            config.compression = match Codec::of_output(config.compression, &path) {
                Codec::Plain => Compression::None,
                Codec::Gzip => Compression::Gzip,
                Codec::Zstd => Compression::Zstd,
            };
            config.path = unfinished(&path);
        }
        // What is left of a part that was never committed goes.
        config.mode = WriteMode::Overwrite;
        let mut output = Output::open(&config)?;
        output.recover(None)?;
        self.is_open = true;
        Ok(output)
    }

    /// The part that was open is complete, and durable under its unfinished name.
    pub(crate) fn close(&mut self) {
        self.complete += 1;
        self.is_open = false;
    }

    /// The transaction that ends here.
    pub(crate) fn prepared(&self) -> Prepared {
        let mut bytes = TAG.to_vec();
        bytes.extend_from_slice(&self.complete.to_be_bytes());
        bytes.extend_from_slice(self.config.path.as_os_str().as_encoded_bytes());
        Prepared(bytes)
    }

    /// Gives every complete part its name.
    pub(crate) fn commit(&mut self) -> SchemaResult<()> {
        while self.committed < self.complete {
            if !self.is_live {
                let path = self.part(self.committed + 1);
                name_part(&path)?;
                sync_name(&path);
            }
            self.committed += 1;
        }
        if std::mem::take(&mut self.replaces) {
            for number in self.committed + 1.. {
                match fs::remove_file(self.part(number)) {
                    Ok(()) => {}
                    Err(e) if e.kind() == io::ErrorKind::NotFound => break,
                    Err(e) => return Err(failed("remove", &self.part(number), e)),
                }
            }
        }
        Ok(())
    }

    /// Drops what was not committed.
    pub(crate) fn abort(&mut self) -> SchemaResult<()> {
        self.is_open = false;
        if !self.is_live {
            for number in self.committed + 1..=self.complete + 1 {
                remove_unfinished(&self.part(number))?;
            }
        }
        self.complete = self.committed;
        Ok(())
    }

    /// Returns to the end of `last`, or begins as the mode says.
    pub(crate) fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        self.is_recovered = true;
        if self.is_live {
            return Ok(());
        }
        if let Some(prepared) = last {
            self.complete = self.recovered(prepared)?;
            // Parts of an earlier run may still be there, if this one ended before its first commit.
            self.replaces = self.config.mode == WriteMode::Overwrite;
            if self.complete > 0 {
                // Whether or not it was committed before: it is now. Where both are gone, somebody has taken it away.
                let part = self.part(self.complete);
                if unfinished(&part).exists() {
                    name_part(&part)?;
                }
            }
        } else {
            match self.config.mode {
                WriteMode::Overwrite => self.replaces = true,
                WriteMode::Append => {
                    while self.part(self.complete + 1).exists() {
                        self.complete += 1;
                    }
                }
                WriteMode::ErrorIfExists if self.config.path.exists() => return Err(exists(&self.config.path)),
                WriteMode::ErrorIfExists => {}
            }
        }
        self.committed = self.complete;
        remove_unfinished(&self.part(self.complete + 1))
    }

    fn recovered(&self, prepared: &Prepared) -> SchemaResult<u64> {
        let bad = |reason: String| SchemaError::from(ConnectorError::BadCheckpoint { reason });
        let parsed = prepared.0.strip_prefix(TAG).and_then(|rest| rest.split_first_chunk::<8>());
        let (number, path) = parsed.ok_or_else(|| bad("it is none of a file sink that writes parts".to_owned()))?;
        if path != self.config.path.as_os_str().as_encoded_bytes() {
            let (path, shown) = (String::from_utf8_lossy(path), self.config.path.display());
            return Err(bad(format!("it was written for {path}, and the sink writes {shown}")));
        }
        Ok(u64::from_be_bytes(*number))
    }

    /// Path of a part, from 1: `big.parquet`, `big-2.parquet`, …
    fn part(&self, number: u64) -> PathBuf {
        let path = &self.config.path;
        if number <= 1 {
            return path.clone();
        }
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // All extensions stay: `big-2.parquet.gz`. A dot in front is none of them.
        let at = name.char_indices().skip(1).find(|(_, c)| *c == '.').map_or(name.len(), |(at, _)| at);
        let (stem, extensions) = name.split_at(at);
        path.with_file_name(format!("{stem}-{number}{extensions}"))
    }
}

fn unfinished(part: &Path) -> PathBuf {
    let mut name = OsString::from(part.as_os_str());
    name.push(".part");
    name.into()
}

/// Moves a part to its name, if that was not done before.
fn name_part(path: &Path) -> SchemaResult<()> {
    match fs::rename(unfinished(path), path) {
        // One that has its name was given it before.
        Err(e) if e.kind() != io::ErrorKind::NotFound || !path.exists() => Err(failed("name", path, e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn remove_unfinished(part: &Path) -> SchemaResult<()> {
    match fs::remove_file(unfinished(part)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed("remove", part, e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_behind_the_first_dot() {
        let check = |path: &str, number, expected: &str| {
            assert_eq!(Parts::new(&FileSinkConfig::new(path)).part(number), Path::new(expected));
        };
        check("out/big.parquet", 1, "out/big.parquet");
        check("out/big.parquet", 2, "out/big-2.parquet");
        check("out.d/big.parquet.gz", 12, "out.d/big-12.parquet.gz");
        check("big", 3, "big-3");
        check(".big", 3, ".big-3");
    }
}
