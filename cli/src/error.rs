//! What can end a command, and the exit code it ends with.

use std::{fmt, io};

use laminar_connector_file::STANDARD_STREAM;
use laminar_formats::parquet::ParquetReadError;
use laminar_schema::{
    ConnectorError, EncodeError, ErrorKind, InferError, SchemaError,
    engine::{LockingError, StatementError},
    error::cut,
    lock::LockError,
};

/// Done.
pub(crate) const DONE: u8 = 0;
/// A negative verdict, or data was rejected under `fail`.
pub(crate) const REJECTED: u8 = 1;
/// Usage, configuration or SQL is wrong.
pub(crate) const USAGE: u8 = 2;
/// I/O, a connection or a remote system failed.
pub(crate) const IO: u8 = 3;
/// SIGINT, after a clean stop.
pub(crate) const INTERRUPTED: u8 = 130;
/// SIGTERM, after a clean stop: 128 and the signal's number, so that unfinished work never looks done.
pub(crate) const TERMINATED: u8 = 143;

/// How a command ends when nothing is wrong: an exit code of the table above.
pub(crate) type CommandResult = Result<u8, CliError>;

/// What can end a command.
#[derive(Debug)]
pub(crate) enum CliError {
    /// Something in SQL text; shown with its line.
    Statement(StatementError),
    /// Something in the library that no SQL text is to blame for.
    Schema(SchemaError),
    /// A lock cannot be read, written or used.
    Lock(LockError),
    /// Arguments that contradict each other or name what is not there.
    Usage {
        /// What is wrong.
        message: String,
        /// What to write instead.
        help: String,
    },
    /// A file that the command line itself reads or writes.
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Standard output is gone or full.
    Stdout(io::Error),
}

impl CliError {
    /// Arguments are wrong: what, and what to write instead.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: help.into() }
    }

    /// The exit code that says what kind of trouble it is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Statement(e) => schema_exit_code(&e.error),
            Self::Schema(e) => schema_exit_code(e),
            Self::Lock(e) if e.is_io() => IO,
            Self::Lock(_) | Self::Usage { .. } => USAGE,
            Self::File { .. } | Self::Stdout(_) => IO,
        }
    }

    /// True when whoever read our output has gone away, which is no error: `laminar convert … | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let source = match self {
            Self::Stdout(source) => source,
            Self::Statement(StatementError { error, .. }) | Self::Schema(error) => match error.kind() {
                ErrorKind::Connector(ConnectorError::Io { source, target, .. }) if target == STANDARD_STREAM => source,
                _ => return false,
            },
            _ => return false,
        };
        source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Which row of the exit code table an error of the library belongs to.
pub(crate) fn schema_exit_code(error: &SchemaError) -> u8 {
    match error.kind() {
        _ if error.is_config() => USAGE,
        ErrorKind::Encode(EncodeError::UnsupportedType { .. }) | ErrorKind::Infer(InferError::UnknownFormat { .. }) => {
            USAGE
        }
        // A file that was read and is damaged, as a container of Avro is.
        ErrorKind::Connector(ConnectorError::External { source, .. }) if source.is::<ParquetReadError>() => REJECTED,
        ErrorKind::Connector(_) | ErrorKind::Registry(_) => IO,
        // Rejected records, samples without a schema, refused changes: the data said no.
        _ => REJECTED,
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A snippet brings its own `error:`.
            Self::Statement(e) => {
                let text = e.to_string();
                let lead = if text.starts_with("error:") { "" } else { "error: " };
                write!(f, "{lead}{}", text.trim_end())
            }
            Self::Schema(e) => write!(f, "error: {e}"),
            Self::Lock(e) => write!(f, "error: {e}"),
            Self::Usage { message, help } => write!(f, "error: {message}\nhelp: {help}"),
            Self::File { action, path, source } => write!(f, "error: cannot {action} {}: {source}", cut(path)),
            Self::Stdout(source) => write!(f, "error: cannot write standard output: {source}"),
        }
    }
}

impl From<StatementError> for CliError {
    fn from(e: StatementError) -> Self {
        Self::Statement(e)
    }
}

impl From<LockingError> for CliError {
    fn from(e: LockingError) -> Self {
        match e {
            LockingError::Statement(e) => Self::Statement(*e),
            LockingError::Lock(e) => Self::Lock(e),
        }
    }
}

impl From<LockError> for CliError {
    fn from(e: LockError) -> Self {
        Self::Lock(e)
    }
}

impl From<SchemaError> for CliError {
    fn from(e: SchemaError) -> Self {
        Self::Schema(e)
    }
}

impl From<ConnectorError> for CliError {
    fn from(e: ConnectorError) -> Self {
        Self::Schema(e.into())
    }
}
