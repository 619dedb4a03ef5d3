//! Options of the file source and sink.

use std::{path::PathBuf, time::Duration};

use laminar_formats::framing::DEFAULT_MAX_RECORD_BYTES;
use laminar_schema::{ConnectorConfig, config::FromConfigValue};

use crate::compression::Compression;

/// The path that means standard input or output.
pub const STANDARD_STREAM: &str = "-";

/// Options of the file source.
#[derive(Debug, Clone, PartialEq, Eq, ConnectorConfig)]
pub struct FileSourceConfig {
    /// File to read, a glob pattern (`logs/**/*.json`), or `-` for standard input
    pub path: String,
    /// Compression of the files: `auto` looks at each file's first bytes
    #[config(default = "auto")]
    pub compression: Compression,
    /// Whether to wait for more at the end, as `tail -F` does: appended data, rotated files, new files that match
    #[config(default = false)]
    pub follow: bool,
    /// How often a followed path is looked at
    #[config(default = "250ms")]
    pub poll_interval: Duration,
    /// Where to begin files that the checkpoint does not know: `beginning`, or `end` of what exists (with `follow`)
    #[config(default = "beginning")]
    pub start: StartAt,
    /// What to do when a followed file shrinks: `fail`, or `restart` reading it at its beginning
    #[config(default = "fail")]
    pub on_truncate: OnTruncate,
    /// Longest record in bytes
    #[config(default = 16_777_216)]
    pub max_record_bytes: usize,
    /// Bytes of records in one batch, at most; a longer record is a batch by itself
    #[config(default = 4_194_304)]
    pub max_batch_bytes: usize,
    /// Bytes of a compressed file, or of standard input, that holds columns: it is written to a temporary file to be read in any place
    #[config(default = 17_179_869_184)]
    pub max_spool_bytes: u64,
}

impl FileSourceConfig {
    /// Options that read `path`, all others at their defaults.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            compression: Compression::Auto,
            follow: false,
            poll_interval: Duration::from_millis(250),
            start: StartAt::Beginning,
            on_truncate: OnTruncate::Fail,
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES,
            max_batch_bytes: 4 << 20,
            max_spool_bytes: 16 << 30,
        }
    }
}

/// Where to begin a file that the checkpoint does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartAt {
    /// At its first byte.
    #[default]
    Beginning,
    /// Behind the last line end it has when the source starts. Files that appear later are read from their beginning.
    End,
}

impl FromConfigValue for StartAt {
    const TYPE_NAME: &'static str = "beginning or end";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "beginning" => Ok(Self::Beginning),
            "end" => Ok(Self::End),
            _ => Err(String::new()),
        }
    }
}

/// What to do when a followed file becomes shorter than what was read of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTruncate {
    /// Stop with an error: what was written between the last read and the truncation is lost.
    #[default]
    Fail,
    /// Read it again from its beginning, as suits log rotation that copies and truncates.
    Restart,
}

impl FromConfigValue for OnTruncate {
    const TYPE_NAME: &'static str = "fail or restart";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "fail" => Ok(Self::Fail),
            "restart" => Ok(Self::Restart),
            _ => Err(String::new()),
        }
    }
}

/// Options of the file sink.
#[derive(Debug, Clone, PartialEq, Eq, ConnectorConfig)]
pub struct FileSinkConfig {
    /// File to write, or `-` for standard output; missing directories are created
    pub path: PathBuf,
    /// Compression of the file: `auto` goes by the path's extension
    #[config(default = "auto")]
    pub compression: Compression,
    /// What to do with a file that exists: `overwrite`, `append` or `error_if_exists`
    #[config(default = "overwrite")]
    pub mode: WriteMode,
}

impl FileSinkConfig {
    /// Options that write `path`, all others at their defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), compression: Compression::Auto, mode: WriteMode::Overwrite }
    }
}

/// What a fresh start does with a file that exists. A resumed sink goes on where its checkpoint says in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteMode {
    /// Empties it.
    #[default]
    Overwrite,
    /// Keeps what it holds and writes behind it.
    Append,
    /// Refuses.
    ErrorIfExists,
}

impl FromConfigValue for WriteMode {
    const TYPE_NAME: &'static str = "overwrite, append or error_if_exists";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "overwrite" => Ok(Self::Overwrite),
            "append" => Ok(Self::Append),
            "error_if_exists" => Ok(Self::ErrorIfExists),
            _ => Err(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::Options;

    use super::*;

    #[test]
    fn declared_defaults_are_those_of_new() {
        let given = Options::from_pairs([("path", "a")]);
        assert_eq!(FileSourceConfig::from_options(&given), Ok(FileSourceConfig::new("a")));
        assert_eq!(FileSinkConfig::from_options(&given), Ok(FileSinkConfig::new("a")));
    }
}
