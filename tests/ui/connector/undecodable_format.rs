//! A real format that the decoder set does not have.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(avro))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
