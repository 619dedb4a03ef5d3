//! One sample, looked at in parts by several threads.

use std::{panic::resume_unwind, thread};

use laminar_schema::{InferenceConfig, RawRecord};

/// Records that are worth a thread.
const RECORDS_PER_THREAD: usize = 4096;

/// What a part of a sample says.
pub(crate) trait Part: Clone + Send {
    /// Takes in records.
    fn observe_all(&mut self, records: &[RawRecord]);

    /// Joins another part.
    fn merge(&mut self, other: Self);
}

/// Takes in records on as many threads as the configuration allows and their number is worth. `empty` has seen nothing.
pub(crate) fn in_parts<P: Part>(empty: P, records: &[RawRecord], config: &InferenceConfig) -> P {
    let threads = config.threads.min(records.len() / RECORDS_PER_THREAD).max(1);
    let (own, others) = records.split_at(records.len().div_ceil(threads));
    let mut whole = empty.clone();
    thread::scope(|scope| {
        let part = |records: &'_ [RawRecord], mut part: P| {
            part.observe_all(records);
            part
        };
        let parts: Vec<_> = others
            .chunks(own.len().max(1))
            .map(|records| {
                let empty = empty.clone();
                scope.spawn(move || part(records, empty))
            })
            .collect();
        whole.observe_all(own);
        for part in parts {
            whole.merge(part.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    whole
}
