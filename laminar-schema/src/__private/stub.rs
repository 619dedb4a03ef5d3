//! What stands in for the codecs and streams of an enum that could not be derived.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{
    Checkpoint, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder,
    FormatInfo, Positions, Prepared, RawBatch, RecordSink, RecordStream, SchemaResult, SinkBatch, SourceBatch,
};

/// A codec, stream and writer that has no value.
#[derive(Debug)]
pub enum Stub {}

impl FormatDecoder for Stub {
    fn output_schema(&self) -> SchemaRef {
        match *self {}
    }
    fn decode(&mut self, _: &RawBatch) -> SchemaResult<Decoded> {
        match *self {}
    }
    fn format_name(&self) -> &'static str {
        match *self {}
    }
}

impl DecoderSet for Stub {
    const FORMATS: &'static [&'static str] = &[];
    fn build(_: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok(None)
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

impl FormatEncoder for Stub {
    fn input_schema(&self) -> SchemaRef {
        match *self {}
    }
    fn encode(&mut self, _: &RecordBatch, _: &mut EncodedBatch) -> SchemaResult<()> {
        match *self {}
    }
    fn format_name(&self) -> &'static str {
        match *self {}
    }
}

impl EncoderSet for Stub {
    const FORMATS: &'static [&'static str] = &[];
    fn build(_: &EncodeSpec) -> SchemaResult<Option<Self>> {
        Ok(None)
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

impl RecordStream for Stub {
    async fn next(&mut self, _: &mut SourceBatch, _: usize) -> SchemaResult<usize> {
        match *self {}
    }
    async fn commit(&mut self, _: &Positions) -> SchemaResult<()> {
        match *self {}
    }
}

impl RecordSink for Stub {
    async fn write(&mut self, _: SinkBatch<'_>) -> SchemaResult<()> {
        match *self {}
    }
    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        match *self {}
    }
    async fn commit(&mut self, _: &Prepared) -> SchemaResult<()> {
        match *self {}
    }
    async fn abort(&mut self) -> SchemaResult<()> {
        match *self {}
    }
    async fn recover(&mut self, _: Option<&Prepared>) -> SchemaResult<()> {
        match *self {}
    }
}
