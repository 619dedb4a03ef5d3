//! The decoders that are compared, one file each. What a peer may reuse from batch to batch, it does.

mod arrow_json;
mod laminar;
mod laminardb;
mod simd_json_tape;
mod sonic_structs;

use crate::answer::Answer;
use crate::input::{Batch, Case};

pub use arrow_json::ArrowJson;
pub use laminar::Laminar;
pub use laminardb::LaminarDb;
pub use simd_json_tape::SimdJsonTape;
pub use sonic_structs::sonic_structs;

/// A decoder with its schema frozen.
pub trait Peer {
    fn name(&self) -> &'static str;

    /// Decodes a batch and throws the result away; returns the number of rows.
    fn decode(&mut self, batch: &Batch<'_>) -> usize;

    /// Decodes a batch and adds what it found to the answer. Not timed.
    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer);
}

/// All peers for a case. The first is the one that ratios refer to.
pub fn peers(case: &Case) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(ArrowJson::new(case)),
        Box::new(Laminar::new(case)),
        Box::new(LaminarDb::new(case)),
        Box::new(SimdJsonTape::new()),
        sonic_structs(case),
    ]
}
