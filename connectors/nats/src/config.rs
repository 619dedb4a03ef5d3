//! Options of the NATS source and sink.

use std::{path::PathBuf, time::Duration};

use laminar_schema::{
    ConnectorConfig, Options, Secret,
    config::{ConfigErrors, ConfigKey, joined_keys, read_joined, some_of_list},
};

use crate::{
    start::StartAt,
    words::{Acks, Mode, OnLost, ReadUntil, SampleFrom},
};

/// Everything a NATS source is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NatsSourceConfig {
    /// The source's own options.
    pub source: SourceOptions,
    /// How servers are reached safely.
    pub security: SecurityOptions,
}

/// Options of the NATS source.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SourceOptions {
    /// Servers to begin with, `host:port`, separated by commas
    #[config(parse = some_of_list, type_name = "comma-separated list", required)]
    pub servers: Vec<String>,
    /// Subject, or several separated by commas; `*` and `>` are wildcards
    pub subject: Option<Vec<String>>,
    /// Stream to read; without it, the one that takes the subject
    pub stream: Option<String>,
    /// Key-value bucket to watch, in place of a stream: keys are the records' keys
    pub bucket: Option<String>,
    /// `jetstream` reads a stream, and `core` what is published from now on, at most once
    #[config(default = "jetstream")]
    pub mode: Mode,
    /// Name of a durable consumer, which is acknowledged at checkpoints; it is made where it is not there
    pub durable: Option<String>,
    /// Whether several pipelines share the durable consumer's records
    #[config(default = false)]
    pub shared: bool,
    /// How the durable consumer is acknowledged: `explicit`, each record, or `all`, those up to one
    #[config(default = "explicit")]
    pub ack_policy: Acks,
    /// How long a record may wait for its checkpoint before the server delivers it again
    #[config(default = "5m")]
    pub ack_wait: Duration,
    /// Queue group, with mode `core`: its members share the records
    pub queue_group: Option<String>,
    /// Where to begin when neither a checkpoint nor the durable consumer knows
    #[config(default = "all")]
    pub start: StartAt,
    /// Where to end: `latest`, what the stream holds at the start; without it, never
    pub end: Option<ReadUntil>,
    /// What to do when records are gone before they were read: `fail`, or `continue` without them
    #[config(default = "fail")]
    pub on_lost: OnLost,
    /// Whether headers are read: for INCLUDE HEADERS, and for dead letters that keep them
    #[config(default = true)]
    pub headers: bool,
    /// Bytes of records after which a batch ends; the record that reaches it is the last of its batch
    #[config(default = 4_194_304)]
    pub max_batch_bytes: usize,
    /// Records that wait in the client, at most
    #[config(default = 16_384)]
    pub max_buffered_records: usize,
    /// JetStream domain, where it is not the servers' own
    pub domain: Option<String>,
    /// How long to wait for servers at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
    /// How long servers may be out of reach while reading
    #[config(default = "5m")]
    pub outage_timeout: Duration,
    /// Where to take samples: at the `head` of the stream, or at its `tail`
    #[config(default = "head")]
    pub sample_from: SampleFrom,
}

/// Everything a NATS sink is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NatsSinkConfig {
    /// The sink's own options.
    pub sink: SinkOptions,
    /// How servers are reached safely.
    pub security: SecurityOptions,
}

/// Options of the NATS sink.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SinkOptions {
    /// Servers to begin with, `host:port`, separated by commas
    #[config(parse = some_of_list, type_name = "comma-separated list", required)]
    pub servers: Vec<String>,
    /// Subject to publish to
    pub subject: Option<String>,
    /// Column whose value is the record's subject, in place of `subject`; it is left out of the value
    pub subject_column: Option<String>,
    /// `jetstream` waits for the stream's acknowledgements, and `core` for none
    #[config(default = "jetstream")]
    pub mode: Mode,
    /// Columns that become headers of the record, and are left out of the value
    pub headers: Option<Vec<String>>,
    /// Columns that make the value; without it, all that are neither subject nor headers
    pub value: Option<Vec<String>>,
    /// Column whose value is the record's `Nats-Msg-Id`, by which the stream drops what it has; it stays in the value
    pub message_id: Option<String>,
    /// Name under which rows are numbered to make `Nats-Msg-Id`s: for sources that replay in the same order
    pub message_id_prefix: Option<String>,
    /// Records that may wait for an acknowledgement, at most; writing waits beyond it
    #[config(default = 4096)]
    pub max_in_flight: usize,
    /// JetStream domain, where it is not the servers' own
    pub domain: Option<String>,
    /// How long to try to publish a record
    #[config(default = "2m")]
    pub delivery_timeout: Duration,
    /// How long to wait for servers at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
}

/// Security of the connection to servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, ConnectorConfig)]
pub struct SecurityOptions {
    /// User name, with `password`
    pub user: Option<String>,
    /// Password
    pub password: Option<Secret>,
    /// Token, in place of a user
    pub token: Option<Secret>,
    /// Seed of an nkey, in place of a user
    pub nkey_secret: Option<Secret>,
    /// File with a JWT and its nkey's seed, in place of a user
    pub creds_file: Option<PathBuf>,
    /// Whether to insist on TLS; a server that demands it gets it anyway
    #[config(default = false)]
    pub tls: bool,
    /// Whether TLS begins before the server's greeting, as servers with `handshake_first` want it
    #[config(default = false)]
    pub tls_first: bool,
    /// File of the authorities that may have signed the servers' certificates, in PEM, beside the system's
    pub tls_ca: Option<PathBuf>,
    /// File of the client's certificate, in PEM
    pub tls_certificate: Option<PathBuf>,
    /// File of the client's private key, in PEM
    pub tls_key: Option<PathBuf>,
}

impl ConnectorConfig for NatsSourceConfig {
    const KEYS: &'static [ConfigKey] = &joined_keys::<{ SourceOptions::KEYS.len() + SecurityOptions::KEYS.len() }>(
        SourceOptions::KEYS,
        SecurityOptions::KEYS,
    );

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(source, security)| Self { source, security })
    }
}

impl NatsSourceConfig {
    /// Options that read `subject` from `servers`, all others at their defaults.
    ///
    /// # Errors
    /// A list that names none.
    pub fn new(servers: impl Into<String>, subject: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("servers", servers.into()), ("subject", subject.into())]))
    }

    /// What is read, for people.
    pub(crate) fn about(&self) -> String {
        let source = &self.source;
        match (&source.bucket, &source.subject, &source.stream) {
            (Some(bucket), _, _) => format!("bucket {bucket}"),
            (None, Some(subjects), _) => subjects.join(", "),
            (None, None, Some(stream)) => format!("stream {stream}"),
            (None, None, None) => String::new(),
        }
    }

    /// The subjects to read; none means everything that the stream has.
    pub(crate) fn filters(&self) -> Vec<String> {
        match (&self.source.bucket, self.source.subject.as_deref().unwrap_or_default()) {
            (Some(bucket), []) => vec![format!("$KV.{bucket}.>")],
            (Some(bucket), keys) => keys.iter().map(|key| format!("$KV.{bucket}.{key}")).collect(),
            // The server wants to be told subjects where it is to look at each.
            (None, []) if self.source.start == StartAt::LastPerSubject => vec![">".to_owned()],
            (None, subjects) => subjects.to_vec(),
        }
    }

    /// Where to begin when nothing else knows: for a bucket, at what it holds now.
    pub(crate) fn start(&self) -> StartAt {
        match (&self.source.bucket, self.source.start) {
            (Some(_), StartAt::All) => StartAt::LastPerSubject,
            (_, start) => start,
        }
    }
}

impl ConnectorConfig for NatsSinkConfig {
    const KEYS: &'static [ConfigKey] = &joined_keys::<{ SinkOptions::KEYS.len() + SecurityOptions::KEYS.len() }>(
        SinkOptions::KEYS,
        SecurityOptions::KEYS,
    );

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(sink, security)| Self { sink, security })
    }
}

impl NatsSinkConfig {
    /// Options that publish to `subject` on `servers`, all others at their defaults.
    ///
    /// # Errors
    /// A list that names none.
    pub fn new(servers: impl Into<String>, subject: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("servers", servers.into()), ("subject", subject.into())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_both_sets_are_told_at_once() {
        let options = Options::from_pairs([("subjct", "a"), ("tls", "perhaps"), ("token", "hunter2")]);
        let errors = NatsSourceConfig::from_options(&options).err().map(|e| e.to_string()).unwrap_or_default();
        for expected in ["`servers`", "did you mean `subject`?", "`tls`"] {
            assert!(errors.contains(expected), "{expected}: {errors}");
        }
        assert!(!errors.contains("hunter2"), "{errors}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let pairs = [("servers", "a"), ("subject", "s"), ("token", "hunter2"), ("nkey_secret", "hunter2")];
        let config = NatsSourceConfig::from_options(&Options::from_pairs(pairs));
        let printed = format!("{config:?}");
        assert!(config.is_ok() && !printed.contains("hunter2"), "{printed}");
        assert!(NatsSinkConfig::KEYS.iter().filter(|k| k.secret).count() == 3);
    }

    #[test]
    fn a_bucket_is_read_by_its_keys() {
        let pairs = [("servers", "a"), ("bucket", "b"), ("subject", "x.*, y")];
        let config = NatsSourceConfig::from_options(&Options::from_pairs(pairs)).ok();
        let read = config.map(|c| (c.filters(), c.start(), c.about()));
        let filters = vec!["$KV.b.x.*".to_owned(), "$KV.b.y".to_owned()];
        assert_eq!(read, Some((filters, StartAt::LastPerSubject, "bucket b".to_owned())));
    }
}
