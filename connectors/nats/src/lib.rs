//! NATS subjects, JetStream streams and key-value buckets as laminar-schema source and sink.
//!
//! ```text
//! stream ═▶ pull consumer ─▶ RecordStream::next: one copy ─▶ … ─▶ commit: acknowledgements     (positions: next sequences)
//!              ▲ set back to what is safe where a delivery, a connection or a server was lost
//! subject ═▶ subscription ─▶ RecordStream::next                                                (at most once)
//!
//! RecordSink::write ─▶ subject, headers, value ─▶ in flight ═▶ stream     (prepare = everything acknowledged)
//!                         └▶ published again where its acknowledgement was lost
//! ```
//!
//! ```
//! use laminar_connector_nats::{NatsSource, NatsSourceConfig};
//! use laminar_schema::{ConnectorConfig, Options};
//!
//! let options = Options::from_pairs([("servers", "localhost:4222"), ("subject", "orders.>"), ("durable", "billing")]);
//! let source: NatsSource = NatsSource::new(NatsSourceConfig::from_options(&options)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options and guarantees: `docs/connectors/nats.md`.

#![forbid(unsafe_code)]

mod columns;
mod config;
mod connect;
mod consumer;
mod delivery;
mod error;
mod live;
mod pending;
mod place;
mod publish;
mod record;
mod replay;
mod schema;
mod sink;
mod source;
mod start;
mod stream;
mod words;
mod writer;

pub use config::{NatsSinkConfig, NatsSourceConfig, SecurityOptions, SinkOptions, SourceOptions};
pub use error::NatsFault;
pub use sink::NatsSink;
pub use source::NatsSource;
pub use start::StartAt;
pub use stream::NatsStream;
pub use words::{Acks, Mode, OnLost, ReadUntil, SampleFrom};
pub use writer::NatsWriter;
