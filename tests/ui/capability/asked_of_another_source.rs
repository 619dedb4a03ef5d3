//! Asking a source for a capability that it does not have.

use laminar_schema::SchemaInferable;
use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

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
