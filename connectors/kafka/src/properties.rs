//! Properties of librdkafka that pass through, and those that we own.

use std::{collections::BTreeMap, fmt};

use laminar_schema::config::{ConfigError, OptionValue};
use rdkafka::ClientConfig;

use crate::config::SecurityOptions;

/// Properties of librdkafka as the user wrote them. `Debug` shows names only: a value may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

/// What we set ourselves: the property, and what to write instead of it.
const OWNED: &[(&str, &str)] = &[
    ("acks", "an idempotent producer needs all of them"),
    ("auto.offset.reset", "write start = 'earliest', and on_offset_lost for offsets that are gone"),
    ("batch.size", "write batch_bytes"),
    ("bootstrap.servers", "write brokers"),
    ("compression.codec", "write compression"),
    ("compression.type", "write compression"),
    ("delivery.timeout.ms", "write delivery_timeout"),
    ("enable.auto.commit", "offsets are committed at checkpoints, when what was read of them is safe"),
    ("enable.auto.offset.store", "offsets are committed at checkpoints, when what was read of them is safe"),
    ("enable.idempotence", "it is always on, so that retries write nothing twice"),
    ("enable.partition.eof", "it is how bounded reads find their end"),
    ("isolation.level", "write isolation"),
    ("linger.ms", "write linger"),
    ("message.timeout.ms", "write delivery_timeout"),
    ("metadata.broker.list", "write brokers"),
    ("plugin.library.paths", "it would load code into this process"),
    ("queue.buffering.max.kbytes", "write max_buffered_bytes"),
    ("queue.buffering.max.ms", "write linger"),
    ("queued.max.messages.kbytes", "write max_buffered_bytes"),
    ("request.required.acks", "an idempotent producer needs all of them"),
    ("ssl.engine.location", "it would load code into this process"),
    ("ssl.providers", "it would load code into this process"),
    ("statistics.interval.ms", "write statistics_interval at a source"),
    ("transaction.timeout.ms", "write transaction_timeout"),
    ("transactional.id", "write transactional_id"),
];

/// Properties without a dot in their names that are neither owned nor an option of ours.
const WITHOUT_DOT: [&str; 2] = ["debug", "retries"];

impl Properties {
    /// Whether an option's name is that of a property: all but a few have dots, and none of our own has unless it is declared.
    pub(crate) fn is_name(key: &str) -> bool {
        key.contains('.') || WITHOUT_DOT.contains(&key) || OWNED.iter().any(|(owned, _)| *owned == key)
    }

    /// Takes a property over.
    ///
    /// # Errors
    /// One that we own, with what to write instead; one that librdkafka does not know or whose value it refuses.
    pub(crate) fn insert(&mut self, key: &str, value: &OptionValue) -> Result<(), ConfigError> {
        let refused = |reason: String| ConfigError::Invalid {
            key: key.to_owned(),
            // Whether it is a secret only librdkafka knows.
            value: "***".to_owned(),
            expected: "a property that this connector passes to librdkafka".to_owned(),
            reason,
            span: value.span.clone(),
        };
        if let Some((_, instead)) = OWNED.iter().find(|(owned, _)| *owned == key) {
            return Err(refused(format!("the connector sets it; {instead}")));
        }
        let mut probe = ClientConfig::new();
        probe.set(key, &value.text);
        if probe.create_native_config().is_err() {
            return Err(refused("librdkafka knows no such property, or not this value of it".to_owned()));
        }
        self.0.insert(key.to_owned(), value.text.clone());
        Ok(())
    }

    /// The value that the user wrote.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets them in `config`.
    pub(crate) fn apply(&self, config: &mut ClientConfig) {
        for (key, value) in &self.0 {
            config.set(key, value);
        }
    }
}

impl SecurityOptions {
    /// Sees that what says who is there says it once, and where it is looked at.
    ///
    /// # Errors
    /// Two tokens; a token for a mechanism that takes none.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let mechanism = self.sasl_mechanism.as_deref().unwrap_or_default();
        let key = match (&self.token, &self.token_file) {
            (None, None) => return Ok(()),
            (Some(_), Some(_)) => {
                let reason = "the token is given by itself as well";
                return Err(ConfigError::invalid("sasl.oauthbearer.token_file", "…", "one of the two", reason));
            }
            (Some(_), None) => "sasl.oauthbearer.token",
            (None, Some(_)) => "sasl.oauthbearer.token_file",
        };
        if mechanism.eq_ignore_ascii_case("OAUTHBEARER") {
            return Ok(());
        }
        let reason = format!("'sasl.mechanism' is '{mechanism}', which takes no token");
        Err(ConfigError::invalid(key, "***", "'sasl.mechanism' = OAUTHBEARER beside it", reason))
    }

    /// Sets them in `config`.
    pub(crate) fn apply(&self, config: &mut ClientConfig) {
        let mut set = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                config.set(key, value);
            }
        };
        set("security.protocol", Some(self.protocol.word()));
        set("sasl.mechanism", self.sasl_mechanism.as_deref());
        set("sasl.username", self.sasl_username.as_deref());
        set("sasl.password", self.sasl_password.as_ref().map(laminar_schema::Secret::expose));
        let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.to_string_lossy().into_owned());
        set("ssl.ca.location", path(&self.ca).as_deref());
        set("ssl.certificate.location", path(&self.certificate).as_deref());
        set("ssl.key.location", path(&self.key).as_deref());
        set("ssl.key.password", self.key_password.as_ref().map(laminar_schema::Secret::expose));
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
