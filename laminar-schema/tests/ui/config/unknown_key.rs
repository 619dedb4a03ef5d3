//! A key that does not exist.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(defualt = 10)]
    count: u64,
}

fn main() {}
