//! A parser that yields another type.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Ticks to send
    #[config(parse = parse_count)]
    count: u64,
}

fn parse_count(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "no count".to_owned())
}

fn main() {}
