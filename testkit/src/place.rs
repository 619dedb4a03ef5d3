//! What a harness arranges: records in the system behind a source, and a place for a sink to write to.

use std::{any::Any, fmt};

use laminar_schema::{Options, SinkConfig, SourceConfig};

/// The records that a check wants in the system behind a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// How many.
    pub count: usize,
    /// About how many bytes each, at least 32.
    pub bytes: usize,
}

impl Wanted {
    /// So many records of about 64 bytes.
    pub const fn new(count: usize) -> Self {
        Self { count, bytes: 64 }
    }

    /// The records as objects of JSON, all different: `{"id":7,"text":"…"}`. A harness whose source reads what others
    /// write puts these there, and one whose source makes its own records does not need them.
    pub fn records(self) -> Vec<Vec<u8>> {
        self.records_from(0)
    }

    /// The same, with ids from `first` on: for records that are added later.
    pub fn records_from(self, first: usize) -> Vec<Vec<u8>> {
        let text = "x".repeat(self.bytes.saturating_sub(24));
        (first..first + self.count).map(|id| format!("{{\"id\":{id},\"text\":\"{text}\"}}").into_bytes()).collect()
    }
}

/// Records in the system behind a source, and the options that read them.
pub struct Place {
    /// Options and format of a source that reads exactly these records.
    pub config: SourceConfig,
    /// The records, all different, in the order in which they were written.
    pub records: Vec<Vec<u8>>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Place {
    /// Records that `config` reads.
    pub fn new(config: SourceConfig, records: Vec<Vec<u8>>) -> Self {
        Self { config, records, kept: Vec::new() }
    }

    /// Keeps something alive for as long as the place is used: a temporary folder, a handle.
    #[must_use]
    pub fn keeping(mut self, what: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(what));
        self
    }

    /// What was kept, by its type: for a harness that needs it again to add records.
    pub fn kept<T: Any>(&self) -> Option<&T> {
        self.kept.iter().find_map(|kept| kept.downcast_ref())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, records, .. } = self;
        f.debug_struct("Place").field("config", config).field("records", &records.len()).finish_non_exhaustive()
    }
}

/// A place that a sink may write to, empty at first.
pub struct SinkPlace {
    /// Options and format of a sink that writes there.
    pub config: SinkConfig,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl SinkPlace {
    /// A place that `config` writes to.
    pub fn new(config: SinkConfig) -> Self {
        Self { config, kept: Vec::new() }
    }

    /// Keeps something alive for as long as the place is used: a temporary folder, a handle.
    #[must_use]
    pub fn keeping(mut self, what: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(what));
        self
    }

    /// What was kept, by its type: for a harness that needs it to read what was written.
    pub fn kept<T: Any>(&self) -> Option<&T> {
        self.kept.iter().find_map(|kept| kept.downcast_ref())
    }
}

impl fmt::Debug for SinkPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkPlace").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Options that are well formed one by one, and wrong together or here.
#[derive(Debug, Clone)]
pub struct BadOptions {
    /// The options, all of them: the required ones too.
    pub options: Options,
    /// What the error must name: an option, usually.
    pub names: &'static str,
}

impl BadOptions {
    /// Options whose error names `names`.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, names: &'static str) -> Self {
        Self { options: Options::from_pairs(pairs), names }
    }
}

/// Why the system behind a connector is not there: its checks are skipped, and say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);
