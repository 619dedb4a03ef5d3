//! A required option that may be absent.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(required)]
    count: Option<u64>,
}

fn main() {}
