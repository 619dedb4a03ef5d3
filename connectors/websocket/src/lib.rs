//! WebSocket clients and servers as laminar-schema source and sink.
//!
//! ```text
//! server ═▶ connection, made again where it is lost ─┐
//! clients ═▶ listener ─▶ a connection each ──────────┴▶ inbox, bounded ─▶ RecordStream::next: one copy     (nothing is read again)
//!
//! RecordSink::write ─▶ outbox, bounded ─▶ connection ═▶ server     (prepare = a ping behind the rows was answered)
//!                  └─▶ an outbox for each client ═▶ clients        (a slow one is dropped, or waited for)
//! ```
//!
//! ```
//! use laminar_connector_websocket::{WebSocketSource, WebSocketSourceConfig};
//! use laminar_schema::{ConnectorConfig, FormatSpec, Options};
//!
//! let options = Options::from_pairs([("url", "wss://feed.example/trades"), ("subscribe", r#"{"op":"subscribe"}"#)]);
//! let config = WebSocketSourceConfig::from_options(&options)?;
//! let source: WebSocketSource = WebSocketSource::new(config, &FormatSpec::new("json"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options and guarantees: `docs/connectors/websocket.md`.

#![forbid(unsafe_code)]

mod accept;
mod backoff;
mod burst;
mod config;
mod counts;
mod cut;
mod desk;
mod dial;
mod error;
mod fan;
mod feed;
mod inbox;
mod line;
mod outbox;
mod place;
mod portion;
mod receive;
mod rows;
mod schema;
mod send;
mod sequence;
mod sink;
mod socket;
mod source;
mod stream;
mod tls;
mod wire;
mod words;
mod writer;

pub use config::{LinkOptions, SinkOptions, SourceOptions, WebSocketSinkConfig, WebSocketSourceConfig};
pub use error::WebSocketFault;
pub use sink::WebSocketSink;
pub use source::WebSocketSource;
pub use stream::WebSocketStream;
pub use words::{MessageKind, OnFault, OnGap, OnOverflow, OnSlow, ReadUntil};
pub use writer::WebSocketWriter;
