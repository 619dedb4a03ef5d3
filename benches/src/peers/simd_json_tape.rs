//! simd-json's tape and nothing behind it: the ceiling of every decoder that is built on a tape.

use std::hint::black_box;

use simd_json::{Buffers, INPUT_PADDING, Node, Tape, fill_tape_padded};

use super::Peer;
use crate::answer::Answer;
use crate::input::Batch;

/// Its name among the peers.
pub const NAME: &str = "simd-json tape";

pub struct SimdJsonTape {
    nodes: Vec<Node<'static>>,
    buffers: Buffers,
    padded: Vec<u8>,
}

impl SimdJsonTape {
    pub fn new() -> Self {
        Self { nodes: Vec::new(), buffers: Buffers::new(1 << 12), padded: Vec::new() }
    }

    /// Copies a record, since parsing unescapes in place, and builds its tape; tells whether it is an object.
    fn is_object(&mut self, record: &[u8]) -> bool {
        self.padded.clear();
        self.padded.extend_from_slice(record);
        self.padded.resize(record.len() + INPUT_PADDING, 0);
        let mut tape = Tape(std::mem::take(&mut self.nodes)).reset();
        fill_tape_padded(&mut self.padded, record.len(), &mut self.buffers, &mut tape).expect("the records are valid");
        let is_object = matches!(black_box(&tape).0.first(), Some(Node::Object { .. }));
        self.nodes = tape.reset().0;
        is_object
    }
}

impl Peer for SimdJsonTape {
    fn name(&self) -> &str {
        NAME
    }

    fn decode(&mut self, batch: &Batch<'_>) -> usize {
        batch.records.iter().filter(|record| self.is_object(record)).count()
    }

    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer) {
        answer.num_rows += self.decode(batch);
    }
}
