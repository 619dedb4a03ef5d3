//! The engine behind the command line: a closed set of connectors and formats, linked statically.
//!
//! This is the worked example of `docs/linking.md`. Another engine writes these enums with its own variants, and
//! everything else, from SQL to running pipelines, comes from the crates.

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_generator::GeneratorSource;
#[cfg(feature = "kafka")]
use laminar_connector_kafka::{KafkaSink, KafkaSource};
#[cfg(feature = "nats")]
use laminar_connector_nats::{NatsSink, NatsSource};
#[cfg(feature = "rabbitmq")]
use laminar_connector_rabbitmq::{RabbitMqSink, RabbitMqSource};
#[cfg(feature = "websocket")]
use laminar_connector_websocket::{WebSocketSink, WebSocketSource};
use laminar_formats::{AnyDecoder, AnyEncoder, envelope::Enveloped};
use laminar_schema::{FormatDecoder, FormatEncoder, SinkConnector, SourceConnector, engine::Engine};

/// Every format that can be read. One variant per crate that brings formats.
#[derive(Debug, FormatDecoder)]
pub(crate) enum CliDecoder {
    /// The shipped formats, with envelopes around them.
    Builtin(Enveloped<AnyDecoder>),
}

/// Every format that can be written.
#[derive(Debug, FormatEncoder)]
pub(crate) enum CliEncoder {
    /// JSON, CSV and raw.
    Builtin(AnyEncoder),
}

/// Everything that SQL can name behind FROM.
#[derive(Debug, SourceConnector)]
#[connector(decoder = CliDecoder)]
pub(crate) enum CliSources {
    /// Files, patterns and standard input.
    File(FileSource<CliDecoder>),
    /// Synthetic records.
    Generator(GeneratorSource<CliDecoder>),
    /// Kafka topics.
    #[cfg(feature = "kafka")]
    Kafka(KafkaSource<CliDecoder>),
    /// NATS subjects, streams and buckets.
    #[cfg(feature = "nats")]
    Nats(NatsSource<CliDecoder>),
    /// RabbitMQ queues and stream queues.
    #[cfg(feature = "rabbitmq")]
    RabbitMq(RabbitMqSource<CliDecoder>),
    /// WebSockets, as client or as server.
    #[cfg(feature = "websocket")]
    WebSocket(WebSocketSource<CliDecoder>),
}

/// Everything that SQL can name behind INTO.
#[derive(Debug, SinkConnector)]
#[connector(encoder = CliEncoder)]
pub(crate) enum CliSinks {
    /// Files and standard output.
    File(FileSink<CliEncoder>),
    /// Kafka topics.
    #[cfg(feature = "kafka")]
    Kafka(KafkaSink<CliEncoder>),
    /// NATS subjects.
    #[cfg(feature = "nats")]
    Nats(NatsSink<CliEncoder>),
    /// RabbitMQ exchanges.
    #[cfg(feature = "rabbitmq")]
    RabbitMq(RabbitMqSink<CliEncoder>),
    /// WebSockets, as client or as server.
    #[cfg(feature = "websocket")]
    WebSocket(WebSocketSink<CliEncoder>),
}

/// SQL over those.
pub(crate) type CliEngine = Engine<CliSources, CliSinks>;
