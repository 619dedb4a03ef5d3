//! WebSocket clients and servers as laminar-schema source and sink.

#![forbid(unsafe_code)]

mod accept;
mod backoff;
mod config;
mod counts;
mod cut;
mod dial;
mod error;
mod feed;
mod inbox;
mod place;
mod receive;
mod schema;
mod sequence;
mod source;
mod stream;
mod tls;
mod wire;
mod words;

pub use config::{LinkOptions, SinkOptions, SourceOptions, WebSocketSinkConfig, WebSocketSourceConfig};
pub use error::WebSocketFault;
pub use source::WebSocketSource;
pub use stream::WebSocketStream;
pub use words::{MessageKind, OnFault, OnGap, OnOverflow, OnSlow, ReadUntil};
