//! The option tables in `docs/connectors/` list what the connectors declare: every name, with its default.

use std::{fs, path::Path};

use laminar_connector_file::{FileSinkConfig, FileSourceConfig};
use laminar_connector_generator::GeneratorConfig;
use laminar_connector_kafka::{KafkaSinkConfig, KafkaSourceConfig};
use laminar_connector_memory::{MemorySinkConfig, MemorySourceConfig};
use laminar_connector_nats::{NatsSinkConfig, NatsSourceConfig};
use laminar_connector_rabbitmq::{RabbitMqSinkConfig, RabbitMqSourceConfig};
use laminar_connector_websocket::{WebSocketSinkConfig, WebSocketSourceConfig};
use laminar_schema::ConnectorConfig;

/// Rows of the tables headed `| option | default | …`: name and default.
fn documented(page: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/connectors").join(page);
    let text = fs::read_to_string(path).unwrap();
    let mut rows = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line.starts_with("| option | default |")) {
        for line in lines.by_ref().skip(1).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = cells[1].split('`').nth(1).unwrap();
            rows.push((name.to_owned(), cells[2].trim_matches('`').to_owned()));
        }
    }
    rows
}

fn declared<C: ConnectorConfig>() -> impl Iterator<Item = (String, String)> {
    C::KEYS.iter().map(|key| {
        let default = if key.required { "required" } else { key.default.unwrap_or("none") };
        (key.key.to_owned(), default.to_owned())
    })
}

#[test]
fn option_tables_say_what_is_declared() {
    let check = |page: &str, declared: Vec<(String, String)>| assert_eq!(documented(page), declared, "{page}");
    check("file.md", declared::<FileSourceConfig>().chain(declared::<FileSinkConfig>()).collect());
    check("memory.md", declared::<MemorySourceConfig>().chain(declared::<MemorySinkConfig>()).collect());
    check("kafka.md", declared::<KafkaSourceConfig>().chain(declared::<KafkaSinkConfig>()).collect());
    check("nats.md", declared::<NatsSourceConfig>().chain(declared::<NatsSinkConfig>()).collect());
    check("rabbitmq.md", declared::<RabbitMqSourceConfig>().chain(declared::<RabbitMqSinkConfig>()).collect());
    check("websocket.md", declared::<WebSocketSourceConfig>().chain(declared::<WebSocketSinkConfig>()).collect());
    check("generator.md", declared::<GeneratorConfig>().collect());
}
