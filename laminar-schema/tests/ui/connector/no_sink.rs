//! A derive without the trait that it completes.

use laminar_schema::SinkConnector;

#[derive(Debug, SinkConnector)]
#[connector(name = "drain", formats(json))]
struct Drain;

fn main() {}
