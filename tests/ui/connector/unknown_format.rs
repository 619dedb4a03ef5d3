//! A format that the decoder set does not have.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", formats(json, cvs))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
