//! A type that no option can have.

use std::time::Instant;

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// When to start
    start: Instant,
}

fn main() {}
