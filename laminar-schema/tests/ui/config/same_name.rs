//! Two options of one name.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    count: u64,
    /// Ticks to skip
    #[config(rename = "count")]
    skip: u64,
}

fn main() {}
