//! A union.

use laminar_schema::SourceConnector;

#[derive(SourceConnector)]
#[connector(name = "ticker")]
union Ticker {
    _a: u64,
    _b: i64,
}

fn main() {}
