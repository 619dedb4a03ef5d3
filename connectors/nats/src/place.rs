//! The stream that a source reads: where it is, what it holds, and where reading it begins and ends.

use std::sync::Arc;

use async_nats::jetstream::{
    self, ErrorCode,
    context::{GetStreamByNameErrorKind, GetStreamErrorKind},
    stream::{LastRawMessageErrorKind, RetentionPolicy, State, Stream},
};
use laminar_schema::{ConnectorError, SchemaError, SchemaResult};

use crate::{
    config::NatsSourceConfig,
    connect::{self, Connecting, Connection},
    error::{self, NatsFault},
    start::StartAt,
    words::OnLost,
};

/// A stream of a server that answers.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) config: Arc<NatsSourceConfig>,
    pub(crate) connection: Connection,
    pub(crate) stream: Stream,
    /// The stream's name, which is that of the partition.
    pub(crate) name: Arc<str>,
    pub(crate) filters: Vec<String>,
}

/// Connects as a source does.
pub(crate) async fn connect(config: &NatsSourceConfig) -> SchemaResult<Connection> {
    let source = &config.source;
    let wanted = Connecting {
        servers: &source.servers,
        security: &config.security,
        capacity: source.max_buffered_records.max(2),
        timeout: source.connect_timeout,
    };
    connect::connect(&wanted).await
}

impl Place {
    /// Connects, and looks the stream up.
    ///
    /// # Errors
    /// Servers out of reach; no such stream, or subjects of several.
    pub(crate) async fn find(config: Arc<NatsSourceConfig>) -> SchemaResult<Self> {
        let connection = connect(&config).await?;
        let context = match &config.source.domain {
            Some(domain) => jetstream::with_domain(connection.client.clone(), domain),
            None => jetstream::new(connection.client.clone()),
        };
        let filters = config.filters();
        let servers = config.source.servers.join(", ");
        let name = match (&config.source.bucket, &config.source.stream) {
            (Some(bucket), _) => format!("KV_{bucket}"),
            (None, Some(stream)) => stream.clone(),
            (None, None) => stream_of(&context, &filters, &servers).await?,
        };
        let stream = context.get_stream(&name).await.map_err(|e| match e.kind() {
            GetStreamErrorKind::JetStream(e) if e.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                let target = match &config.source.bucket {
                    Some(bucket) => format!("bucket `{bucket}`"),
                    None => format!("stream `{name}`"),
                };
                NatsFault::NoStream { target, servers: servers.clone() }.during("look the stream up")
            }
            GetStreamErrorKind::Request | GetStreamErrorKind::JetStream(_) => {
                error::client("look the stream up", format_args!("`{name}` on {servers}"), e)
            }
            _ => error::refused("look the stream up", format_args!("`{name}`"), e),
        })?;
        Ok(Self { config, connection, stream, name: name.into(), filters })
    }

    /// What the stream holds now.
    pub(crate) async fn state(&self) -> SchemaResult<State> {
        let info = self.stream.get_info().await;
        Ok(info.map_err(|e| error::client("look the stream up", self.about(), e))?.state)
    }

    /// Sees that the records from sequence `next` on are still there, and that the stream has got that far.
    ///
    /// A stream that is not kept by limits alone, and a bucket, lose what is done with or replaced: that is no loss.
    pub(crate) async fn check(&self, next: u64) -> SchemaResult<()> {
        let state = self.state().await?;
        if next > state.last_sequence + 1 {
            let reason =
                format!("sequence {next} is to be read next, and the stream's last one is {}", state.last_sequence);
            return Err(ConnectorError::BadPosition { partition: self.name.to_string(), reason }.into());
        }
        let source = &self.config.source;
        let keeps = self.stream.cached_info().config.retention == RetentionPolicy::Limits && source.bucket.is_none();
        if keeps && source.on_lost == OnLost::Fail && next < state.first_sequence {
            let (stream, first) = (self.name.to_string(), state.first_sequence);
            return Err(NatsFault::SequenceLost { stream, wanted: next, first }.during("read the stream"));
        }
        Ok(())
    }

    /// The sequence where reading begins, as far as it can be told now: a later attempt is to begin there as well.
    pub(crate) async fn begin(&self) -> SchemaResult<Option<u64>> {
        Ok(match self.config.start() {
            StartAt::New => Some(self.state().await?.last_sequence + 1),
            StartAt::Last => match self.last_sequence().await? {
                0 => Some(self.state().await?.last_sequence + 1),
                last => Some(last),
            },
            StartAt::Sequence(sequence) => Some(sequence),
            StartAt::All | StartAt::LastPerSubject | StartAt::Time(_) => None,
        })
    }

    /// The sequence of the newest record that is to be read; 0 where there is none.
    pub(crate) async fn last_sequence(&self) -> SchemaResult<u64> {
        if self.filters.is_empty() {
            return Ok(self.state().await?.last_sequence);
        }
        let mut last = 0;
        for filter in &self.filters {
            match self.stream.get_last_raw_message_by_subject(filter).await {
                Ok(message) => last = last.max(message.sequence),
                Err(e) if matches!(e.kind(), LastRawMessageErrorKind::NoMessageFound) => {}
                Err(e) => return Err(error::client("look the last record up", self.about(), e)),
            }
        }
        Ok(last)
    }

    /// The stream, for people.
    pub(crate) fn about(&self) -> String {
        format!("stream `{}`", self.name)
    }
}

/// The one stream that has all the subjects.
async fn stream_of(context: &jetstream::Context, subjects: &[String], servers: &str) -> SchemaResult<String> {
    let mut found: Option<(String, &String)> = None;
    for subject in subjects {
        let name = context.stream_by_subject(subject).await.map_err(|e| match e.kind() {
            GetStreamByNameErrorKind::NotFound => {
                let (target, servers) = (format!("subject `{subject}`"), servers.to_owned());
                NatsFault::NoStream { target, servers }.during("look the stream up")
            }
            GetStreamByNameErrorKind::InvalidSubject => error::refused("look the stream up", subject, e),
            _ => error::client("look the stream up", format_args!("`{subject}` on {servers}"), e),
        })?;
        match &found {
            Some((first, of)) if *first != name => return Err(several(subject, &name, of, first)),
            _ => found = Some((name, subject)),
        }
    }
    // A source without subjects names its stream or its bucket.
    Ok(found.map(|(name, _)| name).unwrap_or_default())
}

#[cold]
fn several(subject: &str, stream: &str, other: &str, first: &str) -> SchemaError {
    let reason = format!(
        "subject `{subject}` is in stream `{stream}`, and `{other}` in `{first}`; write a source for each, or name the stream \
         with stream = '…'"
    );
    NatsFault::Refused { reason }.during("look the stream up")
}
