//! An engine as a test links it: the shipped connectors, the stand-ins, and room for a plugin.

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_generator::GeneratorSource;
use laminar_connector_memory::{MemorySink, MemorySource};
use laminar_formats::{AnyDecoder, AnyEncoder, envelope::Enveloped};
use laminar_schema::{
    BoxSink, BoxSource, FormatDecoder, Metrics, SchemaError, SinkConnector, SourceConnector, Summary,
    engine::{Engine, RunOptions},
};

use crate::{
    framed::FramedDecoder,
    stand_in::{PlainSource, StandInSource},
};

/// The shipped formats and one more.
#[derive(Debug, FormatDecoder)]
#[expect(clippy::large_enum_variant, reason = "one decoder per pipeline: its size does not matter")]
pub enum TestDecoder {
    /// The shipped ones, with envelopes around them.
    Shipped(Enveloped<AnyDecoder>),
    /// The one whose records name their writer schema.
    Framed(FramedDecoder),
}

/// Every source that tests use.
#[derive(Debug, SourceConnector)]
#[connector(decoder = TestDecoder)]
pub enum TestSources {
    /// Files.
    File(FileSource<TestDecoder>),
    /// Synthetic records.
    Generator(GeneratorSource<TestDecoder>),
    /// Records of the test itself.
    Memory(MemorySource<TestDecoder>),
    /// A source with no capability.
    Plain(PlainSource<TestDecoder>),
    /// A source with every capability.
    StandIn(StandInSource<TestDecoder>),
    /// Whatever is registered at run time.
    #[connector(no_create)]
    Plugin(BoxSource<TestDecoder>),
}

/// Every sink that tests use.
#[derive(Debug, SinkConnector)]
#[connector(encoder = AnyEncoder)]
pub enum TestSinks {
    /// Files.
    File(FileSink),
    /// Batches of the test itself.
    Memory(MemorySink),
    /// Whatever is registered at run time.
    #[connector(no_create)]
    Plugin(BoxSink<AnyEncoder>),
}

/// The engine that tests run SQL on.
pub type TestEngine = Engine<TestSources, TestSinks>;

/// Runs the first pipeline of the text to its end. The counters are there even if it fails.
pub async fn run(sql: &str, options: &RunOptions) -> (Result<Summary, SchemaError>, Metrics) {
    let metrics = Metrics::new();
    let mut engine = TestEngine::new();
    let planned = async {
        let script = engine.load(sql).map_err(|e| e.error)?;
        engine.plan(&script, options).await.map_err(|e| e.error)
    };
    let summary = match Box::pin(planned).await {
        Ok(mut planned) => planned.remove(0).pipeline.dispatch(std::future::pending(), &metrics).await,
        Err(error) => Err(error),
    };
    (summary, metrics)
}
