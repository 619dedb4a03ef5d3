//! The attribute on a field.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker {
    #[capabilities(inferable)]
    _count: u64,
}

bare_source!(Ticker);

fn main() {}
