//! A connector without a name.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(formats(json))]
struct Ticker;

bare_source!(Ticker);

fn main() {}
