//! Our own: `JsonDecoder` with its default options, records in, `RecordBatch` out.

use std::hint::black_box;

use arrow_array::RecordBatch;
use laminar_formats::json::JsonDecoder;
use laminar_gates::decoders::decoder;
use laminar_schema::FormatDecoder;

use super::Peer;
use crate::answer::Answer;
use crate::input::{Batch, Case};

pub struct Laminar(JsonDecoder);

impl Laminar {
    pub fn new(case: &Case) -> Self {
        Self(decoder("json", case.schema()))
    }

    fn decode_batch(&mut self, batch: &Batch<'_>) -> RecordBatch {
        let decoded = self.0.decode(&batch.raw).expect("the batch fits into its columns");
        assert!(decoded.rejected.is_empty(), "the records are valid");
        decoded.batch
    }
}

impl Peer for Laminar {
    fn name(&self) -> &'static str {
        "laminar"
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        black_box(self.decode_batch(batch)).num_rows()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.add_batch(&self.decode_batch(batch));
    }
}
