//! The bytes that a source has read and not yet yielded.

use laminar_schema::SchemaResult;

use super::{Frame, Framer, Resume, framer::Advance};

/// A window on a byte stream: a source reads into it, records come out of it.
///
/// Keeps the unfinished record at its end from one read to the next. Grows to the longest record and a read, and is
/// reused: once warm, nothing is allocated.
#[derive(Debug)]
pub struct FrameBuffer {
    framer: Framer,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
}

impl FrameBuffer {
    /// An empty buffer before the framer's place.
    pub fn new(framer: Framer) -> Self {
        Self { framer, bytes: Vec::new(), start: 0, end: 0, eof: false }
    }

    /// The framer: its place, its preamble.
    pub fn framer(&self) -> &Framer {
        &self.framer
    }

    /// Room for at least `min` bytes behind those that are held; [`FrameBuffer::filled`] says how many were read.
    pub fn space(&mut self, min: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < min {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.bytes.len() - self.end < min {
                self.bytes.resize(self.end + min, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// Takes over the first `count` bytes of the room as read.
    ///
    /// # Panics
    /// When `count` is more than the room.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.bytes.len() - self.end, "more bytes than there was room for");
        self.end += count;
    }

    /// Takes over `bytes[from..]` as read, and yields a buffer to be filled anew.
    ///
    /// Cost: where what is held fits into the first `from` bytes, which may hold anything, it is copied there and the
    /// buffers are exchanged. Otherwise what was read is copied.
    ///
    /// # Panics
    /// When `from` is more than the length of `bytes`.
    #[must_use]
    pub fn take_over(&mut self, mut bytes: Vec<u8>, from: usize) -> Vec<u8> {
        let held = self.end - self.start;
        if held <= from {
            bytes[from - held..from].copy_from_slice(&self.bytes[self.start..self.end]);
            (self.start, self.end) = (from - held, bytes.len());
            return std::mem::replace(&mut self.bytes, bytes);
        }
        let read = &bytes[from..];
        self.space(read.len())[..read.len()].copy_from_slice(read);
        self.filled(read.len());
        bytes
    }

    /// Says that nothing follows: the unfinished record at the end is a whole one.
    pub fn end(&mut self) {
        self.eof = true;
    }

    /// Whether [`FrameBuffer::end`] was said.
    pub fn has_ended(&self) -> bool {
        self.eof
    }

    /// The next record; `None` when more bytes must be read first, or the stream has ended.
    ///
    /// # Errors
    /// A record over the limit, or an array whose elements are not separated as they should be, with offset and line.
    /// These are [row-level](laminar_schema::SchemaError::is_row_level): the next call goes on behind the fault. A
    /// preamble over the limit is not, and is what every further call says.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot lend its buffer")]
    pub fn next(&mut self) -> SchemaResult<Option<Frame<'_>>> {
        loop {
            match self.framer.advance(&self.bytes[self.start..self.end], self.eof) {
                Advance::Preamble { consumed } => self.start += consumed,
                Advance::Record { start, end, offset, line, consumed } => {
                    let record = self.start + start..self.start + end;
                    self.start += consumed;
                    let resume = self.framer.resume_at();
                    return Ok(Some(Frame { bytes: &self.bytes[record], offset, line, resume }));
                }
                Advance::Fault { error, consumed } => {
                    self.start += consumed;
                    return Err(error);
                }
                Advance::More { consumed } => {
                    self.start += consumed;
                    return Ok(None);
                }
                Advance::End => {
                    self.start = self.end;
                    return Ok(None);
                }
            }
        }
    }

    /// Looks for the preamble and stops behind it; false when more bytes must be read first, or there is none.
    ///
    /// # Errors
    /// A preamble over the limit, at every further call too.
    pub fn find_preamble(&mut self) -> SchemaResult<bool> {
        if !self.framer.has_preamble() || self.framer.preamble().is_some() {
            return Ok(self.framer.preamble().is_some());
        }
        match self.framer.advance(&self.bytes[self.start..self.end], self.eof) {
            Advance::Preamble { consumed } => {
                self.start += consumed;
                Ok(true)
            }
            Advance::Fault { error, consumed } => {
                self.start += consumed;
                Err(error)
            }
            Advance::More { consumed } => {
                self.start += consumed;
                Ok(false)
            }
            // A header comes before every record.
            Advance::Record { .. } | Advance::End => Ok(false),
        }
    }

    /// Forgets what is held and goes to another place, from which the next bytes will be read.
    pub fn seek(&mut self, to: Resume) {
        self.framer.seek(to);
        (self.start, self.end, self.eof) = (0, 0, false);
    }
}
