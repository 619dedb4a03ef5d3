//! A name that SQL would fold.

use laminar_schema::ConnectorConfig;

#[derive(Debug, ConnectorConfig)]
struct TickConfig {
    /// Group of the consumer
    #[config(rename = "Group.ID")]
    group: String,
}

fn main() {}
