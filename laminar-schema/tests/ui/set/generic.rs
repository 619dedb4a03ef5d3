//! A generic enum.

use laminar_schema::SourceConnector;

#[derive(Debug, SourceConnector)]
enum EngineSource<S> {
    Ticker(S),
}

fn main() {}
