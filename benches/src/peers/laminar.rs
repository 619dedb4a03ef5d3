//! Our own: `JsonDecoder` with its default options, records in, `RecordBatch` out, once per engine.

use std::hint::black_box;

use arrow_array::RecordBatch;
use laminar_formats::json::{JsonDecoder, JsonEngine};
use laminar_gates::decoders::json_decoder;
use laminar_schema::{FormatDecoder, NewRecord, RawBatch};

use super::Peer;
use crate::answer::Answer;
use crate::input::{Batch, Case};

/// The name of the default engine among the peers.
pub const NAME: &str = "laminar";

pub struct Laminar {
    name: String,
    decoder: JsonDecoder,
}

impl Laminar {
    fn new(case: &Case, engine: JsonEngine) -> Self {
        let name =
            if engine == JsonEngine::best() { NAME.to_owned() } else { format!("{NAME} {engine:?}").to_lowercase() };
        Self { name, decoder: json_decoder(case.schema(), engine) }
    }

    /// Every engine that this machine can run, the default one first.
    pub fn engines(case: &Case) -> impl Iterator<Item = Self> {
        let others = JsonEngine::available().filter(|&engine| engine != JsonEngine::best());
        std::iter::once(JsonEngine::best()).chain(others).map(|engine| Self::new(case, engine))
    }

    fn decode_batch(&mut self, batch: &RawBatch) -> RecordBatch {
        let decoded = self.decoder.decode(batch).expect("the batch fits into its columns");
        assert!(decoded.rejected.is_empty(), "the records are valid");
        decoded.batch
    }
}

impl Peer for Laminar {
    fn name(&self) -> &str {
        &self.name
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        black_box(self.decode_batch(&batch.raw)).num_rows()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.add_batch(&self.decode_batch(&batch.raw));
    }
}

/// The default engine for a caller who has loose records: each is first copied into a `RawBatch`, as a source does with
/// what it receives.
pub struct Filling {
    decoder: Laminar,
    raw: RawBatch,
}

impl Filling {
    pub fn new(case: &Case) -> Self {
        Self { decoder: Laminar::new(case, JsonEngine::best()), raw: RawBatch::new() }
    }

    fn decode_batch(&mut self, batch: &Batch<'_>) -> RecordBatch {
        self.raw.clear();
        for record in &batch.records {
            self.raw.push(NewRecord::new(record));
        }
        self.decoder.decode_batch(&self.raw)
    }
}

impl Peer for Filling {
    fn name(&self) -> &str {
        "with filling"
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        black_box(self.decode_batch(batch)).num_rows()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.add_batch(&self.decode_batch(batch));
    }
}
