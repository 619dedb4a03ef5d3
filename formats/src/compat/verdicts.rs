//! Which pairs were compared, so that types that contain themselves come to an end and shared ones are compared once.

use std::{collections::HashSet, hash::Hash};

/// Verdicts on pairs. One that is being compared counts as holding: a pair fails only by something in it that fails.
#[derive(Debug)]
pub(super) struct Verdicts<K> {
    open: HashSet<K>,
    holds: HashSet<K>,
    fails: HashSet<K>,
}

impl<K: Hash + Eq> Verdicts<K> {
    pub(super) fn new() -> Self {
        Self { open: HashSet::new(), holds: HashSet::new(), fails: HashSet::new() }
    }

    pub(super) fn known(&self, pair: &K) -> Option<bool> {
        match self.fails.contains(pair) {
            true => Some(false),
            false => (self.open.contains(pair) || self.holds.contains(pair)).then_some(true),
        }
    }

    pub(super) fn open(&mut self, pair: K) {
        self.open.insert(pair);
    }

    pub(super) fn close(&mut self, pair: K, holds: bool) {
        self.open.remove(&pair);
        if holds {
            self.holds.insert(pair);
        } else {
            // What was found to hold on the assumption that this pair does has to be looked at again.
            self.holds = HashSet::new();
            self.fails.insert(pair);
        }
    }
}
