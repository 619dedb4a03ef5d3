//! SQL on an engine that has WebSockets.

use std::{future::Future, path::Path, time::Duration};

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_generator::GeneratorSource;
use laminar_connector_memory::{MemorySink, MemorySource};
use laminar_connector_websocket::{WebSocketSink, WebSocketSource};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{Metrics, SinkConnector, SourceConnector, Summary};
use laminar_tests::served;

#[derive(Debug, SourceConnector)]
#[connector(decoder = AnyDecoder)]
pub(crate) enum Sources {
    File(FileSource),
    Generator(GeneratorSource),
    WebSocket(WebSocketSource),
    Memory(MemorySource),
}

#[derive(Debug, SinkConnector)]
#[connector(encoder = AnyEncoder)]
pub(crate) enum Sinks {
    File(FileSink),
    WebSocket(WebSocketSink),
    Memory(MemorySink),
}

/// [`served::run_until`], on this engine.
pub(crate) async fn run_until(
    sql: &str,
    checkpoints: Option<&Path>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Summary, String> {
    served::run_until::<Sources, Sinks>(sql, checkpoints, stop).await
}

/// [`served::run`], on this engine.
pub(crate) async fn run(sql: &str) -> Result<Summary, String> {
    served::run::<Sources, Sinks>(sql).await
}

/// [`served::run_measured`], on this engine: what the source told of itself, as sums by name.
pub(crate) async fn run_measured(sql: &str, metrics: &Metrics) -> Result<Summary, String> {
    let running = served::run_measured::<Sources, Sinks>(sql, None, std::future::pending(), metrics);
    tokio::time::timeout(Duration::from_secs(60), running).await.map_err(|_| "it has no end".to_owned())?
}
