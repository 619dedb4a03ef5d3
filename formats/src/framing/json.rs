//! JSON documents: one per line, spread over lines, or the elements of one array that fills the input.
//!
//! The first byte that is no white space decides. `[` opens an array whose elements are the records. Otherwise the
//! first document decides: when it ends on the line where it began, every line is a record; when it does not, records
//! are cut where their brackets close.
//!
//! Only what finds a record's end is looked at: strings, brackets and, in an array, what stands between the elements.
//! A record whose brackets contradict each other (`{"a":[1}`, a line end in a string, an object that opens where a
//! key must stand) is broken beyond finding its end; it is cut in front of the next line that begins a document at
//! the broken one's own indentation, so that it does not take its neighbours with it.

use memchr::{memchr, memchr3, memrchr};

use super::{Fault, Step};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Finds the ends of documents.
#[derive(Debug, Default)]
pub(super) struct JsonDocuments {
    mode: Mode,
    /// Blanks between the last line end and the window's start; `None` when anything else stands there.
    indent: Option<usize>,
    document: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// At the very beginning, where a byte order mark may stand.
    #[default]
    Start,
    /// No document was seen yet that decides.
    Undecided,
    /// Behind the first document, which lay on one line; what follows on that line decides.
    FirstLine,
    Lines,
    Documents,
    /// Behind `[`.
    First,
    /// Behind an element.
    Separator,
    /// Behind a comma.
    Element,
    /// Behind `]`.
    Closed,
}

const MODES: [Mode; 9] = [
    Mode::Start,
    Mode::Undecided,
    Mode::FirstLine,
    Mode::Lines,
    Mode::Documents,
    Mode::First,
    Mode::Separator,
    Mode::Element,
    Mode::Closed,
];

impl JsonDocuments {
    pub(super) fn new() -> Self {
        Self { indent: Some(0), ..Self::default() }
    }

    pub(super) fn state(&self) -> u8 {
        self.mode as u8
    }

    pub(super) fn resume(&mut self, state: u8) {
        let mode = MODES.get(usize::from(state)).copied().unwrap_or_default();
        // A resumed place lies behind a record, so something else than blanks stands in front of it.
        let indent = (mode == Mode::Start).then_some(0);
        *self = Self { mode, indent, document: Document::default() };
    }

    /// Whether every record is a line, and the window begins behind one.
    #[inline]
    pub(super) fn is_between_lines(&self) -> bool {
        self.mode == Mode::Lines && !self.document.begun
    }

    /// Drops what is not needed of a record that is being discarded; yields how many bytes.
    pub(super) fn behead(&mut self) -> usize {
        self.document.behead()
    }

    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        if self.document.begun {
            return self.scan_document(window, 0, eof);
        }
        let mut from = 0;
        if self.mode == Mode::Start {
            if !eof && window.len() < BOM.len() && BOM.starts_with(window) {
                return Step::More { drop: 0 };
            }
            from = if window.starts_with(BOM) { BOM.len() } else { 0 };
            self.mode = Mode::Undecided;
        }
        loop {
            if self.mode == Mode::FirstLine {
                let blanks = window[from..].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
                match window.get(from + blanks) {
                    Some(b'\n') => self.mode = Mode::Lines,
                    Some(_) => self.mode = Mode::Documents,
                    None => return self.more_or_end(window, eof),
                }
            }
            from += self.skip_white(&window[from..]);
            let Some(&byte) = window.get(from) else { return self.more_or_end(window, eof) };
            match (self.mode, byte) {
                (Mode::Closed, _) => {
                    self.mode = Mode::Undecided;
                    return Step::Fault { at: from, next: from, reason: Fault::EndExpected };
                }
                (Mode::Undecided, b'[') => {
                    self.mode = Mode::First;
                    from = self.skip_byte(from);
                }
                (Mode::First | Mode::Separator, b']') => {
                    self.mode = Mode::Closed;
                    from = self.skip_byte(from);
                }
                (Mode::Separator, b',') => {
                    self.mode = Mode::Element;
                    from = self.skip_byte(from);
                }
                (Mode::Separator, _) => {
                    self.mode = Mode::Element;
                    return Step::Fault { at: from, next: from, reason: Fault::CommaExpected };
                }
                (Mode::First | Mode::Element, b',') => {
                    self.mode = Mode::Element;
                    return Step::Fault { at: from, next: self.skip_byte(from), reason: Fault::ValueExpected };
                }
                (Mode::Element, b']') => {
                    self.mode = Mode::Closed;
                    return Step::Fault { at: from, next: self.skip_byte(from), reason: Fault::TrailingComma };
                }
                _ => return self.scan_document(window, from, eof),
            }
        }
    }

    fn more_or_end(&mut self, window: &[u8], eof: bool) -> Step {
        match self.mode {
            _ if !eof => Step::More { drop: window.len() },
            Mode::First | Mode::Separator | Mode::Element => {
                self.mode = Mode::Closed;
                Step::Fault { at: window.len(), next: window.len(), reason: Fault::Unclosed }
            }
            _ => Step::End,
        }
    }

    /// Passes a comma or bracket at `at`.
    fn skip_byte(&mut self, at: usize) -> usize {
        self.indent = None;
        at + 1
    }

    /// Counts white space, and keeps the indentation of what follows.
    fn skip_white(&mut self, bytes: &[u8]) -> usize {
        let white = bytes.iter().take_while(|b| is_white(**b)).count();
        match memrchr(b'\n', &bytes[..white]) {
            Some(line_end) => self.indent = Some(white - line_end - 1),
            None => self.indent = self.indent.map(|before| before + white),
        }
        white
    }

    /// Cuts the document that begins at `from`.
    fn scan_document(&mut self, window: &[u8], from: usize, eof: bool) -> Step {
        let rest = &window[from..];
        let in_array = matches!(self.mode, Mode::First | Mode::Element);
        let by_line = self.mode == Mode::Lines
            || (self.mode == Mode::Undecided && !self.document.begun && !matches!(rest[0], b'{' | b'['))
            || self.document.is_line;
        self.document.is_line = by_line;
        self.document.begun = true;
        let end = if by_line { self.document.line_end(rest) } else { self.document.end(rest, in_array, self.indent) };
        let Some(end) = end.or(eof.then_some(rest.len())) else { return Step::More { drop: from } };

        let document = std::mem::take(&mut self.document);
        let mut content = &rest[..end];
        if document.lost && in_array {
            // The comma that stood in front of the place where the array was found again.
            let trimmed = trim_end(content);
            self.mode = if trimmed.ends_with(b",") { Mode::Element } else { Mode::Separator };
            content = trimmed.strip_suffix(b",").unwrap_or(trimmed);
        } else if in_array {
            self.mode = Mode::Separator;
        } else if self.mode == Mode::Undecided && !by_line && !document.lost {
            self.mode = if document.spans_lines { Mode::Documents } else { Mode::FirstLine };
        }
        // A document found again stands at the start of its line, with the indentation of the lost one.
        self.indent = self.indent.filter(|_| document.lost);
        Step::Record { start: from, end: from + trim_end(content).len(), next: from + end }
    }
}

/// White space by RFC 8259, which a form feed is not.
fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The bytes without the white space at their end.
#[inline]
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let content = bytes.iter().rposition(|b| !is_white(*b)).map_or(0, |last| last + 1);
    &bytes[..content]
}

/// White space in front of a document.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct White {
    pub(super) len: usize,
    pub(super) line_ends: u64,
}

impl White {
    #[inline]
    pub(super) fn before(bytes: &[u8]) -> Self {
        let mut white = Self::default();
        while let Some(byte) = bytes.get(white.len).filter(|b| is_white(**b)) {
            white.line_ends += u64::from(*byte == b'\n');
            white.len += 1;
        }
        white
    }
}

/// A document whose end is being looked for.
#[derive(Debug, Default)]
struct Document {
    begun: bool,
    is_line: bool,
    scanned: usize,
    in_string: bool,
    depth: usize,
    /// One bit for each of the outer 128 levels: 1 for an object.
    objects: u128,
    /// The last byte outside strings that is no white space.
    before: u8,
    spans_lines: bool,
    /// The brackets contradict each other: look for a line that begins a document.
    lost: bool,
}

impl Document {
    fn line_end(&mut self, rest: &[u8]) -> Option<usize> {
        let end = memchr(b'\n', &rest[self.scanned..]).map(|at| self.scanned + at);
        self.scanned = rest.len();
        end
    }

    /// Where the document that starts `rest` ends.
    fn end(&mut self, rest: &[u8], in_array: bool, indent: Option<usize>) -> Option<usize> {
        loop {
            if self.lost {
                return self.found_again(rest, in_array, indent);
            }
            if self.in_string {
                let at =
                    self.scanned + memchr3(b'"', b'\\', b'\n', &rest[self.scanned..]).or_else(|| self.wait(rest))?;
                match rest[at] {
                    // What is escaped may be a quote, and may not be here yet.
                    b'\\' if at + 1 == rest.len() => {
                        self.scanned = at;
                        return None;
                    }
                    b'\\' => self.scanned = at + 2,
                    b'"' => {
                        (self.in_string, self.scanned) = (false, at + 1);
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => (self.lost, self.scanned) = (true, at),
                }
                continue;
            }
            let at = self.scanned;
            let byte = *rest.get(at)?;
            match byte {
                b'"' if self.depth == 0 && at > 0 => return Some(at),
                b'"' => self.in_string = true,
                b'{' | b'[' if self.depth == 0 && at > 0 => return Some(at),
                b'{' | b'[' if self.may_open() => self.open(byte == b'{'),
                // A bracket that closes the array ends an element; anywhere else it is a piece of garbage.
                b']' if self.depth == 0 && in_array && at > 0 => return Some(at),
                b'}' | b']' if self.depth == 0 => {}
                b'}' | b']' if self.may_close(byte == b'}') => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.scanned = at + 1;
                        return Some(at + 1);
                    }
                }
                b'{' | b'[' | b'}' | b']' => {
                    // Looked for from the line end before it, since this very line may begin a document.
                    let line_end = memrchr(b'\n', &rest[..at]).filter(|end| rest[end + 1..at].trim_ascii().is_empty());
                    (self.lost, self.scanned) = (true, line_end.unwrap_or(at));
                    continue;
                }
                b',' if self.depth == 0 && in_array => return Some(at),
                _ if is_white(byte) => {
                    if self.depth == 0 {
                        return Some(at);
                    }
                    self.spans_lines |= byte == b'\n';
                    self.scanned += 1;
                    continue;
                }
                _ => {}
            }
            self.before = byte;
            self.scanned += 1;
        }
    }

    fn wait(&mut self, rest: &[u8]) -> Option<usize> {
        self.scanned = rest.len();
        None
    }

    fn in_object(&self) -> Option<bool> {
        (1..=128).contains(&self.depth).then(|| self.objects >> (self.depth - 1) & 1 == 1)
    }

    /// Whether a bracket may open here: in an object only behind a colon, in an array not behind a value.
    fn may_open(&self) -> bool {
        match self.in_object() {
            Some(true) => self.before == b':',
            Some(false) => matches!(self.before, b'[' | b','),
            None => true,
        }
    }

    fn may_close(&self, object: bool) -> bool {
        self.in_object().is_none_or(|open| open == object)
    }

    fn open(&mut self, object: bool) {
        if self.depth < 128 {
            self.objects = self.objects & !(1 << self.depth) | u128::from(object) << self.depth;
        }
        self.depth += 1;
    }

    /// The next line that begins a document, or ends the array, at the lost document's indentation.
    fn found_again(&mut self, rest: &[u8], in_array: bool, indent: Option<usize>) -> Option<usize> {
        let indent = indent.or_else(|| self.wait(rest))?;
        while let Some(line_end) = memchr(b'\n', &rest[self.scanned..]) {
            let line = self.scanned + line_end + 1;
            let blanks = rest[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            // Whether this line begins a document is seen at its first byte.
            let Some(&first) = rest.get(line + blanks) else {
                self.scanned = line - 1;
                return None;
            };
            let begins = matches!(first, b'{' | b'[') && blanks == indent;
            let closes = in_array && first == b']' && blanks < indent;
            if begins || closes {
                return Some(line + blanks);
            }
            self.scanned = line;
        }
        self.wait(rest)
    }

    fn behead(&mut self) -> usize {
        // One byte stays, so that the place is still known not to be the document's first.
        let dropped = self.scanned.saturating_sub(1);
        self.scanned -= dropped;
        dropped
    }
}
