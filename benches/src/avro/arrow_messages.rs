//! arrow-avro's decoder of messages, which it is given as one stream: its fastest way.

use arrow_array::RecordBatch;
use arrow_avro::{
    reader::{Decoder, ReaderBuilder},
    schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore},
};
use laminar_gates::avro::{AvroCase, SCHEMA_ID};

use super::{Messages, Peer};

pub struct ArrowMessages(Decoder);

impl ArrowMessages {
    pub fn new(case: &AvroCase, rows_per_batch: usize) -> Self {
        let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
        store.set(Fingerprint::Id(SCHEMA_ID), AvroSchema::new(case.schema())).expect("an id and a schema");
        let builder = ReaderBuilder::new().with_writer_schema_store(store).with_batch_size(rows_per_batch);
        Self(builder.build_decoder().expect("a schema that arrow-avro knows"))
    }
}

impl Peer for ArrowMessages {
    fn name(&self) -> &str {
        "arrow-avro"
    }

    fn decode(&mut self, batch: &Messages) -> RecordBatch {
        let read = self.0.decode(&batch.stream).expect("the messages are valid");
        assert_eq!(read, batch.stream.len());
        self.0.flush().expect("a batch").expect("rows")
    }
}
