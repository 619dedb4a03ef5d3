//! A default that is computed.

use std::time::Duration;

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Time between ticks
    #[config(default = Duration::from_millis(500))]
    interval: Duration,
}

fn main() {}
