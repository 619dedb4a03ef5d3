//! Sources and sinks: what an author writes, what the derive adds, and the erased forms for run-time plugins.
//!
//! Lives here: [`Source`], [`Sink`], their streams and writers, [`SourceConnector`] and [`SinkConnector`], sets of
//! them, [`BoxSource`], [`BoxSink`] and [`ConnectorRegistry`]. Does not live here: any connector.

mod erased;
mod measures;
mod registry;
mod sink;
mod source;

pub(crate) use erased::RegistryMirror;
pub use erased::{
    BoxFuture, BoxSink, BoxSource, BoxStream, BoxWriter, DynEvolvable, DynInferable, DynProvider, DynRegistry,
};
pub use measures::{LAG, Measure, MeasureKind, Measured, Measures};
pub(crate) use registry::unknown_connector;
pub use registry::{ConnectorRegistry, SinkConnectorFactory, SourceConnectorFactory};
pub use sink::{Checkpoint, Prepared, RecordSink, Sink, SinkBatch, SinkConnector, SinkFromConfig, SinkSet};
pub use source::{RecordStream, Source, SourceConnector, SourceFromConfig, SourceSet, SourceVisitor, StaticConnector};
