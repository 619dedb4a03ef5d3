//! The bytes being written, and the room behind them.

use super::{
    super::quote::{self, Quoting},
    plan::Glue,
};

/// Room is made in steps of this many bytes, so that it is cleared while it is on its way into the cache.
///
/// Few enough for glibc to clear them without `rep stosb`, which takes long to start.
const STEP: usize = 1024;

/// Bytes that the common values and the end of the text before them fit into, so that one check of the room serves for
/// everything that is written of them.
pub(super) const WINDOW: usize = 128;
pub(super) type Window = [u8; WINDOW];

/// Bytes of finished records, and cleared room behind them, so that a value is written without a check per byte.
///
/// Where the next byte goes is the writer's to know: it travels through calls in a register. Between two calls of
/// [`Arena::make_room`] every column writes what has a bound at most once; `slack` is the sum of these bounds. So whoever
/// writes something of another size asks for just that size.
#[derive(Debug)]
pub(in crate::json) struct Arena {
    bytes: Vec<u8>,
    slack: usize,
    quoting: Quoting,
}

impl Arena {
    /// Goes on behind `bytes`.
    pub(in crate::json) fn new(bytes: Vec<u8>, slack: usize, quoting: Quoting) -> Self {
        Self { bytes, slack, quoting }
    }

    /// The bytes up to `end`.
    pub(in crate::json) fn into_bytes(mut self, end: usize) -> Vec<u8> {
        self.bytes.truncate(end);
        self.bytes
    }

    /// Makes room behind `at` for `len` bytes and for everything that has a bound.
    #[inline(always)]
    pub(super) fn make_room(&mut self, at: usize, len: usize) {
        if self.bytes.len() - at < len + self.slack {
            self.grow(at, len);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: usize, len: usize) {
        self.bytes.resize(at + len + self.slack + STEP, 0);
    }

    /// All bytes, for what has a bound and is written to a place among them.
    #[inline(always)]
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Writes all of a long key but its end, and returns where that goes; does nothing before other values.
    #[inline(always)]
    pub(super) fn put_before(&mut self, at: usize, glue: &Glue) -> usize {
        if glue.before().is_empty() { at } else { self.put_bounded(at, glue.before()) }
    }

    #[cold]
    #[inline(never)]
    fn put_bounded(&mut self, at: usize, bytes: &[u8]) -> usize {
        let end = at + bytes.len();
        self.bytes[at..end].copy_from_slice(bytes);
        end
    }

    /// The bytes behind `at` as one array.
    #[inline(always)]
    pub(super) fn window(&mut self, at: usize) -> &mut Window {
        let Some(window) = self.bytes[at..].first_chunk_mut() else { no_room() };
        window
    }

    #[inline(always)]
    pub(super) fn put_byte(&mut self, at: usize, byte: u8) -> usize {
        self.bytes[at] = byte;
        at + 1
    }

    /// Writes the text before a value, and null for the value.
    #[inline(always)]
    pub(super) fn put_null(&mut self, at: usize, glue: &Glue) -> usize {
        let at = self.put_before(at, glue);
        at + glue.write_null(self.window(at))
    }

    /// Writes bytes that have no bound.
    pub(super) fn put_all(&mut self, at: usize, bytes: &[u8]) -> usize {
        self.make_room(at, bytes.len());
        self.put_bounded(at, bytes)
    }

    /// Writes `source[start..end]` as the inside of a string, behind the quote that opens it at `at + from - 1`, and the
    /// quote that ends it.
    #[inline(always)]
    pub(super) fn put_text(&mut self, at: usize, from: usize, source: &[u8], start: usize, end: usize) -> usize {
        let len = end - start;
        // Most texts are short and plain. What is special behind their end is only a false alarm.
        if let Some(block) = source[start..].first_chunk::<{ quote::BLOCK }>()
            && len <= quote::BLOCK
            && self.quoting.plain_prefix(block) >= len
        {
            let window = self.window(at);
            let from = from & (WINDOW / 2 - 1);
            window[from..from + quote::BLOCK].copy_from_slice(block);
            window[from + len] = b'"';
            return at + from + len + 1;
        }
        self.put_any_text(at + from, source, start, end)
    }

    /// The same for texts that are long, have something to escape, or stand at the end of a column's buffer.
    #[inline(never)]
    pub(super) fn put_any_text(&mut self, mut at: usize, source: &[u8], mut start: usize, end: usize) -> usize {
        while start < end {
            let to = end.min(start + quote::PIECE);
            self.make_room(at, quote::room(to - start));
            at = self.quoting.escape(&mut self.bytes, at, source, start, to);
            start = to;
        }
        self.put_byte(at, b'"')
    }

    /// Makes the comma before the first of the values from `start` on the bracket that opens them, and closes it.
    #[inline(always)]
    pub(super) fn enclose(&mut self, start: usize, end: usize, open: u8, close: u8) -> usize {
        self.bytes[start] = open;
        self.put_byte(end.max(start + 1), close)
    }
}

#[cold]
fn no_room() -> ! {
    panic!("less room behind a value than its type may take")
}
