//! An option that is required and has a default.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(required, default = 10)]
    count: u64,
}

fn main() {}
