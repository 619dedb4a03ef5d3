//! arrow-json: one contiguous buffer of lines, which is how it is fastest.

use std::hint::black_box;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;

use super::Peer;
use crate::answer::Answer;
use crate::input::{Batch, Case};

/// Its name among the peers.
pub const NAME: &str = "arrow-json";

pub struct ArrowJson(Decoder);

impl ArrowJson {
    pub fn new(case: &Case) -> Self {
        // The batch size is a bound: `flush` ends each batch at its last record.
        let builder = ReaderBuilder::new(case.schema()).with_batch_size(1 << 16);
        Self(builder.build_decoder().expect("arrow-json supports every type of the workloads"))
    }

    pub fn decode_batch(&mut self, batch: &Batch<'_>) -> RecordBatch {
        let consumed = self.0.decode(batch.lines).expect("the records are valid");
        assert_eq!(consumed, batch.lines.len());
        let decoded = self.0.flush().expect("the records fit the schema");
        decoded.expect("a batch has records")
    }
}

impl Peer for ArrowJson {
    fn name(&self) -> &str {
        NAME
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        black_box(self.decode_batch(batch)).num_rows()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.add_batch(&self.decode_batch(batch));
    }
}
