//! An option without help text.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    _count: u64,
}

fn main() {}
