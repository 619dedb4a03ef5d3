//! One record that owns its bytes: for samples, tests and single-record calls, not for the hot path.

use std::{any::Any, fmt, sync::Arc};

/// One record's raw bytes with what the source knows about it (SPEC.md §2.1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawRecord {
    /// Message key, where the source has keys.
    pub key: Option<Vec<u8>>,
    /// The record's bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Milliseconds since the Unix epoch, where the source has timestamps.
    pub timestamp: Option<i64>,
    /// Message headers, in the order they stood.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Where the record came from.
    pub metadata: SourceMetadata,
}

impl RawRecord {
    /// A record of nothing but bytes.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }
}

/// Where a record came from, and anything else the source wants to hand along.
#[derive(Clone, Default)]
pub struct SourceMetadata {
    /// Partition: a Kafka partition, a file's path.
    pub partition: Option<Arc<str>>,
    /// Offset in the partition.
    pub offset: Option<u64>,
    /// Line in a text file, from 1.
    pub line: Option<u64>,
    /// Bytes that hold for the whole partition and are no record: a CSV file's header line.
    pub preamble: Option<Arc<[u8]>>,
    extension: Option<Arc<dyn Any + Send + Sync>>,
}

impl SourceMetadata {
    /// Nothing known.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A record known by its place.
    pub fn at(partition: Option<Arc<str>>, offset: Option<u64>, line: Option<u64>) -> Self {
        Self { partition, offset, line, preamble: None, extension: None }
    }

    /// The same place in a partition that starts with `preamble`.
    #[must_use]
    pub fn with_preamble(mut self, preamble: Option<Arc<[u8]>>) -> Self {
        self.preamble = preamble;
        self
    }

    /// Attaches a value of the source's own, for a consumer that knows its type.
    #[must_use]
    pub fn with_extension(mut self, value: impl Any + Send + Sync) -> Self {
        self.extension = Some(Arc::new(value));
        self
    }

    /// The attached value, when it is a `T`.
    pub fn extension<T: Any>(&self) -> Option<&T> {
        self.extension.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for SourceMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceMetadata")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// Compares what the framework knows; an extension is opaque and not compared.
impl PartialEq for SourceMetadata {
    fn eq(&self, other: &Self) -> bool {
        (&self.partition, self.offset, self.line, &self.preamble)
            == (&other.partition, other.offset, other.line, &other.preamble)
    }
}

static_assertions::assert_impl_all!(RawRecord: Send, Sync);
