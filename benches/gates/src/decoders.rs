//! Our decoders as an engine drives them, each with a batch that it decodes.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_formats::{
    csv::{CsvDecoder, CsvEncoder},
    json::{JsonDecoder, JsonEngine, JsonOptions},
    msgpack::{MsgPackDecoder, MsgPackEncoder},
    raw::RawDecoder,
};
use laminar_schema::{
    ConnectorConfig, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncoderSet, FormatEncoder, FormatSpec, Options,
    RawBatch, field::json_field,
};

use crate::input::Case;

/// A decoder with default options, and a batch for it.
pub struct Decoding<D> {
    pub decoder: D,
    pub batch: RawBatch,
}

impl<D: DecoderSet> Decoding<D> {
    fn new(format: &str, schema: SchemaRef, batch: RawBatch) -> Self {
        Self { decoder: decoder(format, schema), batch }
    }

    /// The same, once the decoder has seen the batch and owns all the memory that it needs.
    pub fn warm(mut self) -> Self {
        self.decode();
        self
    }

    /// Decodes the batch.
    ///
    /// # Panics
    /// If a record is rejected: the workloads have no bad ones.
    pub fn decode(&mut self) -> Decoded {
        let decoded = self.decoder.decode(&self.batch).expect("the batch fits into its columns");
        assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (self.batch.len(), 0));
        decoded
    }
}

/// A format's decoder with default options.
pub fn decoder<D: DecoderSet>(format: &str, schema: SchemaRef) -> D {
    let decoder = D::build(&DecodeSpec::new(schema, FormatSpec::new(format)));
    decoder.expect("the format carries the schema").expect("the decoder is of that format")
}

/// A JSON decoder with default options that runs `engine`.
///
/// # Panics
/// If JSON cannot carry the schema.
pub fn json_decoder(schema: SchemaRef, engine: JsonEngine) -> JsonDecoder {
    let options = JsonOptions::from_options(&Options::new()).expect("every option has a default");
    JsonDecoder::with_engine(schema, &options, engine).expect("JSON carries the schema")
}

/// The case's records, decoded by `engine` instead of the default one.
pub fn json_with(case: &Case, num_rows: usize, engine: JsonEngine) -> Decoding<JsonDecoder> {
    Decoding { decoder: json_decoder(case.schema(), engine), ..json(case, num_rows) }
}

/// The case's records as they are.
pub fn json(case: &Case, num_rows: usize) -> Decoding<JsonDecoder> {
    Decoding::new("json", case.schema(), case.records(num_rows).batches(num_rows).remove(0).raw)
}

/// The case's rows, written as CSV without a header, as messages are.
///
/// # Panics
/// If the case has columns that CSV cannot carry.
pub fn csv(case: &Case, num_rows: usize) -> Decoding<CsvDecoder> {
    let rows = json(case, num_rows).decode().batch;
    let spec = EncodeSpec::new(case.schema(), FormatSpec::new("csv"));
    let encoder = CsvEncoder::build(&spec).expect("a flat case");
    let records = encoder.and_then(|mut e| e.encode_batch(&rows).ok()).expect("rows that CSV can write");
    Decoding::new("csv", case.schema(), RawBatch::from_values(records))
}

/// The case's records in MessagePack, with their keys in the same order, unwanted ones included.
///
/// # Panics
/// If a record cannot be written: the workloads have no such records.
pub fn msgpack_records(case: &Case, num_rows: usize) -> Vec<Vec<u8>> {
    // A row whose only column is the whole record, which is written behind that column's key.
    const ROW: &[u8] = b"\x81\xa5value";
    let schema = Arc::new(Schema::new(vec![json_field("value", false)]));
    let rows = Decoding::<JsonDecoder>::new("json", Arc::clone(&schema), json(case, num_rows).batch).decode().batch;
    let encoder = MsgPackEncoder::build(&EncodeSpec::new(schema, FormatSpec::new("msgpack")));
    let encoder = encoder.expect("MessagePack carries JSON").expect("the format is MessagePack");
    let records = { encoder }.encode_batch(&rows).expect("MessagePack can write the workloads");
    records.iter().map(|record| record.strip_prefix(ROW).expect("a row of one column").to_vec()).collect()
}

/// The case's records in MessagePack.
pub fn msgpack(case: &Case, num_rows: usize) -> Decoding<MsgPackDecoder> {
    Decoding::new("msgpack", case.schema(), RawBatch::from_values(msgpack_records(case, num_rows)))
}

/// The same records, all of them left to the walker, which knows all of MessagePack.
///
/// # Panics
/// As [`msgpack`], or if MessagePack cannot carry the schema.
pub fn msgpack_plain(case: &Case, num_rows: usize) -> Decoding<MsgPackDecoder> {
    let Decoding { decoder, batch } = msgpack(case, num_rows);
    Decoding { decoder: decoder.plain(), batch }
}

/// The case's records, each as a text of one column.
pub fn raw(case: &Case, num_rows: usize) -> Decoding<RawDecoder> {
    let schema = Schema::new(vec![Field::new("record", DataType::Utf8, false)]);
    Decoding::new("raw", Arc::new(schema), json(case, num_rows).batch)
}
