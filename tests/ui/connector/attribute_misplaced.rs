//! Text where the attribute expects keys.

use laminar_schema::SourceConnector;
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector("ticker")]
struct Ticker;

bare_source!(Ticker);

fn main() {}
