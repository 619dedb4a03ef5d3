//! CSV records: line ends inside quoted fields belong to the record.

use laminar_schema::format::CsvFraming;
use memchr::{memchr, memchr2};

use super::{Step, lines::without_cr};

/// Bytes kept of a record that is being discarded: enough to recognise a delimiter that spans two chunks.
const LOOK_BACK: usize = 256;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Finds record ends, and before the first record what is none: byte order mark, lines to skip, header.
#[derive(Debug)]
pub(super) struct Csv {
    dialect: CsvFraming,
    phase: Phase,
    /// Bytes of the window that were looked at.
    scanned: usize,
    /// The place after `scanned` is inside a quoted field.
    quoted: bool,
    /// The front of the record has been dropped, so the window's start is not the record's.
    beheaded: bool,
    /// The window starts inside a comment.
    comment: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Mark,
    /// Lines still to skip.
    Skip(usize),
    Header,
    Records,
}

impl Csv {
    pub(super) fn new(dialect: CsvFraming) -> Self {
        Self { dialect, phase: Phase::Mark, scanned: 0, quoted: false, beheaded: false, comment: false }
    }

    pub(super) fn has_header(&self) -> bool {
        self.dialect.has_header
    }

    /// The byte that ends a line.
    pub(super) fn line_end(&self) -> u8 {
        self.dialect.line_end
    }

    /// Whether what is looked for comes before every record.
    pub(super) fn is_in_front(&self) -> bool {
        self.phase != Phase::Records
    }

    /// Whether what is held may be the front of a byte order mark, which counts for no record.
    pub(super) fn is_at_mark(&self) -> bool {
        self.phase == Phase::Mark
    }

    pub(super) fn state(&self) -> u8 {
        u8::from(self.phase == Phase::Records)
    }

    pub(super) fn resume(&mut self, state: u8) {
        let phase = if state == 0 { Phase::Mark } else { Phase::Records };
        *self = Self { phase, ..Self::new(self.dialect.clone()) };
    }

    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        let mut from = 0;
        loop {
            let rest = &window[from..];
            match self.phase {
                Phase::Mark => {
                    if !eof && rest.len() < BOM.len() && BOM.starts_with(rest) {
                        return Step::More { drop: from };
                    }
                    from += if rest.starts_with(BOM) { BOM.len() } else { 0 };
                    self.phase = Phase::Skip(self.dialect.skip_lines);
                }
                Phase::Skip(0) => {
                    self.phase = if self.dialect.has_header { Phase::Header } else { Phase::Records };
                }
                Phase::Skip(lines) => match memchr(self.dialect.line_end, rest) {
                    Some(at) => {
                        from += at + 1;
                        self.phase = Phase::Skip(lines - 1);
                    }
                    None if eof => return Step::End,
                    None => return Step::More { drop: window.len() },
                },
                Phase::Header | Phase::Records => {
                    if self.comment || self.starts_comment(rest) {
                        let line_end = memchr(self.dialect.line_end, rest);
                        self.comment = line_end.is_none();
                        match line_end {
                            Some(at) => from += at + 1,
                            None if eof => return Step::End,
                            None => return Step::More { drop: window.len() },
                        }
                        continue;
                    }
                    let Some((end, next)) = self.record_end(rest, eof) else {
                        return if eof { Step::End } else { Step::More { drop: from } };
                    };
                    (self.scanned, self.quoted, self.beheaded) = (0, false, false);
                    let (start, end, next) = (from, from + end, from + next);
                    if self.phase == Phase::Records {
                        return Step::Record { start, end, next };
                    }
                    if end > start {
                        self.phase = Phase::Records;
                        return Step::Preamble { start, end, next };
                    }
                    // An empty line in front of the header names no columns.
                    from = next;
                }
            }
        }
    }

    /// The end of the record that starts the window, and the start of the one behind it, where the record is a line without
    /// quotes that is all there: what most are.
    #[inline]
    pub(super) fn whole_line(&self, window: &[u8]) -> Option<(usize, usize)> {
        let is_between = self.phase == Phase::Records && self.scanned == 0 && !self.quoted && !self.beheaded;
        if !is_between || self.comment || self.starts_comment(window) {
            return None;
        }
        let found = match self.dialect.quote {
            Some(quote) => memchr2(self.dialect.line_end, quote, window)?,
            None => memchr(self.dialect.line_end, window)?,
        };
        (window[found] == self.dialect.line_end).then(|| (without_cr(window, found), found + 1))
    }

    fn starts_comment(&self, record: &[u8]) -> bool {
        self.scanned == 0 && !self.beheaded && self.dialect.comment.is_some_and(|c| record.first() == Some(&c))
    }

    /// End of the record that starts the window, and start of the one behind it.
    fn record_end(&mut self, window: &[u8], eof: bool) -> Option<(usize, usize)> {
        loop {
            let rest = &window[self.scanned..];
            if self.quoted {
                let found = match (self.dialect.quote, self.dialect.escape) {
                    (Some(quote), Some(escape)) if escape != quote => memchr2(quote, escape, rest),
                    (Some(quote), _) => memchr(quote, rest),
                    (None, _) => None,
                };
                let Some(at) = found else { break };
                let at = self.scanned + at;
                match window.get(at + 1) {
                    // Whether this quote is the first of two cannot be seen yet.
                    None if !eof => {
                        self.scanned = at;
                        return None;
                    }
                    None => break,
                    Some(_) if Some(window[at]) != self.dialect.quote => self.scanned = at + 2,
                    Some(&after) if Some(after) == self.dialect.quote => self.scanned = at + 2,
                    Some(_) => {
                        self.quoted = false;
                        self.scanned = at + 1;
                    }
                }
                continue;
            }
            let found = match self.dialect.quote {
                Some(quote) => memchr2(self.dialect.line_end, quote, rest),
                None => memchr(self.dialect.line_end, rest),
            };
            let Some(at) = found else { break };
            let at = self.scanned + at;
            if window[at] == self.dialect.line_end {
                return Some((without_cr(window, at), at + 1));
            }
            self.quoted = self.starts_field(&window[..at]);
            self.scanned = at + 1;
        }
        self.scanned = window.len();
        (eof && (self.beheaded || !window.is_empty())).then(|| (without_cr(window, window.len()), window.len()))
    }

    /// Whether a field begins behind `before`, the record's bytes so far.
    fn starts_field(&self, mut before: &[u8]) -> bool {
        if self.dialect.trim {
            let blank = |b: &u8| matches!(b, b' ' | b'\t') && !self.dialect.delimiter.contains(b);
            before = &before[..before.len() - before.iter().rev().take_while(|b| blank(b)).count()];
        }
        (before.is_empty() && !self.beheaded) || before.ends_with(&self.dialect.delimiter)
    }

    /// Drops what is not needed of a record that is being discarded; yields how many bytes.
    pub(super) fn behead(&mut self) -> usize {
        let dropped = self.scanned.saturating_sub(LOOK_BACK);
        self.scanned -= dropped;
        self.beheaded |= dropped > 0;
        dropped
    }
}
