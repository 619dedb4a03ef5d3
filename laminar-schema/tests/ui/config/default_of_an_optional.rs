//! A default of an option that may be absent.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(default = 10)]
    count: Option<u64>,
}

fn main() {}
