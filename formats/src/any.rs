//! The closed sets of this crate's decoders and encoders.

use laminar_schema::{FormatDecoder, FormatEncoder};

#[cfg(feature = "avro")]
use crate::avro::{AvroDecoder, AvroEncoder};
#[cfg(feature = "parquet")]
use crate::parquet::{ParquetDecoder, ParquetEncoder};
#[cfg(feature = "protobuf")]
use crate::protobuf::{ProtobufDecoder, ProtobufEncoder};
use crate::{
    csv::{CsvDecoder, CsvEncoder},
    json::{JsonDecoder, JsonEncoder},
    msgpack::{MsgPackDecoder, MsgPackEncoder},
    raw::{RawDecoder, RawEncoder},
};

/// Decodes any format of this crate. An engine with formats of its own puts this into an enum beside them.
#[derive(Debug, FormatDecoder)]
#[allow(clippy::large_enum_variant, reason = "there is one decoder for each thread, and it stays where it is")]
pub enum AnyDecoder {
    /// JSON.
    Json(JsonDecoder),
    /// CSV.
    Csv(CsvDecoder),
    /// MessagePack.
    MsgPack(MsgPackDecoder),
    /// Avro.
    #[cfg(feature = "avro")]
    Avro(AvroDecoder),
    /// Parquet.
    #[cfg(feature = "parquet")]
    Parquet(ParquetDecoder),
    /// Protobuf.
    #[cfg(feature = "protobuf")]
    Protobuf(ProtobufDecoder),
    /// Bytes as they are.
    Raw(RawDecoder),
}

/// Encodes any format of this crate.
#[derive(Debug, FormatEncoder)]
pub enum AnyEncoder {
    /// JSON.
    Json(JsonEncoder),
    /// CSV.
    Csv(CsvEncoder),
    /// MessagePack.
    MsgPack(MsgPackEncoder),
    /// Avro.
    #[cfg(feature = "avro")]
    Avro(AvroEncoder),
    /// Protobuf.
    #[cfg(feature = "protobuf")]
    Protobuf(ProtobufEncoder),
    /// Parquet.
    #[cfg(feature = "parquet")]
    Parquet(ParquetEncoder),
    /// Bytes as they are.
    Raw(RawEncoder),
}
