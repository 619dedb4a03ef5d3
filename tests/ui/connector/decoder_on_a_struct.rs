//! A struct that names its decoder in the attribute.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker", decoder = Other)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
