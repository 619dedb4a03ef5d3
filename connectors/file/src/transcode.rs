//! Bytes of a stream of another character encoding, read as UTF-8.

use std::{
    fmt,
    io::{self, Read},
};

use laminar_formats::framing::Transcoder;

/// Bytes of the other encoding that are read at once.
const UNREAD_BYTES: usize = 64 * 1024;

/// Reads text in another encoding as UTF-8.
pub(crate) struct Transcoded<R> {
    from: R,
    transcoder: Transcoder,
    /// What was read and not transcoded.
    unread: Box<[u8]>,
    /// What was transcoded, and how much of it was handed out.
    text: Vec<u8>,
    handed_out: usize,
    has_ended: bool,
}

impl<R> fmt::Debug for Transcoded<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transcoder.fmt(f)
    }
}

impl<R: Read> Transcoded<R> {
    pub(crate) fn new(from: R, transcoder: Transcoder) -> Self {
        let unread = vec![0; UNREAD_BYTES].into_boxed_slice();
        Self { from, transcoder, unread, text: Vec::new(), handed_out: 0, has_ended: false }
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // A read may give nothing but the half of a character; only the end of the stream may give nothing here.
        while self.handed_out == self.text.len() && !self.has_ended {
            let read = self.from.read(&mut self.unread)?;
            self.text.clear();
            self.handed_out = 0;
            match read {
                0 => {
                    self.transcoder.end(&mut self.text);
                    self.has_ended = true;
                }
                read => self.transcoder.push(&self.unread[..read], &mut self.text),
            }
        }
        let count = (&self.text[self.handed_out..]).read(buf)?;
        self.handed_out += count;
        Ok(count)
    }
}
