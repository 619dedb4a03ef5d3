//! Envelopes: records that are more than rows, or less, over any format.
//!
//! Lives here: change data in Debezium's envelope and rows by message key, as a wrapper around a set of decoders
//! ([`Enveloped`]), with its options and what inference needs. Does not live here: any format; the payload goes through
//! whichever decoder the set has.
//!
//! ```text
//! records ─▶ decoder of the set: op, before STRUCT, after STRUCT, source … (or the row, and the key beside it)
//!                │ a pick for each row: which image, and what became of the row
//!                ▼
//!            columns gathered from the images ─▶ RecordBatch with a change column
//! ```
//!
//! # Decisions
//! - Images are combined column by column: what happens per record is a pick of four numbers.
//! - A record gives all its rows or none: it is rejected where one of them has a null in a NOT NULL column.
//! - A deleted row is the image before; where there is none, the key columns of the message key, and nulls.
//! - A tombstone behind a delete is the format's matter (`tombstones`) under DEBEZIUM, and the delete itself under UPSERT.
//! - The schema that Kafka Connect puts beside a payload is passed over: the columns are declared, registered or inferred.

mod assemble;
mod changes;
mod decode;
mod infer;
mod key;
mod layout;
mod options;
mod set;
#[cfg(test)]
mod tests;

pub use options::{ConnectSchema, EnvelopeKind, EnvelopeOptions, OtherOperations, Updates};
pub use set::Enveloped;
