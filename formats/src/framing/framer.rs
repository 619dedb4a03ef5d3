//! The state machine of a framing, and where in the stream it stands.

use std::sync::Arc;

use laminar_schema::{DecodeError, Location, SchemaError, SchemaResult, config::ConfigError, format::Framing};

use super::{
    Fault, Resume, Step,
    csv::Csv,
    delimited::Delimited,
    json::{JsonDocuments, White, trim_end},
    lines::{Lines, without_cr},
    msgpack::MsgPackValues,
    ocf::Container,
    whole::Whole,
};

/// Cuts records out of a byte stream, window by window. [`FrameBuffer`](super::FrameBuffer) keeps the window.
///
/// Cost: each byte is looked at once; nothing is allocated.
#[derive(Debug)]
pub struct Framer {
    rule: Rule,
    max_record_bytes: usize,
    /// Place of the window's start.
    at: Resume,
    preamble: Option<Arc<[u8]>>,
    /// The record that starts the window is too large, was reported, and is dropped when its end is found.
    discarding: bool,
    /// The preamble is too large, and nothing behind it can be understood.
    broken: bool,
}

#[derive(Debug)]
enum Rule {
    Lines(Lines),
    Json(JsonDocuments),
    Csv(Csv),
    MsgPack(MsgPackValues),
    Delimited(Delimited),
    Container(Container),
    Whole(Whole),
}

/// One record in the stream's own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The record, without its delimiter.
    pub bytes: &'a [u8],
    /// Byte offset of the record in the stream.
    pub offset: u64,
    /// Line on which the record starts, from 1; 0 in a stream without lines.
    pub line: u64,
    /// Where to go on once the record is safe.
    pub resume: Resume,
}

/// What [`Framer::advance`] did with its window.
pub(super) enum Advance {
    /// Bytes of a record in the window, its place, and how many bytes of the window are done with.
    Record { start: usize, end: usize, offset: u64, line: u64, consumed: usize },
    /// The framing is broken; bytes of the window that are done with.
    Fault { error: SchemaError, consumed: usize },
    /// The preamble was found; bytes of the window that are done with.
    Preamble { consumed: usize },
    /// More bytes are needed behind those that remain.
    More { consumed: usize },
    /// The input has ended.
    End,
}

impl Frame<'_> {
    /// The line as a place knows it: none in a stream without lines.
    #[inline]
    pub fn place_line(&self) -> Option<u64> {
        (self.line > 0).then_some(self.line)
    }
}

impl Framer {
    /// A framer at the start of a stream. Longer records than `max_record_bytes` are reported and passed over; a longer
    /// preamble is the end of everything.
    ///
    /// # Errors
    /// A framing that this crate does not know how to execute.
    pub fn new(framing: &Framing, max_record_bytes: usize) -> SchemaResult<Self> {
        let rule = match framing {
            Framing::Lines => Rule::Lines(Lines::default()),
            Framing::JsonDocuments => Rule::Json(JsonDocuments::new()),
            Framing::Csv(dialect) => Rule::Csv(Csv::new(dialect.clone())),
            Framing::MsgPack => Rule::MsgPack(MsgPackValues::default()),
            Framing::Delimited => Rule::Delimited(Delimited::default()),
            Framing::AvroContainer => Rule::Container(Container::new(max_record_bytes)),
            Framing::Whole => Rule::Whole(Whole::default()),
            other => {
                let given = format!("{other:?}");
                return Err(ConfigError::invalid(
                    "framing",
                    given,
                    "lines, JSON documents, CSV, MessagePack, delimited records, Avro containers or whole files",
                    "",
                )
                .into());
            }
        };
        Ok(Self { rule, max_record_bytes, at: Resume::START, preamble: None, discarding: false, broken: false })
    }

    /// Whether records need the stream's head: a CSV header names the columns of every record behind it, a container's has
    /// their schema.
    ///
    /// A source that resumes in the middle of such a stream reads its head first, until [`Framer::preamble`] knows.
    pub fn has_preamble(&self) -> bool {
        match &self.rule {
            Rule::Csv(csv) => csv.has_header(),
            Rule::Container(_) => true,
            _ => false,
        }
    }

    /// The stream's preamble, once it has been passed.
    pub fn preamble(&self) -> Option<&Arc<[u8]>> {
        self.preamble.as_ref()
    }

    /// The place to resume at when everything yielded so far is safe.
    pub fn resume_at(&self) -> Resume {
        let state = match &self.rule {
            Rule::Lines(_) | Rule::MsgPack(_) => 0,
            Rule::Json(json) => json.state(),
            Rule::Csv(csv) => csv.state(),
            Rule::Container(container) => container.state(),
            Rule::Delimited(records) => records.state(),
            Rule::Whole(whole) => u8::from(whole.done),
        };
        match &self.rule {
            // In front of the first record there is nothing to remember but that.
            Rule::Csv(_) if state == 0 => Resume::START,
            _ => Resume { state, ..self.at },
        }
    }

    /// Goes to another place of the stream. The preamble stays known.
    pub fn seek(&mut self, to: Resume) {
        self.at = to;
        (self.discarding, self.broken) = (false, false);
        match &mut self.rule {
            Rule::Lines(lines) => *lines = Lines::default(),
            Rule::Json(json) => json.resume(to.state),
            Rule::Csv(csv) => csv.resume(to.state),
            Rule::MsgPack(values) => *values = MsgPackValues::default(),
            Rule::Delimited(records) => *records = Delimited::resumed(to.state),
            Rule::Container(container) => container.resume(to.state),
            Rule::Whole(whole) => whole.done = to.state != 0,
        }
    }

    /// Looks for the next record in `window`, which starts where the last call left off.
    pub(super) fn advance(&mut self, window: &[u8], eof: bool) -> Advance {
        if let Some(record) = self.whole_line(window) {
            return record;
        }
        if self.broken {
            return Advance::Fault { error: self.preamble_too_large(), consumed: 0 };
        }
        let mut from = 0;
        loop {
            let rest = &window[from..];
            match self.step(rest, eof) {
                Step::End => {
                    self.pass(rest);
                    return Advance::End;
                }
                Step::Preamble { start, end, .. } if end - start > self.max_record_bytes => {
                    self.pass(&rest[..start]);
                    self.broken = true;
                    return Advance::Fault { error: self.preamble_too_large(), consumed: from + start };
                }
                Step::Preamble { start, end, next } => {
                    self.preamble = Some(rest[start..end].into());
                    self.pass(&rest[..next]);
                    return Advance::Preamble { consumed: from + next };
                }
                Step::Fault { at, next, reason } => {
                    self.pass(&rest[..at]);
                    let mut error = self.fault(reason, &rest[at..]);
                    // All of it is there, and no more will come.
                    if reason == Fault::Truncated && !self.discarding {
                        error = error.with_record(&rest[at..next]);
                    }
                    self.pass(&rest[at..next]);
                    return Advance::Fault { error, consumed: from + next };
                }
                Step::Record { start, end, next } => {
                    self.pass(&rest[..start]);
                    let Resume { offset, line, .. } = self.at;
                    let line = if self.has_lines() { line } else { 0 };
                    let too_large = !self.discarding && end - start > self.max_record_bytes;
                    let error = too_large.then(|| self.too_large(end - start));
                    self.pass(&rest[start..next]);
                    let consumed = from + next;
                    if let Some(error) = error {
                        return Advance::Fault { error, consumed };
                    }
                    if !std::mem::take(&mut self.discarding) {
                        return Advance::Record { start: from + start, end: from + end, offset, line, consumed };
                    }
                    from = consumed;
                }
                Step::More { drop } => {
                    self.pass(&rest[..drop]);
                    from += drop;
                    let pending = self.pending_bytes(&rest[drop..]);
                    if self.is_in_preamble() {
                        self.broken = pending > self.max_record_bytes;
                        return match self.broken {
                            true => Advance::Fault { error: self.preamble_too_large(), consumed: from },
                            false => Advance::More { consumed: from },
                        };
                    }
                    let error = (!self.discarding && pending > self.max_record_bytes).then(|| self.too_large(pending));
                    self.discarding |= error.is_some();
                    if self.discarding {
                        let dropped = self.behead();
                        self.pass(&window[from..from + dropped]);
                        from += dropped;
                    }
                    return match error {
                        Some(error) => Advance::Fault { error, consumed: from },
                        None => Advance::More { consumed: from },
                    };
                }
            }
        }
    }

    /// The next record, where it is known to be a line and all of it is in the window: what most records are, and
    /// without looking twice at any byte. `None` leaves everything as it was, to the general way.
    #[inline]
    fn whole_line(&mut self, window: &[u8]) -> Option<Advance> {
        if self.discarding {
            return None;
        }
        let (white, end, next) = match &self.rule {
            Rule::Lines(lines) if lines.scanned == 0 => {
                let line_end = memchr::memchr(b'\n', window)?;
                (White::default(), without_cr(window, line_end), line_end + 1)
            }
            Rule::Json(json) if json.is_between_lines() => {
                let white = White::before(window);
                let line_end = white.len + memchr::memchr(b'\n', &window[white.len..])?;
                (white, white.len + trim_end(&window[white.len..line_end]).len(), line_end)
            }
            Rule::Csv(csv) => {
                let (end, next) = csv.whole_line(window)?;
                (White::default(), end, next)
            }
            _ => return None,
        };
        if end - white.len > self.max_record_bytes {
            return None;
        }
        let (offset, line) = (self.at.offset + white.len as u64, self.at.line + white.line_ends);
        self.at.offset += next as u64;
        // A line of text ends with its line end, one of JSON documents in front of it.
        self.at.line = line + u64::from(matches!(self.rule, Rule::Lines(_) | Rule::Csv(_)));
        Some(Advance::Record { start: white.len, end, offset, line, consumed: next })
    }

    /// Size of an unfinished record. White space at its end may turn out to belong to its delimiter, and counts only
    /// where there is so much of it that it must not be kept.
    fn pending_bytes(&self, record: &[u8]) -> usize {
        if matches!(&self.rule, Rule::Csv(csv) if csv.is_at_mark()) {
            return 0;
        }
        if matches!(&self.rule, Rule::Delimited(records) if records.is_in_length()) {
            return 0;
        }
        let record = &record[self.lead().min(record.len())..];
        let content = record.trim_ascii_end().len();
        if record.len() - content > self.max_record_bytes.max(4096) { record.len() } else { content }
    }

    /// Whether a byte that is a line feed ends a line.
    fn has_lines(&self) -> bool {
        !matches!(self.rule, Rule::MsgPack(_) | Rule::Delimited(_) | Rule::Container(_))
    }

    fn is_in_preamble(&self) -> bool {
        match &self.rule {
            Rule::Csv(csv) => csv.is_in_front(),
            Rule::Container(container) => container.is_in_front(),
            _ => false,
        }
    }

    fn step(&mut self, window: &[u8], eof: bool) -> Step {
        match &mut self.rule {
            Rule::Lines(lines) => lines.step(window, eof),
            Rule::Json(json) => json.step(window, eof),
            Rule::Csv(csv) => csv.step(window, eof),
            Rule::MsgPack(values) => values.step(window, eof),
            Rule::Delimited(records) => records.step(window, eof),
            Rule::Container(container) => container.step(window, eof),
            Rule::Whole(whole) => whole.step(window, eof),
        }
    }

    fn behead(&mut self) -> usize {
        match &mut self.rule {
            Rule::Lines(lines) => std::mem::take(&mut lines.scanned),
            Rule::Json(json) => json.behead(),
            Rule::Csv(csv) => csv.behead(),
            Rule::MsgPack(values) => values.behead(),
            Rule::Delimited(records) => records.behead(),
            Rule::Container(container) => container.behead(),
            Rule::Whole(whole) => std::mem::take(&mut whole.scanned),
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.at.offset += bytes.len() as u64;
        if self.has_lines() {
            let line_end = match &self.rule {
                Rule::Csv(csv) => csv.line_end(),
                _ => b'\n',
            };
            self.at.line += memchr::memchr_iter(line_end, bytes).count() as u64;
        }
    }

    #[cold]
    fn too_large(&self, size: usize) -> SchemaError {
        self.error(DecodeError::TooLarge { size, limit: self.max_record_bytes })
    }

    /// Not a row-level error: without the header's names, no record behind it means anything.
    #[cold]
    fn preamble_too_large(&self) -> SchemaError {
        let (expected, reason) = match self.rule {
            Rule::Container(_) => {
                ("room for the header of the Avro container", "the header is longer; raise the limit")
            }
            _ => (
                "room for the CSV header",
                "the header is longer; raise the limit, or look for a quote in the header that is never closed",
            ),
        };
        let limit = self.max_record_bytes.to_string();
        SchemaError::from(ConfigError::invalid("max_record_bytes", limit, expected, reason)).at(self.place())
    }

    #[cold]
    fn fault(&self, fault: Fault, found: &[u8]) -> SchemaError {
        let expected = match fault {
            Fault::ValueExpected => "an element between the array's commas",
            Fault::CommaExpected => "a comma or `]` behind the array's element",
            Fault::TrailingComma => "an element behind the array's last comma",
            Fault::EndExpected => "nothing behind the array",
            Fault::Unclosed => "`]` at the end of the array",
            Fault::Truncated => "the rest of a record, as its length says",
            Fault::Length => "the length of a record, a varint of at most 64 bits",
            Fault::ContainerMagic => "the magic bytes `Obj\\x01` of an Avro container file",
            Fault::ContainerHeader => "a container's header, a map of texts to bytes and a sync marker",
            Fault::BlockHead => "a block's number of values and its size, varints from 0 on",
            Fault::BlockEnd => "a block with the file's sync marker behind it; the next one is looked for",
            Fault::BlockTooLarge(size) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                return self.too_large(size);
            }
        };
        // One byte: what is behind it may not have been read yet, and the message must not depend on that.
        let found = match found.first() {
            _ if fault == Fault::Truncated => "the end of the input".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("`{}`", char::from(*byte)),
            Some(byte) => format!("byte 0x{byte:02x}"),
            None => "the end of the input".to_owned(),
        };
        self.error(DecodeError::Syntax { reason: format!("expected {expected}, found {found}") })
    }

    #[cold]
    fn error(&self, error: DecodeError) -> SchemaError {
        SchemaError::new(error).at(self.place())
    }

    /// Bytes of the window in front of an unfinished record.
    fn lead(&self) -> usize {
        match &self.rule {
            Rule::Delimited(records) => records.lead(),
            _ => 0,
        }
    }

    fn place(&self) -> Location {
        let line = self.has_lines().then_some(self.at.line);
        Location { offset: Some(self.at.offset + self.lead() as u64), line, ..Location::default() }
    }
}
