//! NATS subjects, JetStream streams and key-value buckets as laminar-schema source and sink.
//!
//! ```text
//! stream ═▶ pull consumer ─▶ RecordStream::next: one copy ─▶ … ─▶ commit: acknowledgements     (positions: next sequences)
//!              ▲ set back to what is safe where a delivery, a connection or a server was lost
//! subject ═▶ subscription ─▶ RecordStream::next                                                (at most once)
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

mod config;
mod connect;
mod consumer;
mod delivery;
mod error;
mod live;
mod pending;
mod place;
mod record;
mod replay;
mod schema;
mod source;
mod start;
mod stream;
mod words;

pub use config::{NatsSinkConfig, NatsSourceConfig, SecurityOptions, SinkOptions, SourceOptions};
pub use error::NatsFault;
pub use source::NatsSource;
pub use start::StartAt;
pub use stream::NatsStream;
pub use words::{Acks, Mode, OnLost, ReadUntil, SampleFrom};
