//! What goes wrong between us and a NATS server, in words that say what to do.

use std::{error::Error, fmt};

use laminar_schema::{ConnectorError, SchemaError};

/// What kept a NATS source or sink from going on.
#[derive(Debug)]
#[non_exhaustive]
pub enum NatsFault {
    /// The client library's error, with what it was about.
    Client {
        /// Servers, stream, consumer or subject.
        target: String,
        /// The library's error.
        source: Box<dyn Error + Send + Sync>,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// No stream of the server takes the subject.
    NoStream {
        /// The subject or the stream's name.
        target: String,
        /// The servers asked.
        servers: String,
    },
    /// Records that were to be read next are not in the stream any more.
    SequenceLost {
        /// The stream.
        stream: String,
        /// The sequence that was to be read next.
        wanted: u64,
        /// The first one that the stream holds.
        first: u64,
    },
    /// The server dropped records of a subscription without replay, since they were not taken fast enough.
    SlowConsumer {
        /// The subjects.
        subject: String,
    },
    /// No server has answered for as long as the options allow.
    Outage {
        /// The servers.
        servers: String,
        /// Seconds without an answer.
        seconds: u64,
        /// What the last attempt said.
        last: String,
    },
    /// No record came before the time for sampling was over.
    Empty {
        /// The subjects.
        subject: String,
        /// Seconds that were waited.
        seconds: u64,
    },
    /// Records that the server did not acknowledge in time.
    Unacknowledged {
        /// How many.
        records: usize,
        /// The subject of the first one.
        subject: String,
        /// What the server, or the client library, said of it.
        reason: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// A row that cannot be published.
    BadRow {
        /// Its number in the batch.
        row: usize,
        /// The column that says so.
        column: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// Something else that a person must change.
    Refused {
        /// What is wrong, and what to write instead.
        reason: String,
    },
}

impl NatsFault {
    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client { retryable, .. } | Self::Unacknowledged { retryable, .. } => *retryable,
            Self::Outage { .. } | Self::Empty { .. } => true,
            Self::NoStream { .. }
            | Self::SequenceLost { .. }
            | Self::SlowConsumer { .. }
            | Self::BadRow { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// The error of a connector that was about to do `action`.
    #[cold]
    pub(crate) fn during(self, action: &'static str) -> SchemaError {
        let retryable = self.is_retryable();
        ConnectorError::External { action, source: Box::new(self), retryable }.into()
    }
}

/// A client's error about `target`, while doing `action`, that a later attempt may not have.
#[cold]
pub(crate) fn client<E>(action: &'static str, target: impl fmt::Display, source: E) -> SchemaError
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    NatsFault::Client { target: target.to_string(), source: source.into(), retryable: true }.during(action)
}

/// A client's error about `target`, while doing `action`, that a person must do something about.
#[cold]
pub(crate) fn refused<E>(action: &'static str, target: impl fmt::Display, source: E) -> SchemaError
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    NatsFault::Client { target: target.to_string(), source: source.into(), retryable: false }.during(action)
}

impl fmt::Display for NatsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { target, source, .. } => write!(f, "{target}: {source}"),
            Self::NoStream { target, servers } => write!(
                f,
                "no JetStream stream of {servers} has {target}; create the stream, check the name, or set mode = 'core' to \
                 go without replay"
            ),
            Self::SequenceLost { stream, wanted, first } => write!(
                f,
                "stream `{stream}`: sequence {wanted} is to be read next, and the stream begins at {first}, so records may \
                 have been removed before they were read; set on_lost = 'continue' to go on without them, and give the \
                 stream longer limits"
            ),
            Self::SlowConsumer { subject } => write!(
                f,
                "`{subject}`: records came faster than they were taken, and some were dropped; raise max_buffered_records, \
                 set on_lost = 'continue' to go on without them, or read a stream, which replays"
            ),
            Self::Outage { servers, seconds, last } => write!(
                f,
                "no server of {servers} has answered for {seconds} s ({last}); see that they run and are reachable"
            ),
            Self::Empty { subject, seconds } => write!(
                f,
                "`{subject}` had no record within {seconds} s, so there is nothing to infer from; declare the columns, \
                 CREATE SOURCE name (column TYPE, …) FROM NATS (…), or wait longer with sample_timeout"
            ),
            Self::Unacknowledged { records, subject, reason, .. } => {
                write!(f, "{records} records are not acknowledged, the first of them for subject `{subject}`: {reason}")
            }
            Self::BadRow { row, column, reason } => write!(f, "row {row} of the batch, column `{column}`: {reason}"),
            Self::Refused { reason } => f.write_str(reason),
        }
    }
}

impl Error for NatsFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Client { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
