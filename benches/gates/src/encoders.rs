//! Our encoder as an engine drives it, with rows that it encodes.

use arrow_array::RecordBatch;
use laminar_formats::json::JsonEncoder;
use laminar_schema::{EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatSpec};

use crate::{decoders, input::Case};

/// An encoder with default options, rows for it, and the arena that it writes into.
pub struct Encoding {
    pub encoder: JsonEncoder,
    pub rows: RecordBatch,
    pub out: EncodedBatch,
}

impl Encoding {
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
        self.encoder.encode(&self.rows, &mut self.out).expect("JSON can write the workloads");
        assert_eq!(self.out.len(), self.rows.num_rows());
    }
}

/// A case's JSON encoder.
pub fn encoder(case: &Case) -> JsonEncoder {
    let encoder = JsonEncoder::build(&EncodeSpec::new(case.schema(), FormatSpec::new("json")));
    encoder.expect("JSON carries the schema").expect("the format is JSON")
}

/// The case's rows, to be written as JSON.
pub fn json(case: &Case, num_rows: usize) -> Encoding {
    let rows = decoders::json(case, num_rows).decode().batch;
    Encoding { encoder: encoder(case), rows, out: EncodedBatch::new() }
}
