//! Options of the WebSocket source and sink.

use std::{path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use laminar_schema::{
    ConnectorConfig, Options, Secret,
    config::{ConfigErrors, ConfigKey, joined_keys, read_joined},
};

use crate::words::{MessageKind, OnFault, OnGap, OnOverflow, OnSlow, ReadUntil};

/// Everything a WebSocket source is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSocketSourceConfig {
    /// The source's own options.
    pub source: SourceOptions,
    /// How connections are opened and kept.
    pub link: LinkOptions,
}

/// Options of the WebSocket source.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SourceOptions {
    /// Text message to send after each connecting; several stand on lines of their own
    pub subscribe: Option<String>,
    /// How many messages to pass over after each connecting, such as answers to `subscribe`
    #[config(default = 0)]
    pub skip_first: u64,
    /// Whether a message may hold several records: a JSON array, lines, MessagePack values, as the format has them in files
    #[config(default = false)]
    pub split: bool,
    /// Field with a number that grows by one from record to record: a name, or a JSON pointer such as /meta/seq
    pub sequence: Option<String>,
    /// What to do when `sequence` has a gap or a repeat: `warn` counts it, `fail` ends with an error
    #[config(default = "warn")]
    pub on_gap: OnGap,
    /// What to do when a server sends what cannot be read, such as too large a message: `fail`, or `reconnect`
    #[config(default = "fail")]
    pub on_fault: OnFault,
    /// Where to end: `close`, where the server closes the connection normally; without it, never
    pub end: Option<ReadUntil>,
    /// Bytes of messages that may wait to be taken
    #[config(default = 16_777_216)]
    pub max_buffered_bytes: usize,
    /// Messages that may wait to be taken
    #[config(default = 65_536)]
    pub max_buffered_records: usize,
    /// What to do when more wait: `block` lets the peer wait, `drop_oldest` drops and counts, `fail` ends with an error
    #[config(default = "block")]
    pub on_overflow: OnOverflow,
    /// Bytes of records after which a batch ends; the record that reaches it is the last of its batch
    #[config(default = 4_194_304)]
    pub max_batch_bytes: usize,
    /// Largest message
    #[config(default = 16_777_216)]
    pub max_message_bytes: usize,
    /// Largest frame, of which a message may have several
    #[config(default = 16_777_216)]
    pub max_frame_bytes: usize,
}

/// Everything a WebSocket sink is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSocketSinkConfig {
    /// The sink's own options.
    pub sink: SinkOptions,
    /// How connections are opened and kept.
    pub link: LinkOptions,
}

/// Options of the WebSocket sink.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct SinkOptions {
    /// Which kind of message a row becomes: `text`, `binary`, or `auto`, which is text for JSON and CSV
    #[config(default = "auto")]
    pub message: MessageKind,
    /// With `url`: whether rows count as written, and are not sent again, only when the server has answered a ping behind them
    #[config(default = true)]
    pub acknowledge: bool,
    /// With `listen`: what to do for a client that is too slow: `disconnect`, `drop_oldest`, `drop_newest` or `block`
    #[config(default = "disconnect")]
    pub on_slow: OnSlow,
    /// Bytes of rows that may wait for one connection
    #[config(default = 16_777_216)]
    pub max_buffered_bytes: usize,
    /// Rows that may wait for one connection
    #[config(default = 65_536)]
    pub max_buffered_records: usize,
    /// With `listen`: how many clients to wait for before the first row is written
    #[config(default = 0)]
    pub min_clients: usize,
    /// With `listen`: how many of the last rows a new client gets first
    #[config(default = 0)]
    pub replay: usize,
}

/// How connections are opened and kept: the same for source and sink.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct LinkOptions {
    /// Server to connect to, `ws://host:port/path` or `wss://…`
    pub url: Option<String>,
    /// Address to be a server at, `host:port`, in place of `url`
    pub listen: Option<String>,
    /// With `listen`: the path that clients must ask for
    #[config(default = "/")]
    pub path: String,
    /// With `listen`: clients that may be connected at once
    #[config(default = 1024)]
    pub max_clients: usize,
    /// User name, with `password`: shown to the server, or asked of clients
    pub user: Option<String>,
    /// Password
    pub password: Option<Secret>,
    /// Bearer token, in place of a user
    pub token: Option<Secret>,
    /// With `url`: headers of the request, `Name: value`, each on a line of its own
    pub headers: Option<Secret>,
    /// With `url`: text message to send first after each connecting, such as one that holds a key
    pub login: Option<Secret>,
    /// Subprotocol to ask for, or to insist on
    pub subprotocol: Option<String>,
    /// File of the authorities that may have signed the peer's certificate, in PEM; with `url` beside the system's
    pub tls_ca: Option<PathBuf>,
    /// File of the own certificate, in PEM; with `listen` it makes the server one of TLS
    pub tls_certificate: Option<PathBuf>,
    /// File of the own certificate's private key, in PEM
    pub tls_key: Option<PathBuf>,
    /// How often to send a ping
    #[config(default = "20s")]
    pub ping_interval: Duration,
    /// How long nothing, and no answer to a ping, may come before a connection counts as lost
    #[config(default = "60s")]
    pub idle_timeout: Duration,
    /// How long to wait for a connection at the start
    #[config(default = "30s")]
    pub connect_timeout: Duration,
    /// With `url`: how long the server may be out of reach while running
    #[config(default = "5m")]
    pub outage_timeout: Duration,
}

impl LinkOptions {
    /// The value of `Authorization` that a client shows and a server wants, where the options have credentials.
    pub(crate) fn authorization(&self) -> Option<String> {
        match (&self.user, &self.password, &self.token) {
            (Some(user), Some(password), _) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))))
            }
            (_, _, Some(token)) => Some(format!("Bearer {}", token.expose())),
            _ => None,
        }
    }
}

impl ConnectorConfig for WebSocketSourceConfig {
    const KEYS: &'static [ConfigKey] =
        &joined_keys::<{ LinkOptions::KEYS.len() + SourceOptions::KEYS.len() }>(LinkOptions::KEYS, SourceOptions::KEYS);

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(source, link)| Self { source, link })
    }
}

impl ConnectorConfig for WebSocketSinkConfig {
    const KEYS: &'static [ConfigKey] =
        &joined_keys::<{ LinkOptions::KEYS.len() + SinkOptions::KEYS.len() }>(LinkOptions::KEYS, SinkOptions::KEYS);

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        read_joined(options).map(|(sink, link)| Self { sink, link })
    }
}

impl WebSocketSourceConfig {
    /// Options that read what the server at `url` sends, all others at their defaults.
    ///
    /// # Errors
    /// None today; what options of a later version may demand.
    pub fn new(url: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("url", url.into())]))
    }
}

impl WebSocketSinkConfig {
    /// Options that send to the server at `url`, all others at their defaults.
    ///
    /// # Errors
    /// None today; what options of a later version may demand.
    pub fn new(url: impl Into<String>) -> Result<Self, ConfigErrors> {
        Self::from_options(&Options::from_pairs([("url", url.into())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_set_has_is_told_beside_both() {
        let check = |key: &str, expected: &str| {
            let options = Options::from_pairs([(key, "x"), ("url", "ws://a/")]);
            let said = WebSocketSourceConfig::from_options(&options).map(drop).map_err(|e| e.to_string());
            assert!(said.as_ref().is_err_and(|said| said.contains(expected)), "{key}: {said:?}");
        };
        check("idle_timeuot", "did you mean `idle_timeout`?");
        check("subscrib", "did you mean `subscribe`?");
        check("nothing_like_it", "expected one of: url, listen");
        check("nothing_like_it", "max_frame_bytes");
    }

    #[test]
    fn mistakes_of_both_sets_are_told_at_once() {
        let options =
            Options::from_pairs([("ur", "a"), ("split", "perhaps"), ("idle_timeout", "5"), ("token", "hunter2")]);
        let errors = WebSocketSourceConfig::from_options(&options).err().map(|e| e.to_string()).unwrap_or_default();
        for expected in ["`ur`", "`split`", "`idle_timeout`"] {
            assert!(errors.contains(expected), "{expected}: {errors}");
        }
        assert!(!errors.contains("hunter2"), "{errors}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let names = ["password", "token", "headers", "login"];
        let config = WebSocketSourceConfig::from_options(&Options::from_pairs(names.map(|name| (name, "hunter2"))));
        let printed = format!("{config:?}");
        assert!(config.is_ok() && !printed.contains("hunter2"), "{printed}");
        assert_eq!(WebSocketSinkConfig::KEYS.iter().filter(|k| k.secret).count(), names.len());
    }
}
