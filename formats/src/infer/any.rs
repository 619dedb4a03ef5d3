//! The closed set of this crate's inferences.

use arrow_schema::Field;
use laminar_schema::{
    DetectedFormat, FormatInference, InferenceConfig, InferredSchema, RawRecord, SampleHead, SchemaResult,
};

#[cfg(feature = "protobuf")]
use crate::protobuf::ProtobufInference;
use crate::{csv::CsvInference, json::JsonInference, msgpack::MsgPackInference, raw::RawInference};

/// The inference of any format of this crate.
#[derive(Debug, Clone, Copy)]
pub enum AnyInference {
    /// Of JSON.
    Json(JsonInference),
    /// Of CSV.
    Csv(CsvInference),
    /// Of MessagePack.
    MsgPack(MsgPackInference),
    /// Of Protobuf.
    #[cfg(feature = "protobuf")]
    Protobuf(ProtobufInference),
    /// Of raw bytes.
    Raw(RawInference),
}

impl AnyInference {
    /// Every inference.
    pub const ALL: &'static [Self] = &[
        Self::Json(JsonInference),
        Self::Csv(CsvInference),
        Self::MsgPack(MsgPackInference),
        #[cfg(feature = "protobuf")]
        Self::Protobuf(ProtobufInference),
        Self::Raw(RawInference),
    ];

    /// The inference of a format.
    pub fn of(format: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|i| i.format_name() == format)
    }
}

/// The inference of a format of this crate: what [`DecoderSet::inference`](laminar_schema::DecoderSet::inference)
/// of each of its decoders answers.
pub fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
    AnyInference::of(format).map(|i| Box::new(i) as Box<dyn FormatInference>)
}

impl FormatInference for AnyInference {
    fn format_name(&self) -> &str {
        match self {
            Self::Json(i) => i.format_name(),
            Self::Csv(i) => i.format_name(),
            Self::MsgPack(i) => i.format_name(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(i) => i.format_name(),
            Self::Raw(i) => i.format_name(),
        }
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        match self {
            Self::Json(i) => i.infer(samples, config),
            Self::Csv(i) => i.infer(samples, config),
            Self::MsgPack(i) => i.infer(samples, config),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(i) => i.infer(samples, config),
            Self::Raw(i) => i.infer(samples, config),
        }
    }

    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        match self {
            Self::Json(i) => i.detect(head, config),
            Self::Csv(i) => i.detect(head, config),
            Self::Raw(i) => i.detect(head, config),
            Self::MsgPack(i) => i.detect(head, config),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(i) => i.detect(head, config),
        }
    }

    fn widest_type(&self) -> Field {
        match self {
            Self::Json(i) => i.widest_type(),
            Self::Csv(i) => i.widest_type(),
            Self::Raw(i) => i.widest_type(),
            Self::MsgPack(i) => i.widest_type(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(i) => i.widest_type(),
        }
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        match self {
            Self::Json(i) => i.replay(evidence, config),
            Self::Csv(i) => i.replay(evidence, config),
            Self::Raw(i) => i.replay(evidence, config),
            Self::MsgPack(i) => i.replay(evidence, config),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(i) => i.replay(evidence, config),
        }
    }
}
