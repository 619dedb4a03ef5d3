//! What goes wrong between us and a RabbitMQ server, in words that say what to do.

use std::{error::Error, fmt};

use laminar_schema::{ConnectorError, SchemaError};
use lapin::{
    ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};

/// What kept a RabbitMQ source or sink from going on.
#[derive(Debug)]
#[non_exhaustive]
pub enum RabbitMqFault {
    /// The client library's error, with what it was about.
    Client {
        /// Server, queue, exchange or record.
        target: String,
        /// The library's error.
        source: Box<dyn Error + Send + Sync>,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The server has no queue or exchange of that name.
    NotFound {
        /// The queue or the exchange.
        target: String,
        /// What makes it.
        help: &'static str,
    },
    /// Records that were to be read next are not in the stream queue any more.
    OffsetLost {
        /// The queue.
        queue: String,
        /// The offset that was to be read next.
        wanted: u64,
        /// The first one that the queue holds.
        first: u64,
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
    /// Nothing was acknowledged of as many records as may be unacknowledged.
    Stalled {
        /// The queue.
        queue: String,
        /// How many may be.
        prefetch: u16,
    },
    /// No record came before the time for sampling was over.
    Empty {
        /// The queue.
        queue: String,
        /// Seconds that were waited.
        seconds: u64,
    },
    /// A record that no queue takes.
    Unroutable {
        /// How many rows the sink had been given before this one, since it was started.
        row: u64,
        /// Exchange and routing key.
        target: String,
        /// The beginning of the record.
        value: String,
    },
    /// Records that the server did not confirm in time.
    Unconfirmed {
        /// How many.
        records: usize,
        /// Exchange and routing key of the first one.
        target: String,
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

impl RabbitMqFault {
    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client { retryable, .. } | Self::Unconfirmed { retryable, .. } => *retryable,
            Self::Outage { .. } | Self::Empty { .. } => true,
            Self::NotFound { .. }
            | Self::OffsetLost { .. }
            | Self::Stalled { .. }
            | Self::Unroutable { .. }
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

/// A client's error about `target`, while doing `action`; whether a later attempt may succeed is told by its kind.
#[cold]
pub(crate) fn client(action: &'static str, target: impl fmt::Display, source: lapin::Error) -> SchemaError {
    let retryable = is_passing(&source);
    RabbitMqFault::Client { target: target.to_string(), source: source.into(), retryable }.during(action)
}

/// Whether the error is of a connection or of a server that is away, rather than of what was asked for.
pub(crate) fn is_passing(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::NOCONSUMERS) => true,
            AMQPErrorKind::Soft(_) => false,
            AMQPErrorKind::Hard(hard) => matches!(
                hard,
                AMQPHardError::CONNECTIONFORCED | AMQPHardError::INTERNALERROR | AMQPHardError::RESOURCEERROR
            ),
        },
        // What is no TLS, or a certificate that nobody vouches for.
        ErrorKind::IOError(error) => error.kind() != std::io::ErrorKind::InvalidData,
        ErrorKind::AuthProviderError(_)
        | ErrorKind::InvalidProtocolVersion(_)
        | ErrorKind::SerialisationError(_)
        | ErrorKind::ChannelsLimitReached
        | ErrorKind::NoDefaultRuntime => false,
        _ => true,
    }
}

/// Whether the server does not let us in.
fn is_login(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(e) if *e.kind() == AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED))
}

/// Whether the server knows nothing of that name.
pub(crate) fn is_not_found(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(e) if *e.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}

impl fmt::Display for RabbitMqFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { target, source, .. } => {
                write!(f, "{target}: {source}")?;
                if source.downcast_ref::<lapin::Error>().is_some_and(is_login) {
                    f.write_str("; check `user` and `password`, and what that user may do")?;
                }
                Ok(())
            }
            Self::NotFound { target, help } => write!(f, "the server has no {target}; {help}"),
            Self::OffsetLost { queue, wanted, first } => write!(
                f,
                "stream queue `{queue}`: offset {wanted} is to be read next, and the queue begins at {first}, so records were \
                 removed before they were read; set on_lost = 'continue' to go on without them, and let the queue keep more"
            ),
            Self::Outage { servers, seconds, last } => write!(
                f,
                "no server of {servers} has answered for {seconds} s ({last}); see that they run and are reachable"
            ),
            Self::Stalled { queue, prefetch } => write!(
                f,
                "queue `{queue}`: {prefetch} records are read and none of them is acknowledged, so that the server sends no more; \
                 runs acknowledge at their checkpoints, those into files with a footer (Parquet) need --checkpoint for that, \
                 and what only looks (`laminar drift`) sees no more than `prefetch`"
            ),
            Self::Empty { queue, seconds } => write!(
                f,
                "queue `{queue}` had no record within {seconds} s, so there is nothing to infer from; declare the columns, \
                 CREATE SOURCE name (column TYPE, …) FROM RABBITMQ (…), or wait longer with sample_timeout"
            ),
            Self::Unroutable { row, target, value } => write!(
                f,
                "row {row} since the start, for {target}: no queue takes it, {value}; bind a queue, or set mandatory = \
                 'false' to have such records dropped"
            ),
            Self::Unconfirmed { records, target, reason, .. } => {
                write!(f, "{records} records are not confirmed, the first of them for {target}: {reason}")
            }
            Self::BadRow { row, column, reason } => write!(f, "row {row} of the batch, column `{column}`: {reason}"),
            Self::Refused { reason } => f.write_str(reason),
        }
    }
}

impl Error for RabbitMqFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Client { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
