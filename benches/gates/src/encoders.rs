//! Our encoders as an engine drives them, each with rows that it encodes.

use arrow_array::RecordBatch;
use laminar_formats::{avro::AvroEncoder, json::JsonEncoder, msgpack::MsgPackEncoder};
use laminar_schema::{EncodeSpec, EncodedBatch, EncoderSet, FormatSpec, Options};

use crate::{avro::AvroCase, decoders, input::Case};

/// An encoder with default options, rows for it, and the arena that it writes into.
pub struct Encoding<E> {
    pub encoder: E,
    pub rows: RecordBatch,
    pub out: EncodedBatch,
}

impl<E: EncoderSet> Encoding<E> {
    /// The same, once the arena is as large as the rows need.
    pub fn warm(mut self) -> Self {
        self.encode();
        self
    }

    /// Encodes the rows into the arena, in place of what was there.
    ///
    /// # Panics
    /// If a row cannot be written: the workloads have no such rows.
    pub fn encode(&mut self) {
        self.out.clear();
        self.encoder.encode(&self.rows, &mut self.out).expect("the format can write the workloads");
        assert_eq!(self.out.len(), self.rows.num_rows());
    }
}

/// A format's encoder of a case's rows.
///
/// # Panics
/// If the format cannot carry the case's schema, or is not the encoder's.
pub fn encoder_of<E: EncoderSet>(format: &str, case: &Case) -> E {
    let encoder = E::build(&EncodeSpec::new(case.schema(), FormatSpec::new(format)));
    encoder.expect("the format carries the schema").expect("the encoder is of that format")
}

/// A case's JSON encoder.
pub fn encoder(case: &Case) -> JsonEncoder {
    encoder_of("json", case)
}

/// The case's rows, to be written by an encoder with default options.
fn rows<E: EncoderSet>(format: &str, case: &Case, num_rows: usize) -> Encoding<E> {
    let rows = decoders::json(case, num_rows).decode().batch;
    Encoding { encoder: encoder_of(format, case), rows, out: EncodedBatch::new() }
}

/// The case's rows, to be written as JSON.
pub fn json(case: &Case, num_rows: usize) -> Encoding<JsonEncoder> {
    rows("json", case, num_rows)
}

/// The case's rows, to be written as MessagePack.
pub fn msgpack(case: &Case, num_rows: usize) -> Encoding<MsgPackEncoder> {
    rows("msgpack", case, num_rows)
}

/// The rows of an Avro case, to be written as the datums that they were read from: by default a record is a whole block.
///
/// # Panics
/// If Avro cannot carry the case's schema.
pub fn avro(case: &AvroCase, num_rows: usize) -> Encoding<AvroEncoder> {
    let rows = case.decoding(num_rows).decode().batch;
    let format = FormatSpec::new("avro").with_options(Options::from_pairs([("framing", "datum")]));
    let encoder = AvroEncoder::build(&EncodeSpec::new(rows.schema(), format));
    let encoder = encoder.expect("the format carries the schema").expect("the encoder is of that format");
    Encoding { encoder, rows, out: EncodedBatch::new() }
}
