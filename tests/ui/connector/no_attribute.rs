//! A connector without its attribute.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[allow(dead_code)]
struct Ticker;

bare_source!(Ticker);

fn main() {}
