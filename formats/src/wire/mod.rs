//! Wire headers: the bytes that stand in front of a message's payload and say which schema it was written with.
//!
//! Lives here: the headers of Confluent's serializers ([`confluent`]), of AWS Glue's ([`glue`]), of Avro's single-object encoding
//! ([`single_object`]), and the fingerprint in the latter ([`rabin`]). Does not live here: what an id means, which a schema
//! registry knows, or the payload.
//!
//! ```
//! use laminar_formats::wire::confluent;
//!
//! let message = b"\0\0\0\0\x07{\"a\":1}";
//! assert_eq!(confluent::split(message), Ok((7, &b"{\"a\":1}"[..])));
//! let mut written = Vec::new();
//! confluent::write(7, &mut written);
//! assert_eq!(written, message[..confluent::HEADER_BYTES]);
//! ```

pub mod confluent;
mod error;
pub mod glue;
pub(crate) mod payloads;
pub mod rabin;
pub mod single_object;
pub(crate) mod unglued;

pub use error::WireError;

use crate::policy::words;

/// What stands in front of an Avro payload: the words of `wire_format`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WireFormat {
    /// Nothing.
    #[default]
    None,
    /// Magic byte and schema id, as Confluent's serializers write.
    Confluent,
    /// Marker and fingerprint of Avro's single-object encoding.
    SingleObject,
    /// Version, compression and schema version id, as AWS Glue's serializers write.
    Glue,
}
words! { WireFormat: "none, confluent, single_object or glue",
    "none" => None, "confluent" => Confluent, "single_object" => SingleObject, "glue" => Glue,
}

/// What stands in front of a JSON document: the words of `wire_format` there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DocumentHeader {
    /// Nothing.
    #[default]
    None,
    /// Magic byte and schema id, as Confluent's serializers write.
    Confluent,
    /// Version, compression and schema version id, as AWS Glue's serializers write.
    Glue,
}
words! { DocumentHeader: "none, confluent or glue", "none" => None, "confluent" => Confluent, "glue" => Glue }

/// What stands in front of a Protobuf message: the words of `wire_format` there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SchemaIdHeader {
    /// Nothing.
    #[default]
    None,
    /// Magic byte and schema id, as Confluent's serializers write.
    Confluent,
}
words! { SchemaIdHeader: "none or confluent", "none" => None, "confluent" => Confluent }
