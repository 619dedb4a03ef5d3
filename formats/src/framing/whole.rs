//! The whole input is one record.

use super::Step;

/// Waits for the end of the input.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// The one record was yielded.
    pub(super) done: bool,
    /// Bytes of the window, all of which belong to the record.
    pub(super) scanned: usize,
}

impl Whole {
    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        match (eof, self.done) {
            (false, true) => Step::More { drop: window.len() },
            (false, false) => {
                self.scanned = window.len();
                Step::More { drop: 0 }
            }
            (true, true) => Step::End,
            (true, false) => {
                self.done = true;
                Step::Record { start: 0, end: window.len(), next: window.len() }
            }
        }
    }
}
