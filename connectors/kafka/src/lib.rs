//! Kafka topics as laminar-schema source and sink.
//!
//! ```text
//! broker ═▶ librdkafka's queue ─▶ reader thread: one copy ─▶ chunks ─▶ RecordStream::next     (positions: next offsets)
//!                                 rebalances, ends, outages
//!
//! RecordSink::write ─▶ key, headers, value ─▶ librdkafka's producer ═▶ broker     (prepare = everything acknowledged)
//!                   └▶ spool (exactly once) ─▶ written again when a transaction was lost
//! ```
//!
//! ```
//! use laminar_connector_kafka::{KafkaSource, KafkaSourceConfig};
//! use laminar_schema::{ConnectorConfig, Options};
//!
//! let options = Options::from_pairs([("brokers", "localhost:9092"), ("topic", "trades"), ("fetch.min.bytes", "1000")]);
//! let source: KafkaSource = KafkaSource::new(KafkaSourceConfig::from_options(&options)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options and guarantees: `docs/connectors/kafka.md`.

// Allowed in `fetched` alone.
#![deny(unsafe_code)]

mod assignment;
mod chunk;
mod columns;
mod config;
mod context;
mod delivery;
mod error;
mod fetched;
mod headers;
mod link;
mod measures;
mod member;
mod partition;
mod properties;
mod reader;
mod retry;
mod schema;
mod sink;
mod slot;
mod source;
mod source_offsets;
mod spool;
mod start;
mod stream;
mod transaction;
mod words;
mod writer;

pub use config::{KafkaSinkConfig, KafkaSourceConfig, ReadUntil, SecurityOptions, SinkOptions, SourceOptions};
pub use error::KafkaFault;
pub use properties::Properties;
pub use sink::KafkaSink;
pub use source::KafkaSource;
pub use start::StartAt;
pub use stream::KafkaStream;
pub use words::{Assignment, Compression, Isolation, OnOffsetLost, Partitioner, Protocol, SampleFrom};
pub use writer::KafkaWriter;
