//! SQL on an engine that has RabbitMQ.

use std::{future::Future, path::Path};

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_generator::GeneratorSource;
use laminar_connector_memory::{MemorySink, MemorySource};
use laminar_connector_rabbitmq::{RabbitMqSink, RabbitMqSource};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{SinkConnector, SourceConnector, Summary};
use laminar_tests::served;

#[derive(Debug, SourceConnector)]
#[connector(decoder = AnyDecoder)]
pub(crate) enum Sources {
    File(FileSource),
    Generator(GeneratorSource),
    RabbitMq(RabbitMqSource),
    Memory(MemorySource),
}

#[derive(Debug, SinkConnector)]
#[connector(encoder = AnyEncoder)]
pub(crate) enum Sinks {
    File(FileSink),
    RabbitMq(RabbitMqSink),
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
