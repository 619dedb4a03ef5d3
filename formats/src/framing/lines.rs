//! One record per line.

use memchr::memchr;

use super::Step;

/// Finds line ends: LF, or CRLF.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Bytes of the window that hold no line end.
    pub(super) scanned: usize,
}

impl Lines {
    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        match memchr(b'\n', &window[self.scanned..]) {
            Some(at) => {
                let at = self.scanned + at;
                self.scanned = 0;
                Step::Record { start: 0, end: without_cr(window, at), next: at + 1 }
            }
            None if !eof => {
                self.scanned = window.len();
                Step::More { drop: 0 }
            }
            None if window.is_empty() => Step::End,
            None => {
                self.scanned = 0;
                Step::Record { start: 0, end: without_cr(window, window.len()), next: window.len() }
            }
        }
    }
}

/// The end of a line's content whose line feed stands at `at`.
pub(super) fn without_cr(window: &[u8], at: usize) -> usize {
    at - usize::from(at > 0 && window[at - 1] == b'\r')
}
