//! A variant that holds no sink.

use laminar_schema::SinkConnector;
use laminar_testkit::bare_sink;

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
