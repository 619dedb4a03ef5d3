//! The bytes being written, and the room behind them.

use super::{super::quote, plan::Glue};

/// Room is made in steps of this many bytes, so that it is cleared while it is on its way into the cache.
///
/// Few enough for glibc to clear them without `rep stosb`, which takes long to start.
const STEP: usize = 1024;

/// Bytes of finished records, and cleared room behind them, so that a value is written without a check per byte.
///
/// Between two calls of [`Arena::make_room`] every column writes what has a bound at most once; `slack` is the sum of
/// these bounds. So whoever writes something of another size asks for just that size.
#[derive(Debug)]
pub(in crate::json) struct Arena {
    bytes: Vec<u8>,
    /// Where the next byte goes.
    at: usize,
    slack: usize,
}

impl Arena {
    /// Goes on behind `bytes`.
    pub(in crate::json) fn new(bytes: Vec<u8>, slack: usize) -> Self {
        Self { at: bytes.len(), bytes, slack }
    }

    /// The bytes up to `end`.
    pub(in crate::json) fn into_bytes(mut self, end: usize) -> Vec<u8> {
        self.bytes.truncate(end);
        self.bytes
    }

    #[inline]
    pub(in crate::json) fn position(&self) -> usize {
        self.at
    }

    /// Makes room for `len` bytes and for everything that has a bound.
    #[inline]
    pub(super) fn make_room(&mut self, len: usize) {
        if self.bytes.len() - self.at < len + self.slack {
            self.grow(len);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.bytes.resize(self.at + len + self.slack + STEP, 0);
    }

    /// Writes the text before a value; returns the bytes and the place to write the value at.
    ///
    /// The position stays until [`Arena::seek`] says where the value ends: moving it once for both is faster, because
    /// the next value waits for it.
    #[inline(always)]
    pub(super) fn put_glue(&mut self, glue: &Glue) -> (&mut [u8], usize) {
        let at = glue.write(&mut self.bytes, self.at);
        (&mut self.bytes, at)
    }

    #[inline(always)]
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    #[inline]
    pub(super) fn put_byte(&mut self, byte: u8) {
        self.bytes[self.at] = byte;
        self.at += 1;
    }

    /// Writes the text before a value, and null for the value.
    #[inline(always)]
    pub(super) fn put_null(&mut self, glue: &Glue) {
        self.put_glue(glue);
        let end = self.at + glue.len_of_null + 4;
        self.bytes[end - 4..end].copy_from_slice(b"null");
        self.at = end;
    }

    /// Writes bytes that have no bound.
    pub(super) fn put_all(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        let end = self.at + bytes.len();
        self.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    /// Writes `glue`, `source[start..end]` as the inside of a string, and the quote that ends it.
    #[inline(always)]
    pub(super) fn put_text(&mut self, glue: &Glue, source: &[u8], start: usize, end: usize) {
        let to = end.min(start + quote::PIECE);
        self.make_room(quote::room(to - start));
        let (out, at) = self.put_glue(glue);
        let at = quote::escape(out, at, source, start, to);
        out[at] = b'"';
        self.at = at + 1;
        if to < end {
            self.put_rest(&source[to..end]);
        }
    }

    /// Goes on with a long text, in place of the quote that ended its beginning.
    #[cold]
    #[inline(never)]
    fn put_rest(&mut self, text: &[u8]) {
        self.at -= 1;
        for piece in text.chunks(quote::PIECE) {
            self.make_room(quote::room(piece.len()));
            self.at = quote::escape(&mut self.bytes, self.at, piece, 0, piece.len());
        }
        self.put_byte(b'"');
    }

    /// Makes the comma before the first of the values from `start` on the bracket that opens them, and closes it.
    #[inline]
    pub(super) fn enclose(&mut self, start: usize, open: u8, close: u8) {
        self.at = self.at.max(start + 1);
        self.bytes[start] = open;
        self.put_byte(close);
    }
}
