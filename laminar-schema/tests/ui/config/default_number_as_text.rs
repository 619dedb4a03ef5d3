//! A number in quotes.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(default = "10")]
    count: u64,
}

fn main() {}
