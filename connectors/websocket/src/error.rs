//! What goes wrong between us and a WebSocket's other end, in words that say what to do.

use std::{error::Error, fmt};

use laminar_schema::{ConnectorError, SchemaError};
use tokio_tungstenite::tungstenite;

/// What kept a WebSocket source or sink from going on.
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketFault {
    /// The library's error, or the system's, with what it was about.
    Connection {
        /// The server, or the address listened at.
        target: String,
        /// The error.
        source: Box<dyn Error + Send + Sync>,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The server answered, but with no WebSocket.
    Refused {
        /// The server.
        target: String,
        /// The status of its answer.
        status: u16,
    },
    /// The server has not been reached for as long as the options allow.
    Outage {
        /// The server.
        target: String,
        /// Seconds without a connection.
        seconds: u64,
        /// What the last attempt said.
        last: String,
    },
    /// A number of the records did not follow the one before it.
    Gap {
        /// Server or client that sent it.
        peer: String,
        /// The number that should have come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// Messages came faster than they were taken.
    Overflow {
        /// Server or client that sent them.
        peer: String,
        /// Messages that waited.
        records: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// No message came before the time for sampling was over.
    Empty {
        /// The server, or the address listened at.
        target: String,
        /// Seconds that were waited.
        seconds: u64,
    },
    /// A row that no text message can hold.
    NoText {
        /// Its number in the batch.
        row: usize,
    },
    /// Something else that a person must change.
    Unusable {
        /// What is wrong, and what to do instead.
        reason: String,
    },
}

impl WebSocketFault {
    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connection { retryable, .. } => *retryable,
            // Too many requests, or a proxy whose server is away.
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Outage { .. } | Self::Empty { .. } => true,
            Self::Gap { .. } | Self::Overflow { .. } | Self::NoText { .. } | Self::Unusable { .. } => false,
        }
    }

    /// The error of a connector that was about to do `action`.
    #[cold]
    pub(crate) fn during(self, action: &'static str) -> SchemaError {
        let retryable = self.is_retryable();
        ConnectorError::External { action, source: Box::new(self), retryable }.into()
    }
}

/// An error about `target` that a later attempt may not have.
#[cold]
pub(crate) fn passing<E: Into<Box<dyn Error + Send + Sync>>>(target: impl fmt::Display, source: E) -> WebSocketFault {
    WebSocketFault::Connection { target: target.to_string(), source: source.into(), retryable: true }
}

/// An error about `target` that a person must do something about.
#[cold]
pub(crate) fn lasting<E: Into<Box<dyn Error + Send + Sync>>>(target: impl fmt::Display, source: E) -> WebSocketFault {
    WebSocketFault::Connection { target: target.to_string(), source: source.into(), retryable: false }
}

/// What the library says of a handshake or a connection.
#[cold]
pub(crate) fn of_library(target: impl fmt::Display, source: tungstenite::Error) -> WebSocketFault {
    match source {
        tungstenite::Error::Http(answer) => {
            WebSocketFault::Refused { target: target.to_string(), status: answer.status().as_u16() }
        }
        tungstenite::Error::Url(_) | tungstenite::Error::HttpFormat(_) => lasting(target, source),
        source => passing(target, source),
    }
}

impl fmt::Display for WebSocketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection { target, source, .. } => write!(f, "{target}: {source}"),
            Self::Refused { target, status } => {
                write!(f, "{target}: the server answered with status {status} instead of a WebSocket; ")?;
                f.write_str(match status {
                    401 | 403 => "see `user` and `password`, `token` and `headers`",
                    404 => "see the path in `url`",
                    400 | 426 => {
                        "see that a WebSocket is served there, and whether it wants a `subprotocol` or `headers`"
                    }
                    300..=399 => "it points elsewhere, and `url` must name that place",
                    _ => "see what the server says in its own log",
                })
            }
            Self::Outage { target, seconds, last } => {
                write!(f, "{target} was not reached for {seconds} s ({last}); see that it runs and is reachable")
            }
            Self::Gap { peer, expected, found } => write!(
                f,
                "{peer}: record {expected} of `sequence` should have come, and {found} did; set on_gap = 'warn' to count \
                 gaps and go on"
            ),
            Self::Overflow { peer, records, bytes } => write!(
                f,
                "{peer}: messages came faster than they were taken, and {records} of {bytes} B wait; raise \
                 max_buffered_records and max_buffered_bytes, or set on_overflow = 'block' or 'drop_oldest'"
            ),
            Self::Empty { target, seconds } => write!(
                f,
                "{target} sent no message within {seconds} s, so there is nothing to infer from; see whether it wants a \
                 `subscribe` message, declare the columns, CREATE SOURCE name (column TYPE, …) FROM WEBSOCKET (…), or \
                 wait longer with sample_timeout"
            ),
            Self::NoText { row } => {
                write!(f, "row {row} of the batch is no UTF-8, and a text message must be; set message = 'binary'")
            }
            Self::Unusable { reason } => f.write_str(reason),
        }
    }
}

impl Error for WebSocketFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
