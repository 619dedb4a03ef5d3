//! The Avro decoders that are compared, one file each. Each yields the columns of the case's schema, up to the names that Arrow
//! gives items and entries and to how a zone is written.

mod apache_values;
mod arrow_messages;
mod plain;

use std::hint::black_box;

use arrow_array::RecordBatch;
use laminar_formats::avro::AvroDecoder;
use laminar_gates::avro::AvroCase;
use laminar_schema::{FormatDecoder, RawBatch};

pub use plain::plain;

/// A batch of messages, as each decoder likes it.
pub struct Messages {
    pub raw: RawBatch,
    /// One behind the other.
    pub stream: Vec<u8>,
}

impl Messages {
    pub fn new(messages: &[Vec<u8>]) -> Self {
        Self { raw: RawBatch::from_values(messages), stream: messages.concat() }
    }
}

/// A decoder with its schema frozen.
pub trait Peer {
    fn name(&self) -> &str;

    /// Decodes a batch.
    fn decode(&mut self, batch: &Messages) -> RecordBatch;

    /// Decodes a batch and throws the result away. This, and nothing else, is timed.
    fn run(&mut self, batch: &Messages) {
        black_box(self.decode(batch));
    }
}

/// All peers for a case. Ours is the last.
pub fn peers(case: &AvroCase, rows_per_batch: usize) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(arrow_messages::ArrowMessages::new(case, rows_per_batch)),
        Box::new(apache_values::ApacheValues::new(case)),
        Box::new(Laminar(case.decoder())),
    ]
}

/// Our own.
struct Laminar(AvroDecoder);

impl Peer for Laminar {
    fn name(&self) -> &str {
        "laminar"
    }

    fn decode(&mut self, batch: &Messages) -> RecordBatch {
        let decoded = self.0.decode(&batch.raw).expect("the batch fits into its columns");
        assert!(decoded.rejected.is_empty(), "the records are valid");
        decoded.batch
    }
}
