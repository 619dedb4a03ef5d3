//! A default that the type cannot hold.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(default = 300)]
    count: u8,
}

fn main() {}
