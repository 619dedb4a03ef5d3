//! An enum.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
enum TickConfig {
    Slow,
    Fast,
}

fn main() {}
