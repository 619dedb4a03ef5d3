//! A variant that holds no sink.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SinkConnector;

#[derive(Debug, Default, SinkConnector)]
#[connector(name = "drain")]
struct Drain;

bare_sink!(Drain);

#[derive(Debug, SinkConnector)]
enum EngineSink {
    Drain(Drain),
    Text(String),
}

fn main() {}
