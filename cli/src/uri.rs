//! An input that a URI names: `kafka://host:9092,other:9092/topic?option=value&…`, `nats://host:4222/subject?…`,
//! `amqp://host:5672/queue?…`, or `ws://…`, which is as a whole what the server is asked for.

use std::io::Cursor;

use laminar_connector_file::detect;
use laminar_schema::{FormatSpec, InferenceConfig, Options, SchemaInferable, SourceConfig, SourceConnector, SourceSet};

use crate::{engine::CliSources, error::CliError};

/// Records that are looked at to tell the format.
const RECORDS_TO_DETECT: usize = 20;

/// How the URIs of a connector are written.
struct Form {
    connector: &'static str,
    schemes: &'static [&'static str],
    title: &'static str,
    /// The options that the hosts and the path are, and those that name a user.
    hosts: &'static str,
    name: &'static str,
    login: &'static str,
    example: &'static str,
}

const FORMS: [Form; 3] = [
    Form {
        connector: "kafka",
        schemes: &["kafka"],
        title: "Kafka",
        hosts: "brokers",
        name: "topic",
        login: "'sasl.username' and 'sasl.password'",
        example: "write kafka://host:9092/topic, with ?option=value&… behind it",
    },
    Form {
        connector: "nats",
        schemes: &["nats"],
        title: "NATS",
        hosts: "servers",
        name: "subject",
        login: "user and password",
        example: "write nats://host:4222/subject, with ?option=value&… behind it",
    },
    Form {
        connector: "rabbitmq",
        schemes: &["amqp", "amqps"],
        title: "RabbitMQ",
        hosts: "servers",
        name: "queue",
        login: "user and password",
        example: "write amqp://host:5672/queue, with ?option=value&… behind it, such as ?vhost=name",
    },
];

/// What a URI names: a connector and its options.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// The connector's name.
    pub(crate) connector: &'static str,
    /// What a source is called that reads it.
    pub(crate) name: String,
    /// Options as a statement would have them.
    pub(crate) options: Options,
}

impl Remote {
    /// What `input` names; `None` where it is no URI of a connector that is linked and has a form for URIs.
    ///
    /// # Errors
    /// Parts that are missing.
    pub(crate) fn parse(input: &str) -> Result<Option<Self>, CliError> {
        let Some((scheme, rest)) = input.split_once("://") else { return Ok(None) };
        if ["ws", "wss"].iter().any(|own| own.eq_ignore_ascii_case(scheme)) {
            return Ok(Self::websocket(input, rest));
        }
        let Some(form) = FORMS.iter().find(|form| form.schemes.iter().any(|own| own.eq_ignore_ascii_case(scheme)))
        else {
            return Ok(None);
        };
        if !CliSources::MEMBERS.iter().any(|m| m.name == form.connector) {
            return Ok(None);
        }
        let wrong = |what: &str| CliError::usage(format!("a {} URI {what}", form.title), form.example);
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, name) = place.split_once('/').ok_or_else(|| wrong(&format!("needs a {}", form.name)))?;
        if hosts.is_empty() || name.is_empty() {
            return Err(wrong(&format!("needs {} and a {}", form.hosts, form.name)));
        }
        // Neither is repeated: a password does not belong there, and may stand there.
        if hosts.contains('@') {
            return Err(wrong(&format!("has no place for a user: give {} in a CREATE SOURCE", form.login)));
        }
        let mut options = Options::from_pairs([(form.hosts, hosts), (form.name, name)]);
        if scheme.eq_ignore_ascii_case("amqps") {
            options.insert("tls", "true", None);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| wrong("has an option without a value"))?;
            if is_secret(form.connector, key) {
                return Err(wrong("has no place for a password, key or token, since it is shown: use a CREATE SOURCE"));
            }
            if !options.insert(key, value, None) {
                return Err(wrong("has an option twice"));
            }
        }
        Ok(Some(Self { connector: form.connector, name: name.to_owned(), options }))
    }

    /// A WebSocket: what stands behind a `?` is the server's, and so no option.
    fn websocket(input: &str, rest: &str) -> Option<Self> {
        let connector = CliSources::MEMBERS.iter().map(|m| m.name).find(|name| *name == "websocket")?;
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(connector).to_owned();
        Some(Self { connector, name, options: Options::from_pairs([("url", input)]) })
    }

    /// The source, which ends where the topic ends now unless the options say otherwise.
    pub(crate) fn source(&self, format: &FormatSpec) -> Result<CliSources, CliError> {
        let mut options = self.options.clone();
        let is_given = |key: &str| options.get(key).is_some();
        let is = |key: &str, value: &str| options.get(key).is_some_and(|v| v.eq_ignore_ascii_case(value));
        if !(["end", "group.id", "group_id"].into_iter().any(is_given) || is("mode", "core") || is("shared", "true")) {
            let end = if self.connector == "websocket" { "close" } else { "latest" };
            options.insert("end", end, None);
        }
        Ok(CliSources::create(self.connector, &SourceConfig { options, format: format.clone() })?)
    }

    /// The format that its first records are in.
    ///
    /// # Errors
    /// Records that cannot be read, or that look like none of the formats.
    pub(crate) async fn detect(&self) -> Result<FormatSpec, CliError> {
        let source = self.source(&FormatSpec::new("raw"))?;
        let unknown =
            || CliError::usage("cannot tell the format of the topic's records", "name it with -f, as in `-f json`");
        let sampled = source.as_schema_inferable().ok_or_else(unknown)?;
        let config = InferenceConfig { sample_size: RECORDS_TO_DETECT, ..InferenceConfig::default() };
        let records = sampled.sample_records(&config).await?;
        let values: Vec<Vec<u8>> = records.into_iter().filter_map(|record| record.value).collect();
        let found = detect::format_of_stream(Cursor::new(values.join(&b'\n')));
        found.ok().and_then(|(format, _)| format).ok_or_else(unknown)
    }
}

/// Whether the value of an option is not to be shown: one that the connector declares so, or one that it passes through and
/// that is called like one.
fn is_secret(connector: &str, key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let declared = CliSources::config_schema(connector).map_or(&[][..], |schema| schema.keys);
    let known = declared.iter().find(|own| own.key == key || own.aliases.contains(&key.as_str()));
    match known {
        Some(own) => own.secret,
        None => ["password", "secret", "pem", "token", "sasl.jaas"].iter().any(|word| key.contains(word)),
    }
}

#[cfg(all(test, feature = "kafka", feature = "nats", feature = "rabbitmq"))]
mod tests {
    use super::Remote;

    #[cfg(feature = "websocket")]
    #[test]
    fn a_websocket_is_asked_for_the_whole_uri() {
        let remote = Remote::parse("wss://a:1/feeds/trades?symbol=x").ok().flatten();
        let options = remote.as_ref().map(|r| r.options.clone()).unwrap_or_default();
        assert_eq!(options.get("url"), Some("wss://a:1/feeds/trades?symbol=x"));
        assert_eq!(remote.map(|r| (r.connector, r.name)), Some(("websocket", "trades".to_owned())));
    }

    #[test]
    fn nats_has_uris_too() {
        let remote = Remote::parse("nats://a:1,b:2/orders.>?durable=d").ok().flatten();
        let options = remote.as_ref().map(|r| r.options.clone()).unwrap_or_default();
        let get = |key| options.get(key).unwrap_or_default();
        assert_eq!([get("servers"), get("subject"), get("durable")], ["a:1,b:2", "orders.>", "d"]);
        assert_eq!(remote.map(|r| r.connector), Some("nats"));
        for wrong in ["nats://a", "nats://u:hunter2@a/s", "nats://a/s?token=hunter2", "nats://a/s?nkey_secret=hunter2"]
        {
            let error = Remote::parse(wrong).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("a NATS URI") && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }

    #[test]
    fn queues_are_named_by_amqp() {
        let check = |uri: &str, expected: [&str; 4]| {
            let remote = Remote::parse(uri).ok().flatten();
            let options = remote.as_ref().map(|r| r.options.clone()).unwrap_or_default();
            assert_eq!(
                ["servers", "queue", "vhost", "tls"].map(|key| options.get(key).unwrap_or_default()),
                expected,
                "{uri}"
            );
            assert_eq!(remote.map(|r| r.connector), Some("rabbitmq"));
        };
        check("amqp://a:1,b/orders?vhost=v", ["a:1,b", "orders", "v", ""]);
        check("amqps://a/orders", ["a", "orders", "", "true"]);
        for wrong in ["amqp://a", "amqp://u:hunter2@a/q", "amqp://a/q?password=hunter2"] {
            let error = Remote::parse(wrong).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("a RabbitMQ URI") && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }

    #[test]
    fn uris_are_options() {
        let remote = Remote::parse("kafka://a:1,b:2/t?start=latest&fetch.min.bytes=1").ok().flatten();
        let options = remote.map(|r| r.options).unwrap_or_default();
        let get = |key| options.get(key).unwrap_or_default();
        assert_eq!(
            [get("brokers"), get("topic"), get("start"), get("fetch.min.bytes")],
            ["a:1,b:2", "t", "latest", "1"]
        );
        for other in ["file:///a", "a.json", "mqtt://a/b"] {
            assert!(matches!(Remote::parse(other), Ok(None)), "{other}");
        }
        for wrong in [
            "kafka://a",
            "kafka:///t",
            "kafka://a/",
            "kafka://u:hunter2@a/t",
            "kafka://a/t?x",
            "kafka://a/t?topic=u",
            "kafka://a/t?sasl.password=hunter2",
            "kafka://a/t?ssl.key.pem=hunter2",
        ] {
            let error = Remote::parse(wrong).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("a Kafka URI") && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }
}
