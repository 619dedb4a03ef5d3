//! Options of the RabbitMQ source and sink.

use std::{path::PathBuf, time::Duration};

use laminar_schema::{
    ConnectorConfig, Options, Secret,
    config::{ConfigError, ConfigErrors, ConfigKey, joined_keys, read_joined, some_of_list},
};

use crate::{
    start::StartAt,
    words::{OnLost, QueueType, ReadUntil},
};

/// Everything a RabbitMQ source is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct RabbitMqSourceConfig {
    /// The source's own options.
    pub source: SourceOptions,
    /// Which servers, and how they are reached.
    pub server: ServerOptions,
}

/// Options of the RabbitMQ source.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SourceOptions {
    /// Queue to read
    #[config(parse = parse_name, type_name = "name")]
    pub queue: String,
    /// Whether to make the queue where it is not there; otherwise it must be
    #[config(default = false)]
    pub declare: bool,
    /// What kind of queue it is: `classic`, `quorum` or `stream`
    #[config(default = "classic")]
    pub queue_type: QueueType,
    /// Whether a queue that is made outlives a restart of the server, with its persistent records
    #[config(default = true)]
    pub durable: bool,
    /// Exchange to bind the queue to; it must be there
    #[config(parse = parse_name, type_name = "name")]
    pub exchange: Option<String>,
    /// Routing key of that binding; several separated by commas
    pub routing_key: Option<Vec<String>>,
    /// Records that may be unacknowledged, at most: those behind the last checkpoint, and those that wait in the client
    #[config(default = 20_000)]
    pub prefetch: u16,
    /// Where to begin a stream queue when no checkpoint knows; without it, at its first record
    pub offset: Option<StartAt>,
    /// Where to end: `latest`, what the queue holds at the start; without it, never
    pub end: Option<ReadUntil>,
    /// What to do when records of a stream queue are gone before they were read: `fail`, or `continue` without them
    #[config(default = "fail")]
    pub on_lost: OnLost,
    /// Whether headers and properties are read; without it, where INCLUDE HEADERS or dead letters want them
    pub headers: Option<bool>,
    /// Bytes of records after which a batch ends; the record that reaches it is the last of its batch
    #[config(default = 4_194_304)]
    pub max_batch_bytes: usize,
    /// How long servers may be out of reach while reading
    #[config(default = "5m")]
    pub outage_timeout: Duration,
}

/// Everything a RabbitMQ sink is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct RabbitMqSinkConfig {
    /// The sink's own options.
    pub sink: SinkOptions,
    /// Which servers, and how they are reached.
    pub server: ServerOptions,
}

/// Options of the RabbitMQ sink.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SinkOptions {
    /// Exchange to publish to; without it, the default one, whose routing keys are names of queues
    #[config(parse = parse_name, type_name = "name")]
    pub exchange: Option<String>,
    /// Routing key of every record
    pub routing_key: Option<String>,
    /// Column whose value is the record's routing key, in place of `routing_key`; it is left out of the value
    pub routing_key_column: Option<String>,
    /// Columns that become headers of the record, and are left out of the value
    pub headers: Option<Vec<String>>,
    /// Columns that make the value; without it, all that are neither routing key nor headers
    pub value: Option<Vec<String>>,
    /// Column whose value is the record's property `message_id`; it stays in the value
    pub message_id: Option<String>,
    /// Property `content_type` of every record
    #[config(parse = parse_name, type_name = "name")]
    pub content_type: Option<String>,
    /// Whether records are written to disk, so that durable queues have them after the server was restarted
    #[config(default = true)]
    pub persistent: bool,
    /// Whether a record that no queue takes is an error; otherwise the server drops it
    #[config(default = true)]
    pub mandatory: bool,
    /// Records that may wait for a confirmation, at most; writing waits beyond it
    #[config(default = 4096)]
    pub max_in_flight: usize,
    /// How long to try to publish a record
    #[config(default = "2m")]
    pub delivery_timeout: Duration,
}

/// Which servers, and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq, ConnectorConfig)]
pub struct ServerOptions {
    /// Servers to try in turn, `host:port`, separated by commas
    #[config(parse = some_of_list, type_name = "comma-separated list", required)]
    pub servers: Vec<String>,
    /// Virtual host
    #[config(default = "/")]
    pub vhost: String,
    /// User name
    #[config(default = "guest")]
    pub user: String,
    /// Password; without it, `guest`
    pub password: Option<Secret>,
    /// Whether to use TLS, for which the connector must be built with its feature `tls`
    #[config(default = false)]
    pub tls: bool,
    /// File of the authorities that may have signed the servers' certificates, in PEM, beside the system's
    pub tls_ca: Option<PathBuf>,
    /// File of the client's certificate, in PEM
    pub tls_certificate: Option<PathBuf>,
    /// File of the client's private key, in PEM
    pub tls_key: Option<PathBuf>,
    /// How often an idle connection says that it is there; one that is silent for twice as long is lost
    #[config(default = "10s")]
    pub heartbeat: Duration,
    /// How long to wait for servers at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
}

impl ConnectorConfig for RabbitMqSourceConfig {
    const KEYS: &'static [ConfigKey] = &joined_keys::<{ SourceOptions::KEYS.len() + ServerOptions::KEYS.len() }>(
        SourceOptions::KEYS,
        ServerOptions::KEYS,
    );

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(source, server)| Self { source, server })
    }
}

impl RabbitMqSourceConfig {
    /// Options that read `queue` from `servers`, all others at their defaults.
    ///
    /// # Errors
    /// A list that names none; a queue without a name.
    pub fn new(servers: impl Into<String>, queue: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("servers", servers.into()), ("queue", queue.into())]))
    }

    /// Whether records stay in the queue whoever has read them.
    pub(crate) fn is_stream(&self) -> bool {
        self.source.queue_type == QueueType::Stream
    }

    /// What is wrong with options that are well formed each for itself.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        let (source, is_stream) = (&self.source, self.is_stream());
        let (key, expected, reason) = if source.prefetch == 0 {
            ("prefetch", "a number from 1 to 65535", "without a limit the server sends the whole queue at once")
        } else if source.offset.is_some() && !is_stream {
            ("offset", "queue_type = 'stream'", "other queues are read from their oldest record on")
        } else if source.routing_key.is_some() && source.exchange.is_none() {
            ("exchange", "the name of an exchange, with `routing_key`", "they bind the queue together")
        } else if source.routing_key.iter().flatten().any(|key| key.len() > MAX_NAME) {
            ("routing_key", "at most 255 bytes", "AMQP has no longer ones")
        } else if source.declare && !source.durable && source.queue_type != QueueType::Classic {
            ("durable", "true", "quorum and stream queues are always durable")
        } else {
            return Ok(());
        };
        Err(ConfigError::invalid(key, "", expected, reason))
    }
}

impl ConnectorConfig for RabbitMqSinkConfig {
    const KEYS: &'static [ConfigKey] =
        &joined_keys::<{ SinkOptions::KEYS.len() + ServerOptions::KEYS.len() }>(SinkOptions::KEYS, ServerOptions::KEYS);

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(sink, server)| Self { sink, server })
    }
}

impl RabbitMqSinkConfig {
    /// Options that publish to the default exchange with `routing_key`, which there is the name of a queue; all others at
    /// their defaults.
    ///
    /// # Errors
    /// A list that names none.
    pub fn new(servers: impl Into<String>, routing_key: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("servers", servers.into()), ("routing_key", routing_key.into())]))
    }

    /// What is wrong with options that are well formed each for itself.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        let sink = &self.sink;
        let (key, expected, reason) = match (&sink.routing_key, &sink.routing_key_column) {
            (None, None) if sink.exchange.is_none() => (
                "routing_key",
                "a routing key, or `routing_key_column`",
                "it says which queue the default exchange means",
            ),
            (Some(_), Some(_)) => ("routing_key_column", "no `routing_key` beside it", "one is enough"),
            (Some(key), None) if key.len() > MAX_NAME => {
                ("routing_key", "at most 255 bytes", "AMQP has no longer ones")
            }
            _ => return Ok(()),
        };
        Err(ConfigError::invalid(key, "", expected, reason))
    }
}

impl ServerOptions {
    fn check(&self) -> Result<(), ConfigError> {
        for server in &self.servers {
            address(server, self.tls)?;
        }
        if self.vhost.len() > MAX_NAME {
            return Err(ConfigError::invalid("vhost", "", "at most 255 bytes", "AMQP has no longer names"));
        }
        let is_built = cfg!(feature = "tls");
        let uses_tls = self.uses_tls();
        let (key, expected, reason) = if uses_tls && !is_built {
            ("tls", "a build of laminar-connector-rabbitmq with the feature `tls`", "this one has no TLS")
        } else if !uses_tls && self.tls_ca.is_some() {
            ("tls", "true, with `tls_ca`", "without TLS no certificate is looked at")
        } else if !uses_tls && (self.tls_certificate.is_some() || self.tls_key.is_some()) {
            ("tls", "true, with `tls_certificate` and `tls_key`", "without TLS no certificate is shown")
        } else if self.tls_certificate.is_some() != self.tls_key.is_some() {
            ("tls_key", "a file, together with `tls_certificate`", "a certificate is of no use without its key")
        } else if self.heartbeat < Duration::from_secs(1) || self.heartbeat.as_secs() > u64::from(u16::MAX) {
            ("heartbeat", "from 1s to 65535s", "AMQP counts in whole seconds")
        } else {
            return Ok(());
        };
        Err(ConfigError::invalid(key, "", expected, reason))
    }

    /// Whether any of the servers is reached by TLS.
    pub(crate) fn uses_tls(&self) -> bool {
        self.tls || self.servers.iter().any(|server| server.starts_with("amqps://"))
    }
}

/// A server's host and port, and whether it is reached by TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

/// Reads `host`, `host:port` or `[v6]:port`, with `amqp://` or `amqps://` before it.
///
/// The text is not repeated in the error: it may have a password in it.
pub(crate) fn address(text: &str, tls: bool) -> Result<Address, ConfigError> {
    let wrong = |expected: &str, reason: &str| Err(ConfigError::invalid("servers", "", expected, reason));
    let (tls, place) = match text.split_once("://") {
        None => (tls, text),
        Some(("amqp", place)) => (tls, place),
        Some(("amqps", place)) => (true, place),
        Some(_) => return wrong("host:port, or amqp://host:port", "another scheme is not RabbitMQ's"),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains('@') {
        return wrong("host:port", "use `user` and `password` for who asks: what stands in `servers` is shown");
    }
    if place.contains(['/', '?']) {
        return wrong("host:port", "use `vhost` for the virtual host, and options for the rest");
    }
    let usual = if tls { 5671 } else { 5672 };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (place, Some(usual)),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port {
        Some(port) if !host.is_empty() && port > 0 => Ok(Address { host: host.to_owned(), port, tls }),
        _ => wrong("host:port, such as localhost:5672", "there is no host, or the port is no number from 1 to 65535"),
    }
}

/// Bytes of a name or a routing key, at most.
pub(crate) const MAX_NAME: usize = 255;

fn parse_name(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("it is empty".to_owned()),
        1..=MAX_NAME => Ok(text.to_owned()),
        _ => Err("it is longer than the 255 bytes that AMQP has for it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_both_sets_are_told_at_once() {
        let options = Options::from_pairs([("quue", "a"), ("tls", "perhaps"), ("password", "hunter2")]);
        let errors = RabbitMqSourceConfig::from_options(&options).err().map(|e| e.to_string()).unwrap_or_default();
        for expected in ["`servers`", "did you mean `queue`?", "`tls`"] {
            assert!(errors.contains(expected), "{expected}: {errors}");
        }
        assert!(!errors.contains("hunter2"), "{errors}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let pairs = [("servers", "a"), ("queue", "q"), ("password", "hunter2")];
        let config = RabbitMqSourceConfig::from_options(&Options::from_pairs(pairs));
        let printed = format!("{config:?}");
        assert!(config.is_ok() && !printed.contains("hunter2"), "{printed}");
        assert!(RabbitMqSinkConfig::KEYS.iter().filter(|k| k.secret).count() == 1);
    }

    #[test]
    fn contradictions_are_told_by_name() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let pairs = pairs.iter().copied().chain([("queue", "q")]);
            let config = RabbitMqSourceConfig::from_options(&Options::from_pairs(pairs));
            let error = config.map_err(|e| e.to_string()).and_then(|c| c.check().map_err(|e| e.to_string()));
            let error = error.err().unwrap_or_default();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
            assert_eq!(error.is_empty(), expected.is_empty(), "{error}");
        };
        check(&[("servers", "a, b:1")], "");
        check(&[("servers", "a"), ("prefetch", "0")], "the whole queue at once");
        check(&[("servers", "a"), ("offset", "first")], "queue_type = 'stream'");
        check(&[("servers", "a"), ("routing_key", "k")], "`exchange`");
        check(&[("servers", "u:hunter2@a")], "use `user` and `password`");
        check(&[("servers", "amqp://a/v")], "use `vhost`");
        check(&[("servers", "a"), ("tls_ca", "f")], "`tls`");
        check(&[("servers", "a"), ("heartbeat", "1ms")], "whole seconds");
        let long = "k".repeat(256);
        check(&[("servers", "a"), ("exchange", "e"), ("routing_key", &long)], "at most 255 bytes");
        check(&[("servers", "a"), ("vhost", &long)], "at most 255 bytes");
    }

    #[test]
    fn addresses_are_read_in_every_form() {
        let check = |text: &str, expected: Option<(&str, u16, bool)>| {
            let found = address(text, false).ok();
            assert_eq!(found.as_ref().map(|a| (a.host.as_str(), a.port, a.tls)), expected, "{text}");
        };
        check("a", Some(("a", 5672, false)));
        check("a:1", Some(("a", 1, false)));
        check("amqps://a", Some(("a", 5671, true)));
        check("amqp://a:7/", Some(("a", 7, false)));
        check("[::1]:7", Some(("::1", 7, false)));
        check("::1", Some(("::1", 5672, false)));
        check("a:x", None);
        check("a:0", None);
        check(":7", None);
        check("http://a", None);
    }
}
