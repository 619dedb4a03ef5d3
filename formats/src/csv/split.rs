//! One CSV record → its fields.

use super::Dialect;

/// Splits records into fields, reusing its memory from record to record.
///
/// Reads RFC 4180 with the liberties of its [`Dialect`]. A quote inside an unquoted field is text.
#[derive(Debug)]
pub struct Splitter {
    dialect: Dialect,
    fields: Vec<Span>,
    /// Text of fields that had something escaped.
    unescaped: String,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    quoted: bool,
    /// The span is one of `unescaped` rather than of the record.
    rewritten: bool,
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its text, without quotes and escapes.
    pub text: &'a str,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// Why a record cannot be split. Costs nothing to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// The quoted field that starts at this byte does not end.
    UnclosedQuote(usize),
    /// At this byte, text follows a closing quote.
    TextBehindQuote(usize),
    /// At this byte, a line ends outside quotes: the record holds several rows.
    LineEnd(usize),
}

impl SplitError {
    /// The byte that is wrong.
    pub fn offset(self) -> usize {
        match self {
            Self::UnclosedQuote(at) | Self::TextBehindQuote(at) | Self::LineEnd(at) => at,
        }
    }

    /// What is wrong, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnclosedQuote(_) => "expected a closing quote, found the end of the record",
            Self::TextBehindQuote(_) => {
                "expected a delimiter behind the closing quote, found text; double a quote that is meant as text"
            }
            Self::LineEnd(_) => "expected one row in the record, found a line end outside quotes",
        }
    }
}

impl Splitter {
    /// A splitter of a dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, fields: Vec::new(), unescaped: String::new() }
    }

    /// Splits a record, which may end in one line end. An empty record has one empty field.
    ///
    /// # Errors
    /// The record is no CSV; the splitter stays usable.
    pub fn split(&mut self, record: &str) -> Result<(), SplitError> {
        self.fields.clear();
        self.unescaped.clear();
        let record = record.strip_suffix('\n').map_or(record, |r| r.strip_suffix('\r').unwrap_or(r));
        let bytes = record.as_bytes();
        let special = match self.dialect.quote {
            Some(quote) => find_either(quote, b'\n', bytes),
            None => find_either(b'\n', b'\n', bytes),
        };
        match (special, &*self.dialect.delimiter) {
            (None, &[delimiter]) if !self.dialect.trim => {
                self.split_plain(bytes, delimiter);
                Ok(())
            }
            _ => self.split_any(record),
        }
    }

    /// Whether a record is empty, or of nothing but blanks where they are dropped.
    pub fn is_blank(&self, record: &[u8]) -> bool {
        self.blanks(record) == record.len()
    }

    /// Number of fields of the last record.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Field `index` of `record`, which must be what was split last; `None` behind the last one.
    #[inline]
    pub fn field<'a>(&'a self, record: &'a str, index: usize) -> Option<Field<'a>> {
        let span = self.fields.get(index)?;
        let text = if span.rewritten { self.unescaped.as_str() } else { record };
        Some(Field { text: text.get(span.start..span.end)?, quoted: span.quoted })
    }

    /// All fields of `record`, which must be what was split last.
    pub fn fields<'a>(&'a self, record: &'a str) -> impl Iterator<Item = Field<'a>> {
        (0..self.len()).filter_map(move |index| self.field(record, index))
    }

    /// A loop over bytes beats memchr here: fields are shorter than what starting a search costs.
    fn split_plain(&mut self, bytes: &[u8], delimiter: u8) {
        let mut start = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == delimiter {
                self.fields.push(Span { start, end: at, quoted: false, rewritten: false });
                start = at + 1;
            }
        }
        self.fields.push(Span { start, end: bytes.len(), quoted: false, rewritten: false });
    }

    fn split_any(&mut self, record: &str) -> Result<(), SplitError> {
        let bytes = record.as_bytes();
        let mut at = 0;
        loop {
            let start = at + self.blanks(&bytes[at..]);
            let is_quoted = self.dialect.quote.is_some() && bytes.get(start) == self.dialect.quote.as_ref();
            at = if is_quoted { self.quoted_field(record, start)? } else { self.plain_field(bytes, start)? };
            if at == bytes.len() {
                return Ok(());
            }
            at += self.dialect.delimiter.len();
        }
    }

    /// Blanks that `bytes` starts with, as far as they are dropped.
    fn blanks(&self, bytes: &[u8]) -> usize {
        let is_blank = |b: &&u8| matches!(**b, b' ' | b'\t') && !self.dialect.delimiter.contains(b);
        if self.dialect.trim { bytes.iter().take_while(is_blank).count() } else { 0 }
    }

    /// Takes the unquoted field at `start`; yields its end.
    fn plain_field(&mut self, bytes: &[u8], start: usize) -> Result<usize, SplitError> {
        let (first, delimiter) = (self.dialect.delimiter[0], &self.dialect.delimiter);
        let mut at = start;
        while at < bytes.len() && !(bytes[at] == first && bytes[at..].starts_with(delimiter)) {
            if bytes[at] == b'\n' {
                return Err(SplitError::LineEnd(at));
            }
            at += 1;
        }
        let mut end = at;
        if self.dialect.trim {
            while end > start && matches!(bytes[end - 1], b' ' | b'\t') {
                end -= 1;
            }
        }
        self.fields.push(Span { start, end, quoted: false, rewritten: false });
        Ok(at)
    }

    /// Takes the quoted field at `open`, which is its quote; yields the end of what belongs to it.
    fn quoted_field(&mut self, record: &str, open: usize) -> Result<usize, SplitError> {
        let bytes = record.as_bytes();
        // The caller saw a quote, so there is one; without an escape character the quote is looked for twice.
        let quote = bytes[open];
        let escape = self.dialect.escape.unwrap_or(quote);
        let rewritten_start = self.unescaped.len();
        let (mut rewritten, mut from) = (false, open + 1);
        let mut search = from;
        let close = loop {
            let at = search
                + find_either(quote, escape, bytes.get(search..).unwrap_or(&[]))
                    .ok_or(SplitError::UnclosedQuote(open))?;
            let after = bytes.get(at + 1);
            if bytes[at] == quote && after != Some(&quote) {
                break at;
            }
            if after.is_none() {
                return Err(SplitError::UnclosedQuote(open));
            }
            // The escaping byte goes, what it escapes stays.
            self.unescaped.push_str(&record[from..at]);
            (rewritten, from, search) = (true, at + 1, at + 2);
        };
        let span = if rewritten {
            self.unescaped.push_str(&record[from..close]);
            Span { start: rewritten_start, end: self.unescaped.len(), quoted: true, rewritten }
        } else {
            Span { start: open + 1, end: close, quoted: true, rewritten }
        };
        self.fields.push(span);
        let behind = close + 1 + self.blanks(&bytes[close + 1..]);
        match &bytes[behind..] {
            rest if rest.is_empty() || rest.starts_with(&self.dialect.delimiter) => Ok(behind),
            [b'\n', ..] | [b'\r', b'\n', ..] => Err(SplitError::LineEnd(behind)),
            _ => Err(SplitError::TextBehindQuote(behind)),
        }
    }
}

/// Where the first `a` or `b` is. `memchr::memchr2` calls through a function pointer that it chooses at run time; the
/// searchers behind it are static calls, and this one every x86-64 processor has.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
fn find_either(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    memchr::arch::x86_64::sse2::memchr::Two::new(a, b)?.find(bytes)
}

/// Where the first `a` or `b` is.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline]
fn find_either(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    memchr::arch::all::memchr::Two::new(a, b).find(bytes)
}
