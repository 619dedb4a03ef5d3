//! LaminarDB's own decoder, `laminar_connectors::schema::JsonDecoder`, with its default options.

use std::hint::black_box;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use laminar_connectors::schema::{JsonDecoder, JsonDecoderConfig};

use super::Peer;
use crate::answer::Answer;
use crate::input::{Batch, Case};

/// Its name among the peers.
pub const NAME: &str = "LaminarDB";

pub struct LaminarDb {
    decoder: JsonDecoder,
    /// Columns that it cannot decode to their own type: structs and lists of structs become JSON text.
    as_text: Vec<String>,
}

impl LaminarDb {
    pub fn new(case: &Case) -> Self {
        let schema = case.schema();
        let supported = |data_type: &DataType| match data_type {
            DataType::List(element) => *element.data_type() == DataType::Utf8,
            other => !other.is_nested(),
        };
        let (mut fields, mut as_text) = (Vec::new(), Vec::new());
        for field in schema.fields() {
            if supported(field.data_type()) {
                fields.push(field.clone());
            } else {
                fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
                as_text.push(field.name().clone());
            }
        }
        let decoder = JsonDecoder::with_config(Arc::new(Schema::new(fields)), JsonDecoderConfig::default());
        Self { decoder, as_text }
    }

    fn decode_batch(&self, batch: &Batch<'_>) -> RecordBatch {
        self.decoder.decode_slices(&batch.records).expect("the records are valid")
    }
}

impl Peer for LaminarDb {
    fn name(&self) -> &str {
        NAME
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        black_box(self.decode_batch(batch)).num_rows()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.add_batch(&self.decode_batch(batch));
        answer.columns.retain(|name, _| !self.as_text.contains(name));
        // serde_json rounds some floats wrongly, and columns that became text differ by type.
        answer.batches.clear();
        answer.rounds_floats_wrongly = true;
    }
}
