//! RabbitMQ queues and streams as laminar-schema source and sink.
//!
//! ```text
//! queue ═▶ consumer, `prefetch` ─▶ RecordStream::next: one copy ─▶ … ─▶ commit: one acknowledgement   (positions: counts)
//!              ▲ what was not acknowledged comes again on a new connection: at least once
//! stream queue ═▶ consumer at an offset ─▶ RecordStream::next                                        (positions: next offsets)
//!
//! RecordSink::write ─▶ routing key, headers, value ─▶ in flight ═▶ exchange     (prepare = everything confirmed)
//!                         └▶ published again where its confirmation was lost
//! ```
//!
//! ```
//! use laminar_connector_rabbitmq::{RabbitMqSource, RabbitMqSourceConfig};
//!
//! let source: RabbitMqSource = RabbitMqSource::new(RabbitMqSourceConfig::new("localhost:5672", "orders")?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options and guarantees: `docs/connectors/rabbitmq.md`.

#![forbid(unsafe_code)]

mod columns;
mod config;
mod connect;
mod error;
mod publish;
mod queue;
mod record;
mod schema;
mod sink;
mod source;
mod start;
mod stream;
mod words;
mod writer;

pub use config::{RabbitMqSinkConfig, RabbitMqSourceConfig, ServerOptions, SinkOptions, SourceOptions};
pub use error::RabbitMqFault;
pub use sink::RabbitMqSink;
pub use source::RabbitMqSource;
pub use start::StartAt;
pub use stream::RabbitMqStream;
pub use words::{OnLost, QueueType, ReadUntil};
pub use writer::RabbitMqWriter;
