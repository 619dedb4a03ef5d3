//! Asking a source for a capability that it does not have.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SchemaInferable;
use laminar_schema::SourceConnector;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

fn sample<S>(_: &S)
where
    S: SchemaInferable,
{
}

fn ask() {
    sample(&Ticker);
}

fn main() {}
