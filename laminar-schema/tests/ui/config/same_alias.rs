//! Two options that share another name.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(alias = "n")]
    count: u64,
    /// Ticks to skip
    #[config(alias = "n")]
    skip: u64,
}

fn main() {}
