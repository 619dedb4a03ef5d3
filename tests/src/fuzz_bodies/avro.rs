//! Avro datums, decoded beside apache-avro.

use std::{cell::RefCell, collections::HashMap};

use crate::differential::{Comparison, Tally, avro::Avro};

thread_local! {
    static DECODERS: RefCell<HashMap<usize, Avro>> = RefCell::default();
}

/// The first byte picks the schema; the rest is a datum of it.
///
/// # Panics
/// When apache-avro makes something else of the datum, and no class says why.
pub fn avro(bytes: &[u8]) {
    let Some((first, datum)) = bytes.split_first() else { return };
    let target = usize::from(*first) % Avro::TARGETS;
    DECODERS.with_borrow_mut(|decoders| {
        let decoder = decoders.entry(target).or_insert_with(|| Avro::new(target, 0));
        if let Err(finding) = decoder.examine(&[datum.to_vec()], &mut Tally::default()) {
            panic!("{}", finding.what);
        }
    });
}
