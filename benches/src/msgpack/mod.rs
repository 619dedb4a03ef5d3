//! The MessagePack decoders that are compared, one file each. Each yields the columns of the case's schema.

mod builder;
mod rmp_structs;
mod rmpv_values;

use std::hint::black_box;

use arrow_array::RecordBatch;
use laminar_formats::msgpack::MsgPackDecoder;
use laminar_gates::decoders;
use laminar_schema::{FormatDecoder, RawBatch};

use crate::input::Case;

/// A decoder with its schema frozen.
pub trait Peer {
    fn name(&self) -> &str;

    /// Decodes a batch.
    fn decode(&mut self, batch: &RawBatch) -> RecordBatch;

    /// Decodes a batch and throws the result away. This, and nothing else, is timed.
    fn run(&mut self, batch: &RawBatch) {
        black_box(self.decode(batch));
    }
}

/// All peers for a case. Ours is the last.
pub fn peers(case: &Case) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(rmpv_values::RmpvValues::new(case)),
        rmp_structs::rmp_structs(case),
        Box::new(Laminar(decoders::decoder("msgpack", case.schema()))),
    ]
}

/// Our own: `MsgPackDecoder` with its default options.
struct Laminar(MsgPackDecoder);

impl Peer for Laminar {
    fn name(&self) -> &str {
        "laminar"
    }

    fn decode(&mut self, batch: &RawBatch) -> RecordBatch {
        let decoded = self.0.decode(batch).expect("the batch fits into its columns");
        assert!(decoded.rejected.is_empty(), "the records are valid");
        decoded.batch
    }
}
