//! MessagePack: records of one map each ↔ rows.
//!
//! Lives here: the decoder ([`MsgPackDecoder`]), the encoder, their options, and inference. Does not live here: how values
//! fit columns ([`crate::column`]), or how values are cut out of a byte stream ([`crate::framing`]).
//!
//! ```text
//! record ─▶ direct: expected key, value, expected key, value … ─▶ columns
//!    │         │ anything out of the ordinary: the row is taken back
//!    └─────────┴─▶ tokens ─▶ walk in step with the schema ─▶ the same columns
//!                     │           │ a JSON column, a rescued value
//!                     │           └─▶ JSON text
//!                     └─▶ a field that nobody wants: passed over, and checked all the same
//! ```
//!
//! # Decisions
//! - Every encoding of a value is the same value: `1` in nine bytes is 1.
//! - Numbers are exact. A float fits an integer column if it is an integer, an integer a DOUBLE if that holds it. In a
//!   DECIMAL and in JSON a float with a fraction counts as the shortest text that is this DOUBLE: four bytes of 0.1 are 0.10000000149011612.
//! - `str` must be UTF-8, also where no column wants it, but for BLOB columns: those take the bytes of `str` as they are, as
//!   writers from before `bin` mean them. VARCHAR takes a `bin` that is UTF-8.
//! - DECIMAL is read from text too: MessagePack has no decimals.
//! - The timestamp extension is an instant. A TIMESTAMP without a zone takes it in UTC, VARCHAR and BLOB as
//!   ISO 8601 text.
//! - Another extension goes into a JSON column alone, as `{"ext":5,"data":"…"}` with its data in base64.
//! - JSON columns hold bytes as base64, timestamps as ISO 8601, and `"NaN"`, `"Infinity"` and `"-Infinity"` as text.
//! - A key that is no `str` counts as its text: `{1: …}` has the field `1`. An array, a map or an extension is no key.

mod column;
mod decode;
mod direct;
mod encode;
mod infer;
mod instant;
mod integer;
mod json_text;
mod map;
mod options;
mod order;
mod skip;
mod token;
mod transcode;
mod walk;
mod write;

#[cfg(test)]
mod tests;

use laminar_schema::{ConnectorConfig, FormatInfo};

pub use decode::MsgPackDecoder;
pub use encode::MsgPackEncoder;
pub use infer::{MsgPackInference, MsgPackSample};
pub(crate) use order::KeyOrder;

pub use options::{Decimals, MsgPackFraming, MsgPackOptions, Timestamps, Uuids};

/// The format's name.
const NAME: &str = "msgpack";

fn info() -> FormatInfo {
    FormatInfo { name: NAME, options: MsgPackOptions::config_schema(), doc: "MessagePack, one map per row" }
}
