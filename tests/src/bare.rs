//! The smallest codecs and connectors that compile: what the derive's tests put attributes on.
//!
//! The diagnostics' cases (`ui/`) include this file as a module instead of linking this crate: what rustc says then does
//! not depend on the fixtures that others add. Each uses a part of it.

#![allow(dead_code)]

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    Checkpoint, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncoderSet, FormatDecoder, FormatEncoder, FormatInfo,
    Framing, Prepared, RawBatch, RecordSink, RecordStream, SchemaResult, SinkBatch, SourceBatch,
    config::{ConnectorConfigSchema, FormatSpec},
    format::EncodedBatch,
};

/// A decoder of the formats `json` and `csv` that yields no rows.
#[derive(Debug)]
pub struct BareDecoder(DecodeSpec);

impl FormatDecoder for BareDecoder {
    fn output_schema(&self) -> SchemaRef {
        self.0.schema.clone()
    }
    fn decode(&mut self, _: &RawBatch) -> SchemaResult<Decoded> {
        Ok(Decoded::all(RecordBatch::new_empty(self.output_schema())))
    }
    fn format_name(&self) -> &'static str {
        "bare"
    }
}

impl DecoderSet for BareDecoder {
    const FORMATS: &'static [&'static str] = &["json", "csv"];
    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Self::FORMATS.contains(&spec.format.name.as_str()).then(|| Self(spec.clone())))
    }
    fn format_info(format: &str) -> Option<FormatInfo> {
        info(Self::FORMATS, format)
    }
}

/// A decoder of the format `raw` that yields no rows.
#[derive(Debug)]
pub struct RawDecoder(DecodeSpec);

impl FormatDecoder for RawDecoder {
    fn output_schema(&self) -> SchemaRef {
        self.0.schema.clone()
    }
    fn decode(&mut self, _: &RawBatch) -> SchemaResult<Decoded> {
        Ok(Decoded::all(RecordBatch::new_empty(self.output_schema())))
    }
    fn format_name(&self) -> &'static str {
        "raw"
    }
}

impl DecoderSet for RawDecoder {
    const FORMATS: &'static [&'static str] = &["raw"];
    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok((spec.format.name == "raw").then(|| Self(spec.clone())))
    }
    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        Ok((format.name == "raw").then_some(Framing::Whole))
    }
    fn format_info(format: &str) -> Option<FormatInfo> {
        info(Self::FORMATS, format)
    }
}

/// An encoder of the formats `json` and `csv` that writes empty records.
#[derive(Debug)]
pub struct BareEncoder(EncodeSpec);

impl FormatEncoder for BareEncoder {
    fn input_schema(&self) -> SchemaRef {
        self.0.schema.clone()
    }
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        (0..batch.num_rows()).for_each(|_| out.end_record());
        Ok(())
    }
    fn format_name(&self) -> &'static str {
        "bare"
    }
}

impl EncoderSet for BareEncoder {
    const FORMATS: &'static [&'static str] = &["json", "csv"];
    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Self::FORMATS.contains(&spec.format.name.as_str()).then(|| Self(spec.clone())))
    }
    fn format_info(format: &str) -> Option<FormatInfo> {
        info(Self::FORMATS, format)
    }
}

fn info(formats: &[&'static str], format: &str) -> Option<FormatInfo> {
    let name = formats.iter().find(|f| **f == format)?;
    Some(FormatInfo { name, options: ConnectorConfigSchema { keys: &[] }, doc: "Of the tests." })
}

/// A stream that has ended.
#[derive(Debug)]
pub struct BareStream;

impl RecordStream for BareStream {
    async fn next(&mut self, _: &mut SourceBatch, _: usize) -> SchemaResult<usize> {
        Ok(0)
    }
}

/// A writer that drops everything.
#[derive(Debug)]
pub struct BareWriter;

impl RecordSink for BareWriter {
    async fn write(&mut self, _: SinkBatch<'_>) -> SchemaResult<()> {
        Ok(())
    }
    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        Ok(Prepared::default())
    }
    async fn commit(&mut self, _: &Prepared) -> SchemaResult<()> {
        Ok(())
    }
    async fn abort(&mut self) -> SchemaResult<()> {
        Ok(())
    }
    async fn recover(&mut self, _: Option<&Prepared>) -> SchemaResult<()> {
        Ok(())
    }
}

/// Writes `Source` and `SourceFromConfig`, without options, for a source that has ended before it began.
#[macro_export]
macro_rules! bare_source {
    ($($source:ty),* $(,)?) => { $(
        impl ::laminar_schema::Source for $source {
            type Decoder = $crate::bare::BareDecoder;
            type Stream = $crate::bare::BareStream;
            async fn start(
                &self,
                _: Option<&::laminar_schema::Positions>,
            ) -> ::laminar_schema::SchemaResult<Self::Stream> {
                Ok($crate::bare::BareStream)
            }
        }
        impl ::laminar_schema::SourceFromConfig for $source {
            type Config = ();
            fn from_config(
                _: (),
                _: &::laminar_schema::SourceConfig,
            ) -> ::laminar_schema::SchemaResult<Self> {
                Ok(Self::default())
            }
        }
    )* };
}

/// Writes `Sink` and `SinkFromConfig`, without options, for a sink that drops everything.
#[macro_export]
macro_rules! bare_sink {
    ($($sink:ty),* $(,)?) => { $(
        impl ::laminar_schema::Sink for $sink {
            type Encoder = $crate::bare::BareEncoder;
            type Writer = $crate::bare::BareWriter;
            async fn start(
                &self,
                _: &::laminar_schema::EncodeSpec,
            ) -> ::laminar_schema::SchemaResult<Self::Writer> {
                Ok($crate::bare::BareWriter)
            }
        }
        impl ::laminar_schema::SinkFromConfig for $sink {
            type Config = ();
            fn from_config(
                _: (),
                _: &::laminar_schema::SinkConfig,
            ) -> ::laminar_schema::SchemaResult<Self> {
                Ok(Self::default())
            }
        }
    )* };
}

/// Writes `SchemaInferable` for a source without records.
#[macro_export]
macro_rules! bare_inferable {
    ($($source:ty),* $(,)?) => { $(
        impl ::laminar_schema::SchemaInferable for $source {
            async fn sample_records(
                &self,
                _: &::laminar_schema::InferenceConfig,
            ) -> ::laminar_schema::SchemaResult<Vec<::laminar_schema::RawRecord>> {
                Ok(Vec::new())
            }
        }
    )* };
}
