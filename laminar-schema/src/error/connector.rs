//! Errors of connectors: I/O, remote systems, names that do not exist.

use std::{error::Error, fmt, io};

use crate::config::did_you_mean;

/// A connector could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectorError {
    /// An operating-system error.
    Io {
        /// What was being done: `open`, `read`, `write`.
        action: &'static str,
        /// On what: a path or an address, without credentials.
        target: String,
        /// The system's answer.
        source: io::Error,
    },
    /// An error of a client library.
    External {
        /// What was being done.
        action: &'static str,
        /// The library's error.
        source: Box<dyn Error + Send + Sync>,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// No connector of this name is linked or registered.
    UnknownConnector {
        /// `source` or `sink`.
        role: &'static str,
        /// The name asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// The connector does not speak this format.
    UnsupportedFormat {
        /// The connector.
        connector: String,
        /// The format asked for.
        format: String,
        /// What it speaks.
        known: Vec<String>,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// No CREATE statement made a source or sink of this name.
    NotCreated {
        /// `source` or `sink`.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// A source or sink of this name is there already.
    AlreadyExists {
        /// The name.
        name: String,
    },
    /// Two statements write to the same sink.
    SinkUsedTwice {
        /// The sink.
        name: String,
    },
    /// The source has no end, and a run that ends with its sources was asked for.
    Unbounded {
        /// The source.
        name: String,
    },
    /// A position in a checkpoint is not one of this connector.
    BadPosition {
        /// The partition it was for.
        partition: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint cannot be read.
    BadCheckpoint {
        /// What is wrong with it.
        reason: String,
    },
    /// A path names nothing.
    NotFound {
        /// What was looked for.
        target: String,
        /// What to do.
        help: &'static str,
    },
}

impl ConnectorError {
    /// An operating-system error while doing `action` on `target`.
    #[cold]
    pub fn io(action: &'static str, target: impl fmt::Display, source: io::Error) -> Self {
        Self::Io { action, target: target.to_string(), source }
    }

    /// A format that `connector` does not speak, with the nearest one that it does.
    #[cold]
    pub fn unsupported_format(connector: &str, format: &str, known: &[&str]) -> Self {
        Self::UnsupportedFormat {
            connector: connector.to_owned(),
            format: format.to_owned(),
            known: known.iter().map(|k| (*k).to_owned()).collect(),
            suggestion: did_you_mean(format, known.iter().copied()).map(str::to_owned),
        }
    }

    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::Interrupted
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::WouldBlock
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
            ),
            Self::External { retryable, .. } => *retryable,
            _ => false,
        }
    }

    /// True when a person must change the SQL or the options first.
    pub fn is_config(&self) -> bool {
        matches!(
            self,
            Self::UnknownConnector { .. }
                | Self::UnsupportedFormat { .. }
                | Self::NotCreated { .. }
                | Self::AlreadyExists { .. }
                | Self::SinkUsedTwice { .. }
                | Self::Unbounded { .. }
        )
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, target, source } => write!(f, "cannot {action} {target}: {source}"),
            Self::External { action, source, .. } => write!(f, "cannot {action}: {source}"),
            Self::UnknownConnector { role, name, known, suggestion } => {
                write!(f, "unknown {role} connector `{name}`; ")?;
                suggest(f, suggestion.as_deref(), known)
            }
            Self::UnsupportedFormat { connector, format, known, suggestion } => {
                write!(f, "connector `{connector}` does not speak format `{format}`; ")?;
                suggest(f, suggestion.as_deref(), known)
            }
            Self::NotCreated { what, name, known, suggestion } => {
                write!(f, "there is no {what} `{name}`; ")?;
                suggest(f, suggestion.as_deref(), known)
            }
            Self::AlreadyExists { name } => {
                write!(f, "`{name}` exists already; drop it first, or write IF NOT EXISTS to keep it")
            }
            Self::SinkUsedTwice { name } => {
                write!(f, "sink `{name}` is written to twice; a sink has one writer: create a second sink")
            }
            Self::Unbounded { name } => {
                write!(f, "source `{name}` never ends, and the run is to end with its sources; bound it in its options")
            }
            Self::BadPosition { partition, reason } => {
                write!(
                    f,
                    "the checkpoint's position of partition {partition} cannot be resumed: {reason}; bring the data back, or delete the checkpoint to start over"
                )
            }
            Self::BadCheckpoint { reason } => {
                write!(f, "the checkpoint cannot be read: {reason}; restore it, or delete it to start over")
            }
            Self::NotFound { target, help } => write!(f, "{target} names nothing; {help}"),
        }
    }
}

fn suggest(f: &mut fmt::Formatter<'_>, near: Option<&str>, known: &[String]) -> fmt::Result {
    match near {
        Some(near) => write!(f, "did you mean `{near}`?"),
        None if known.is_empty() => f.write_str("none is known here"),
        None => write!(f, "expected one of: {}", known.join(", ")),
    }
}

impl Error for ConnectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::External { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
