//! Sources with and without a capability, and an enum of both: what the cost of capabilities is measured with.

use laminar_schema::SourceConnector;

/// Can do nothing but read.
#[derive(Debug, Default, SourceConnector)]
#[connector(name = "plain")]
pub struct PlainSource;

/// Can be sampled, where it is JSON.
#[derive(Debug, Default, SourceConnector)]
#[connector(name = "sampled", formats(json, csv))]
#[capabilities(inferable(json))]
pub struct SampledSource;

crate::bare_source!(PlainSource, SampledSource);
crate::bare_inferable!(SampledSource);

/// One source that can be sampled beside one that cannot.
#[derive(Debug, SourceConnector)]
pub enum CapableSource {
    /// Can do nothing but read.
    Plain(PlainSource),
    /// Can be sampled.
    Sampled(SampledSource),
}
