//! The decoders that are compared, one file each. What a peer may reuse from batch to batch, it does.

mod arrow_json;
mod laminar;
#[cfg(feature = "every-peer")]
mod laminardb;
#[cfg(feature = "every-peer")]
mod simd_json_tape;
#[cfg(feature = "every-peer")]
mod sonic_structs;

use crate::answer::Answer;
use crate::input::{Batch, Case};

use arrow_json::ArrowJson;
use laminar::{Filling, Laminar};

pub use arrow_json::NAME as ARROW_JSON;
pub use laminar::NAME as LAMINAR;
#[cfg(feature = "every-peer")]
pub use laminardb::NAME as LAMINARDB;
#[cfg(feature = "every-peer")]
pub use simd_json_tape::NAME as SIMD_JSON_TAPE;
#[cfg(feature = "every-peer")]
pub use sonic_structs::NAME as SONIC_STRUCT;

/// A decoder with its schema frozen.
pub trait Peer {
    fn name(&self) -> &str;

    /// Decodes a batch and throws the result away; returns the number of rows. This, and nothing else, is timed.
    fn decode(&mut self, batch: &Batch<'_>) -> usize;

    /// Decodes a batch and adds what it found to the answer. Not timed.
    fn answer(&mut self, batch: &Batch<'_>, answer: &mut Answer);
}

/// All peers for a case. The first is arrow-json, which ratios refer to.
pub fn peers(case: &Case) -> Vec<Box<dyn Peer>> {
    #[cfg_attr(not(feature = "every-peer"), expect(unused_mut, reason = "the other peers are pushed"))]
    let mut peers = arrow_json_and_ours(case);
    #[cfg(feature = "every-peer")]
    peers.extend([
        Box::new(laminardb::LaminarDb::new(case)) as Box<dyn Peer>,
        Box::new(simd_json_tape::SimdJsonTape::new()),
        sonic_structs::sonic_structs(case),
    ]);
    peers
}

/// arrow-json, and every engine of ours that this machine can run, the default one first.
pub fn arrow_json_and_ours(case: &Case) -> Vec<Box<dyn Peer>> {
    let mut peers: Vec<Box<dyn Peer>> = vec![Box::new(ArrowJson::new(case))];
    peers.extend(Laminar::engines(case).map(|engine| Box::new(engine) as Box<dyn Peer>));
    peers.push(Box::new(Filling::new(case)));
    peers
}
