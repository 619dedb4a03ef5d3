//! What goes wrong between us and a broker, in words that say what to do.

use std::fmt;

use laminar_schema::{ConnectorError, SchemaError};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What kept a Kafka source or sink from going on.
#[derive(Debug)]
#[non_exhaustive]
pub enum KafkaFault {
    /// The client library's error, with what it was about.
    Client {
        /// Topic, partition or brokers.
        target: String,
        /// The library's error.
        source: KafkaError,
        /// Why, where the library has said more than its error does.
        complaint: Option<String>,
    },
    /// The brokers know no such topic.
    NoTopic {
        /// The topic.
        topic: String,
        /// The brokers asked.
        brokers: String,
    },
    /// An offset that was to be read next is not in the log any more.
    OffsetLost {
        /// The topic and partition.
        partition: String,
    },
    /// No broker has answered for as long as the options allow.
    Outage {
        /// The brokers.
        brokers: String,
        /// Seconds without an answer.
        seconds: u64,
    },
    /// A topic had no record before the time for sampling was over.
    EmptyTopic {
        /// The topic.
        topic: String,
        /// Seconds that were waited.
        seconds: u64,
    },
    /// Something else that a person must change.
    Refused {
        /// What is wrong, and what to write instead.
        reason: String,
    },
}

impl KafkaFault {
    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client { source, .. } => source.rdkafka_error_code().is_some_and(is_transient),
            Self::Outage { .. } | Self::EmptyTopic { .. } => true,
            Self::NoTopic { .. } | Self::OffsetLost { .. } | Self::Refused { .. } => false,
        }
    }

    /// The error of a connector that was about to do `action`.
    #[cold]
    pub(crate) fn during(self, action: &'static str) -> SchemaError {
        let retryable = self.is_retryable();
        ConnectorError::External { action, source: Box::new(self), retryable }.into()
    }
}

/// A client's error about `target`, while doing `action`.
#[cold]
pub(crate) fn client(action: &'static str, target: impl fmt::Display, source: KafkaError) -> SchemaError {
    KafkaFault::Client { target: target.to_string(), source: without_value(source), complaint: None }.during(action)
}

/// The client says which value it refuses a property for, and that may be a secret.
fn without_value(source: KafkaError) -> KafkaError {
    match source {
        KafkaError::ClientConfig(code, reason, key, _) => KafkaError::ClientConfig(code, reason, key, "***".to_owned()),
        other => other,
    }
}

/// A thread that did not come to its end.
#[cold]
pub(crate) fn panicked(action: &'static str) -> SchemaError {
    KafkaFault::Refused { reason: "its thread ended unexpectedly; this is a bug: please report it".to_owned() }
        .during(action)
}

/// Errors that librdkafka recovers from by itself, given time.
pub(crate) fn is_transient(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::BrokerTransportFailure
            | C::AllBrokersDown
            | C::Resolve
            | C::OperationTimedOut
            | C::MessageTimedOut
            | C::TimedOutQueue
            | C::RequestTimedOut
            | C::NetworkException
            | C::LeaderNotAvailable
            | C::NotLeaderForPartition
            | C::CoordinatorLoadInProgress
            | C::CoordinatorNotAvailable
            | C::NotCoordinator
            | C::WaitingForCoordinator
            | C::NodeUpdate
            | C::Retry
    )
}

impl fmt::Display for KafkaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { target, source, complaint } => {
                write!(f, "{target}: {source}")?;
                if let Some(why) = complaint {
                    write!(f, "; {why}")?;
                }
                match source.rdkafka_error_code() {
                    Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                        f.write_str("; see that the brokers run and that `brokers` names them")
                    }
                    _ => Ok(()),
                }
            }
            Self::NoTopic { topic, brokers } => {
                write!(f, "topic `{topic}` does not exist on {brokers}; create it, or check its name")
            }
            Self::OffsetLost { partition } => write!(
                f,
                "{partition}: the next offset is not in the log any more, so records were lost before they were read; \
                 set on_offset_lost = 'earliest' or 'latest' to go on without them, and give the topic a longer retention"
            ),
            Self::Outage { brokers, seconds } => {
                write!(f, "no broker of {brokers} has answered for {seconds} s; see that they run and are reachable")
            }
            Self::EmptyTopic { topic, seconds } => write!(
                f,
                "topic `{topic}` had no record within {seconds} s, so there is nothing to infer from; declare the columns, \
                 CREATE SOURCE name (column TYPE, …) FROM KAFKA (…), or wait longer with sample_timeout"
            ),
            Self::Refused { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for KafkaFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Client { source, .. } => Some(source),
            _ => None,
        }
    }
}
