//! Options of the Kafka source and sink.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use laminar_schema::{
    ConnectorConfig, Options, Secret,
    config::{ConfigErrors, ConfigKey, FromConfigValue, joined_keys},
};
use rdkafka::ClientConfig;

use crate::{
    properties::Properties,
    start::{self, StartAt},
    words::{Assignment, Compression, Isolation, OnOffsetLost, Partitioner, Protocol, SampleFrom},
};

/// Everything a Kafka source is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct KafkaSourceConfig {
    /// The source's own options.
    pub source: SourceOptions,
    /// How brokers are reached safely.
    pub security: SecurityOptions,
    /// Properties of librdkafka that pass through.
    pub properties: Properties,
}

/// Options of the Kafka source.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SourceOptions {
    /// Brokers to begin with, `host:port`, separated by commas
    pub brokers: String,
    /// Topic, several separated by commas, or with `group.id` a pattern that begins with `^`
    #[config(parse = parse_topics, type_name = "comma-separated list", required)]
    pub topic: Vec<String>,
    /// Consumer group: its members share the partitions, and offsets are committed to it
    #[config(rename = "group.id", alias = "group_id")]
    pub group_id: Option<String>,
    /// Who assigns partitions: the `group`, or `manual`, which takes all; a group where `group.id` is given
    pub assignment: Option<Assignment>,
    /// Where to begin partitions that neither a checkpoint nor the group knows
    #[config(default = "earliest")]
    pub start: StartAt,
    /// Where to end: `latest`, what the topic holds at the start, or offsets by partition; without it, never
    pub end: Option<ReadUntil>,
    /// Whether records of open and aborted transactions are read: `read_committed` or `read_uncommitted`
    #[config(default = "read_committed")]
    pub isolation: Isolation,
    /// What to do when the next offset is not in the log any more: `fail`, or go on at `earliest` or `latest`
    #[config(default = "fail")]
    pub on_offset_lost: OnOffsetLost,
    /// Whether headers are read; without it, where INCLUDE HEADERS or dead letters want them
    pub headers: Option<bool>,
    /// Bytes of records after which a batch ends; the record that reaches it is the last of its batch
    #[config(default = 524_288)]
    pub max_batch_bytes: usize,
    /// Bytes that the client fetches ahead, at most, of brokers that heed `fetch.max.bytes`; two megabytes are the least
    #[config(default = 67_108_864)]
    pub max_buffered_bytes: usize,
    /// How long to wait for brokers at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
    /// How long brokers may be out of reach while reading
    #[config(default = "5m")]
    pub outage_timeout: Duration,
    /// How often to look for new partitions where they are assigned manually
    #[config(default = "1m")]
    pub discovery_interval: Duration,
    /// How often the source tells how far behind it is, and its other numbers; `0s` for never
    #[config(default = "5s")]
    pub statistics_interval: Duration,
    /// Where to take samples: at the `head` of the log, or at its `tail`
    #[config(default = "head")]
    pub sample_from: SampleFrom,
}

/// Everything a Kafka sink is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct KafkaSinkConfig {
    /// The sink's own options.
    pub sink: SinkOptions,
    /// How brokers are reached safely.
    pub security: SecurityOptions,
    /// Properties of librdkafka that pass through.
    pub properties: Properties,
}

/// Options of the Kafka sink.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SinkOptions {
    /// Brokers to begin with, `host:port`, separated by commas
    pub brokers: String,
    /// Topic to write to; it must exist, unless the brokers make topics by themselves
    pub topic: String,
    /// Column whose value is the record's key; it stays in the value unless `value` leaves it out
    pub key: Option<String>,
    /// Columns that become headers of the record, a MAP as many as it has, and are left out of the value
    pub headers: Option<Vec<String>>,
    /// Columns that make the value; without it, all that are no headers
    pub value: Option<Vec<String>>,
    /// Column of changes, such as an envelope's `_op`: a row that is deleted becomes a record without a value; needs `key`, and is left out of the value
    pub changes: Option<String>,
    /// Column with the number of the record's partition, left out of the value; the partitioner decides where it is null
    pub partition: Option<String>,
    /// How a record's partition follows from its key: `murmur2_random` as Java clients do, `consistent_random`, `fnv1a_random` or `random`; without `_random`, records without a key all go to one
    #[config(default = "murmur2_random")]
    pub partitioner: Partitioner,
    /// Compression of batches: `none`, `gzip`, `snappy`, `lz4`, or `zstd` where it is built in
    #[config(default = "none")]
    pub compression: Compression,
    /// How long a record may wait for others to share a batch with
    #[config(default = "5ms")]
    pub linger: Duration,
    /// Bytes of a batch, at most
    #[config(default = 1_000_000)]
    pub batch_bytes: u32,
    /// Bytes that may wait to be sent, at most; writing waits beyond it
    #[config(default = 67_108_864)]
    pub max_buffered_bytes: usize,
    /// How long to try to deliver a record
    #[config(default = "2m")]
    pub delivery_timeout: Duration,
    /// How long to wait for brokers at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
    /// Name of the sink's transactions, one for each pipeline: makes it write exactly once
    pub transactional_id: Option<String>,
    /// Folder of what transactions wrote, until they are committed; needed with `transactional_id`
    pub spool_dir: Option<PathBuf>,
    /// Consumer group to which each transaction commits how far the source was read: for a source FROM KAFKA on the same brokers
    pub source_group: Option<String>,
    /// How long the brokers keep a transaction open; longer than the time between checkpoints
    #[config(default = "5m")]
    pub transaction_timeout: Duration,
}

/// Security of the connection to brokers.
#[derive(Debug, Clone, Default, PartialEq, Eq, ConnectorConfig)]
pub struct SecurityOptions {
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`
    #[config(rename = "security.protocol", default = "plaintext")]
    pub protocol: Protocol,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`
    #[config(rename = "sasl.mechanism", alias = "sasl.mechanisms")]
    pub sasl_mechanism: Option<String>,
    /// User name
    #[config(rename = "sasl.username")]
    pub sasl_username: Option<String>,
    /// Password
    #[config(rename = "sasl.password")]
    pub sasl_password: Option<Secret>,
    /// Token for `OAUTHBEARER`
    #[config(rename = "sasl.oauthbearer.token")]
    pub token: Option<Secret>,
    /// File of the token for `OAUTHBEARER`, read again whenever one is needed: when the last one ends, where it is a JWT that says so, else after 5 minutes
    #[config(rename = "sasl.oauthbearer.token_file")]
    pub token_file: Option<PathBuf>,
    /// File or folder of the authorities that may have signed the brokers' certificates
    #[config(rename = "ssl.ca.location")]
    pub ca: Option<PathBuf>,
    /// File of the client's certificate, in PEM
    #[config(rename = "ssl.certificate.location")]
    pub certificate: Option<PathBuf>,
    /// File of the client's private key, in PEM
    #[config(rename = "ssl.key.location")]
    pub key: Option<PathBuf>,
    /// Password of the private key
    #[config(rename = "ssl.key.password")]
    pub key_password: Option<Secret>,
}

/// What the options of one connector are divided into.
pub(crate) struct Divided {
    own: Options,
    security: Options,
    properties: Properties,
    errors: ConfigErrors,
}

impl Divided {
    /// Divides `options` into those declared by `own`, those of security, and properties that pass through.
    pub(crate) fn of(options: &Options, own: &[ConfigKey]) -> Self {
        let is_in = |keys: &[ConfigKey], name: &str| keys.iter().any(|k| k.key == name || k.aliases.contains(&name));
        let (mut mine, mut security, mut properties) = (Options::new(), Options::new(), Properties::default());
        let mut errors = ConfigErrors(Vec::new());
        for (key, value) in options.iter() {
            if is_in(SecurityOptions::KEYS, key) {
                security.insert(key, value.text.clone(), value.span.clone());
            } else if !is_in(own, key) && Properties::is_name(key) {
                errors.0.extend(properties.insert(key, value).err());
            } else {
                mine.insert(key, value.text.clone(), value.span.clone());
            }
        }
        Self { own: mine, security, properties, errors }
    }

    /// Reads both sets, keeping every error.
    pub(crate) fn read<C: ConnectorConfig>(mut self) -> Result<(C, SecurityOptions, Properties), ConfigErrors> {
        let own = C::from_options(&self.own).map_err(|e| self.errors.0.extend(e.0));
        let security = SecurityOptions::from_options(&self.security).map_err(|e| self.errors.0.extend(e.0));
        match (own, security) {
            (Ok(own), Ok(security)) if self.errors.0.is_empty() => Ok((own, security, self.properties)),
            _ => Err(self.errors.among(&[C::KEYS, SecurityOptions::KEYS])),
        }
    }
}

impl ConnectorConfig for KafkaSourceConfig {
    const KEYS: &'static [ConfigKey] = &joined_keys::<{ SourceOptions::KEYS.len() + SecurityOptions::KEYS.len() }>(
        SourceOptions::KEYS,
        SecurityOptions::KEYS,
    );

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let (source, security, properties) = Divided::of(options, SourceOptions::KEYS).read()?;
        Ok(Self { source, security, properties })
    }
}

/// What librdkafka takes in one answer where nothing else is said.
const DEFAULT_FETCH_BYTES: usize = 50 << 20;

impl KafkaSourceConfig {
    /// Options that read `topic` from `brokers`, all others at their defaults.
    ///
    /// # Errors
    /// A list of topics that names none.
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("brokers", brokers.into()), ("topic", topic.into())]))
    }

    /// What brokers and clients have in common, in librdkafka's terms.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.source.brokers);
        self.security.apply(&mut config);
        // A partition whose buffer is full is not asked for more for so long; librdkafka's own second is longer than the
        // reader takes for all that is buffered.
        config.set("fetch.queue.backoff.ms", "10");
        self.properties.apply(&mut config);
        // Half of it may be waiting when an answer of the other half comes; an answer must have room for one message.
        let half = self.source.max_buffered_bytes / 2;
        let least = config.get("message.max.bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(1_000_000);
        if config.get("fetch.max.bytes").is_none() {
            config.set("fetch.max.bytes", half.min(DEFAULT_FETCH_BYTES).max(least).to_string());
        }
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Where to begin is told with each assignment, so that an offset that is gone is an error here.
            .set("auto.offset.reset", "error")
            .set("isolation.level", self.source.isolation.word())
            .set("queued.max.messages.kbytes", (half / 1024).clamp(1, 2_097_151).to_string());
        config
    }

    /// Whether its name in the group outlives it: a static member is not to leave where it stops, and one of KIP-848's protocol names
    /// itself, and leaves where it is closed.
    pub(crate) fn stays_member(&self) -> bool {
        self.properties.get("group.instance.id").is_some() || self.properties.get("group.protocol") == Some("consumer")
    }

    /// Whether the members of a group share the partitions.
    pub(crate) fn is_grouped(&self) -> bool {
        match self.source.assignment {
            Some(assignment) => assignment == Assignment::Group,
            None => self.source.group_id.is_some(),
        }
    }

    /// Whether headers are read: as the options say, and otherwise until a pipeline says that nobody wants them.
    pub(crate) fn takes_headers(&self) -> bool {
        self.source.headers.unwrap_or(true)
    }

    /// The topics, for people.
    pub(crate) fn topics(&self) -> String {
        self.source.topic.join(", ")
    }
}

impl ConnectorConfig for KafkaSinkConfig {
    const KEYS: &'static [ConfigKey] = &joined_keys::<{ SinkOptions::KEYS.len() + SecurityOptions::KEYS.len() }>(
        SinkOptions::KEYS,
        SecurityOptions::KEYS,
    );

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let (sink, security, properties) = Divided::of(options, SinkOptions::KEYS).read()?;
        Ok(Self { sink, security, properties })
    }
}

impl KafkaSinkConfig {
    /// Options that write `topic` to `brokers`, all others at their defaults.
    ///
    /// # Errors
    /// None is known to happen.
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("brokers", brokers.into()), ("topic", topic.into())]))
    }

    /// What brokers and clients have in common, in librdkafka's terms.
    pub(crate) fn connection(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.sink.brokers);
        self.security.apply(&mut config);
        self.properties.apply(&mut config);
        config
    }

    /// The producer's settings, in librdkafka's terms.
    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.connection();
        let options = &self.sink;
        config
            .set("enable.idempotence", "true")
            .set("partitioner", options.partitioner.word())
            .set("compression.type", options.compression.word())
            .set("linger.ms", options.linger.as_millis().to_string())
            .set("batch.size", options.batch_bytes.to_string())
            .set("queue.buffering.max.kbytes", (options.max_buffered_bytes / 1024).clamp(1, 2_097_151).to_string())
            .set("message.timeout.ms", options.delivery_timeout.as_millis().to_string());
        if let Some(id) = &options.transactional_id {
            config.set("transactional.id", id);
            config.set("transaction.timeout.ms", options.transaction_timeout.as_millis().to_string());
            // librdkafka wants a record's time to be within its transaction's.
            let within = options.delivery_timeout.min(options.transaction_timeout);
            config.set("message.timeout.ms", within.as_millis().to_string());
        }
        config
    }
}

/// Where a bounded read ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadUntil {
    /// Behind what the topic holds when the source starts.
    Latest,
    /// Before an offset of each partition; partitions not listed are not read.
    Offsets(BTreeMap<i32, i64>),
}

impl FromConfigValue for ReadUntil {
    const TYPE_NAME: &'static str = "latest, or offsets by partition such as 0:100,1:250";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "latest" => Ok(Self::Latest),
            offsets => start::offsets(offsets).map(Self::Offsets),
        }
    }
}

fn parse_topics(text: &str) -> Result<Vec<String>, String> {
    let topics = Vec::<String>::from_value(text)?;
    if topics.is_empty() { Err("it names none".to_owned()) } else { Ok(topics) }
}
