//! Decoders, encoders and inference between bytes and Arrow: JSON, CSV, Avro, Protobuf, MessagePack, Parquet, raw.
//!
//! ```text
//! byte stream ─▶ framing ─▶ RawBatch ─▶ AnyDecoder ─▶ RecordBatch + rejected records
//!                                          │ per format: tokens ─▶ column builders
//! samples ─────▶ infer ─▶ schema ──────────┘
//! RecordBatch ─▶ AnyEncoder ─▶ EncodedBatch
//! ```
//!
//! Lives here: everything that knows a format. Does not live here: where bytes come from (`connectors/`), or which schema
//! wins (`laminar-schema`).
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_schema::{DataType, Field, Schema};
//! use laminar_formats::json::{JsonDecoder, JsonOptions};
//! use laminar_schema::{ConnectorConfig, FormatDecoder, RawBatch, config::Options};
//!
//! let schema = Arc::new(Schema::new(vec![
//!     Field::new("symbol", DataType::Utf8, false),
//!     Field::new("price", DataType::Float64, true),
//! ]));
//! let mut decoder = JsonDecoder::new(schema, &JsonOptions::from_options(&Options::default())?)?;
//! let records = RawBatch::from_values([r#"{"symbol":"ABC","price":42.5}"#, r#"{"price":1}"#]);
//! let decoded = decoder.decode(&records)?;
//! assert_eq!(decoded.batch.num_rows(), 1);
//! assert_eq!(decoded.rejected[0].record, 1, "it has no symbol");
//! # Ok::<(), laminar_schema::SchemaError>(())
//! ```
#![deny(unsafe_code)]

mod any;
#[cfg(feature = "avro")]
pub mod avro;
pub mod cell;
pub mod column;
pub mod compat;
pub mod csv;
pub mod envelope;
pub mod framing;
pub mod infer;
pub mod json;
pub mod json_schema;
pub mod msgpack;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod policy;
#[cfg(feature = "protobuf")]
pub mod protobuf;
pub mod raw;
mod rows;
mod scan;
mod schema_file;
pub mod wire;

pub use any::{AnyDecoder, AnyEncoder};
pub use schema_file::{SCHEMA_FILE_EXTENSIONS, read_schema_file};
