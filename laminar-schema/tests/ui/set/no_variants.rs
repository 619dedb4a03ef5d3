//! An enum without variants.

use laminar_schema::SourceConnector;

#[derive(Debug, SourceConnector)]
enum EngineSource {}

fn main() {}
