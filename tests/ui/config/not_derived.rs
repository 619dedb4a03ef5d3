//! Options without the derive.

use laminar_schema::{SchemaResult, SourceConfig, SourceConnector, SourceFromConfig};
use laminar_testkit::bare_source;

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "ticker")]
struct Ticker;

bare_source!(Ticker);

#[derive(Debug, Default, SourceConnector)]
#[connector(name = "clock")]
struct Clock;

impl laminar_schema::Source for Clock {
    type Decoder = laminar_testkit::bare::BareDecoder;
    type Stream = laminar_testkit::bare::BareStream;
    async fn start(&self, _: Option<&laminar_schema::Positions>) -> SchemaResult<Self::Stream> {
        Ok(laminar_testkit::bare::BareStream)
    }
}

struct ClockConfig;

impl SourceFromConfig for Clock {
    type Config = ClockConfig;
    fn from_config(_: ClockConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self)
    }
}

fn main() {}
