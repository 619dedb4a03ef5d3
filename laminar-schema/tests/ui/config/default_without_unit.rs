//! A number for the default of a duration.

use std::time::Duration;

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Time between ticks
    #[config(default = 500)]
    interval: Duration,
}

fn main() {}
