//! A default of another type.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(default = true)]
    count: u64,
}

fn main() {}
