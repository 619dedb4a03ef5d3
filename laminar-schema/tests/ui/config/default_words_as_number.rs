//! Words for a number.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(default = "many")]
    count: u64,
}

fn main() {}
