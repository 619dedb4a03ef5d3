//! Errors as data: a kind with fields, a [`Location`], and one rendering.
//!
//! Lives here: the error type every public signature returns, and where in the data it happened.
//! Does not live here: the small error enums themselves; each module owns its own ([`DecodeError`],
//! [`ResolveError`], [`ConfigErrors`], …).

use std::fmt;

use arrow_schema::ArrowError;

mod connector;
mod data;
mod location;

pub use connector::ConnectorError;
pub use data::{DecodeError, EncodeError, Found, InferError, SHOWN_INPUT_BYTES, cut};
pub use location::Location;

use crate::{
    config::ConfigErrors, evolution::EvolutionError, pipeline::BudgetExceeded, registry::RegistryError,
    resolve::ResolveError,
};

/// Result of every fallible operation of this crate.
pub type SchemaResult<T> = Result<T, SchemaError>;

/// What went wrong, where, and what to do about it. One word wide, so results stay small on the hot path.
///
/// Upper layers fill in what lower ones cannot know: a decoder knows the field, the pipeline the source's name.
pub struct SchemaError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    location: Location,
    record: Option<Box<[u8]>>,
}

/// The kind of a [`SchemaError`], with its fields.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A record's bytes do not fit the schema or the format.
    Decode(DecodeError),
    /// A batch cannot be written in the format asked for.
    Encode(EncodeError),
    /// No schema could be inferred from the sample.
    Infer(InferError),
    /// No strategy gives a schema, or what they give contradicts itself.
    Resolve(ResolveError),
    /// Options of a connector or format are wrong; all of them at once.
    Config(ConfigErrors),
    /// A schema registry refused or could not be reached.
    Registry(RegistryError),
    /// A schema change was refused.
    Evolution(EvolutionError),
    /// A connector could not do its I/O, or does not exist.
    Connector(ConnectorError),
    /// More records were rejected than may be.
    Budget(BudgetExceeded),
    /// The SQL text is wrong.
    #[cfg(feature = "ddl")]
    Ddl(crate::ddl::DdlError),
    /// Arrow refused an operation of ours: a bug or an unsupported type.
    Arrow(ArrowError),
}

impl SchemaError {
    /// Wraps `kind`, with nothing known about its place yet.
    #[cold]
    pub fn new(kind: impl Into<ErrorKind>) -> Self {
        Self(Box::new(Inner { kind: kind.into(), location: Location::default(), record: None }))
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Where it went wrong, as far as it is known.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Fills in the parts of the place that are still unknown; what is known stays.
    #[cold]
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.0.location.fill_from(location);
        self
    }

    /// Keeps the bytes of a record that its source could not cut out whole: no batch holds them.
    #[cold]
    #[must_use]
    pub fn with_record(mut self, bytes: &[u8]) -> Self {
        self.0.record = Some(bytes.into());
        self
    }

    /// The bytes of the record, where [`with_record`](Self::with_record) has kept them.
    pub fn record(&self) -> Option<&[u8]> {
        self.0.record.as_deref()
    }

    /// Forgets at which bytes it was: for one that comes from bytes made up on the way.
    #[cold]
    #[must_use]
    pub fn without_span(mut self) -> Self {
        self.0.location.span = None;
        self
    }

    /// Names the field by its path, innermost part first when called while unwinding: `b` then `a` gives `a.b`.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        self.0.location.push_outer_field(name);
        self
    }

    /// True when only this record is affected: it can be skipped or dead-lettered, and reading may go on.
    pub fn is_row_level(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Decode(_))
    }

    /// True when the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Connector(e) => e.is_retryable(),
            ErrorKind::Registry(e) => e.is_retryable(),
            _ => false,
        }
    }

    /// True when a person must change SQL, options or a declaration first.
    pub fn is_config(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Config(_) | ErrorKind::Resolve(_) => true,
            ErrorKind::Registry(e) => matches!(e, RegistryError::Misconfigured { .. }),
            ErrorKind::Connector(e) => e.is_config(),
            #[cfg(feature = "ddl")]
            ErrorKind::Ddl(_) => true,
            _ => false,
        }
    }

    /// The message without the place, for tables that have a column for each.
    pub fn message(&self) -> String {
        self.0.kind.to_string()
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(e) => e.fmt(f),
            Self::Encode(e) => e.fmt(f),
            Self::Infer(e) => e.fmt(f),
            Self::Resolve(e) => e.fmt(f),
            Self::Config(e) => e.fmt(f),
            Self::Registry(e) => e.fmt(f),
            Self::Evolution(e) => e.fmt(f),
            Self::Connector(e) => e.fmt(f),
            Self::Budget(e) => e.fmt(f),
            #[cfg(feature = "ddl")]
            Self::Ddl(e) => e.fmt(f),
            Self::Arrow(e) => e.fmt(f),
        }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.location.is_unknown() {
            return self.0.kind.fmt(f);
        }
        write!(f, "{}: {}", self.0.location, self.0.kind)
    }
}

impl fmt::Debug for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaError").field("kind", &self.0.kind).field("location", &self.0.location).finish()
    }
}

impl std::error::Error for SchemaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Connector(e) => std::error::Error::source(e),
            ErrorKind::Arrow(e) => Some(e),
            _ => None,
        }
    }
}

macro_rules! kinds {
    ($($variant:ident($ty:ty)),* $(,)?) => { $(
        impl From<$ty> for ErrorKind {
            fn from(e: $ty) -> Self { Self::$variant(e) }
        }
        impl From<$ty> for SchemaError {
            #[cold]
            fn from(e: $ty) -> Self { Self::new(e) }
        }
    )* };
}
kinds! {
    Decode(DecodeError), Encode(EncodeError), Infer(InferError), Resolve(ResolveError), Config(ConfigErrors),
    Registry(RegistryError), Evolution(EvolutionError), Connector(ConnectorError), Budget(BudgetExceeded),
    Arrow(ArrowError),
}
#[cfg(feature = "ddl")]
kinds! { Ddl(crate::ddl::DdlError) }

static_assertions::assert_impl_all!(SchemaError: Send, Sync, std::error::Error);
static_assertions::assert_eq_size!(SchemaError, usize);
static_assertions::assert_eq_size!(SchemaResult<()>, usize);
