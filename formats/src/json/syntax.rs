//! A strict scanner of RFC 8259, for the cold path: what is wrong and where, where documents end, where numbers
//! stand. simd-json's errors say too little of it, and it refuses numbers that are well-formed.

use std::ops::Range;

/// Scans documents; reused so that its stack is allocated once.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// The open containers; true for an object.
    stack: Vec<bool>,
}

/// What is wrong with a document, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) problem: Problem,
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The input ends where something else must follow.
    End(&'static str),
    /// Another character is expected.
    Expected(&'static str),
    /// Nesting is deeper than allowed.
    TooDeep,
}

impl SyntaxError {
    /// The reason in words, with the character that stands there.
    #[cold]
    #[inline(never)]
    pub(crate) fn reason(self, source: &[u8]) -> String {
        match self.problem {
            Problem::End(expected) => format!("expected {expected}, found the end of the record"),
            Problem::Expected(expected) => {
                let rest = source.get(self.at..).unwrap_or(&[]);
                let found = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
                match found {
                    Some(c) if c.is_control() => format!("expected {expected}, found {c:?}"),
                    Some(c) => format!("expected {expected}, found `{c}`"),
                    None => format!("expected {expected}"),
                }
            }
            Problem::TooDeep => "nested too deep".to_owned(),
        }
    }
}

impl Scanner {
    /// True when `bytes` are exactly one document in UTF-8, with white space around it at most.
    pub(crate) fn is_document(&mut self, bytes: &[u8]) -> bool {
        let end = self.document(bytes, 0, usize::MAX, &mut |_| {});
        end.is_ok_and(|end| skip_space(bytes, end) == bytes.len()) && std::str::from_utf8(bytes).is_ok()
    }

    /// Scans one document from `at` on and returns where it ends. Every number is shown to `number`.
    ///
    /// # Errors
    /// The first thing that is wrong. UTF-8 is not looked at.
    pub(crate) fn document(
        &mut self,
        bytes: &[u8],
        at: usize,
        max_depth: usize,
        number: &mut impl FnMut(Range<usize>),
    ) -> Result<usize, SyntaxError> {
        self.stack.clear();
        let mut at = at;
        loop {
            at = skip_space(bytes, at);
            at = match bytes.get(at) {
                Some(open @ (b'{' | b'[')) => {
                    if self.stack.len() >= max_depth {
                        return Err(SyntaxError { at, problem: Problem::TooDeep });
                    }
                    let is_object = *open == b'{';
                    self.stack.push(is_object);
                    let inside = skip_space(bytes, at + 1);
                    if bytes.get(inside) == Some(if is_object { &b'}' } else { &b']' }) {
                        self.stack.pop();
                        inside + 1
                    } else {
                        at = if is_object { key(bytes, inside, "a key or `}`")? } else { inside };
                        continue;
                    }
                }
                Some(b'"') => string(bytes, at)?,
                Some(b'-' | b'0'..=b'9') => {
                    let end = scan_number(bytes, at)?;
                    number(at..end);
                    end
                }
                Some(b't') => literal(bytes, at, b"true")?,
                Some(b'f') => literal(bytes, at, b"false")?,
                Some(b'n') => literal(bytes, at, b"null")?,
                _ => return Err(wrong(bytes, at, "a value")),
            };
            match self.after_value(bytes, at)? {
                Next::Value(next) => at = next,
                Next::Done => return Ok(at),
                Next::Closed(end) => return Ok(end),
            }
        }
    }

    /// Closes what ends behind a value, and finds the next one.
    fn after_value(&mut self, bytes: &[u8], at: usize) -> Result<Next, SyntaxError> {
        if self.stack.is_empty() {
            return Ok(Next::Done);
        }
        let mut at = at;
        while let Some(is_object) = self.stack.last().copied() {
            at = skip_space(bytes, at);
            match (bytes.get(at), is_object) {
                (Some(b','), true) => return Ok(Next::Value(key(bytes, skip_space(bytes, at + 1), "a key")?)),
                (Some(b','), false) => return Ok(Next::Value(at + 1)),
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.stack.pop();
                    at += 1;
                }
                (_, true) => return Err(wrong(bytes, at, "`,` or `}`")),
                (_, false) => return Err(wrong(bytes, at, "`,` or `]`")),
            }
        }
        Ok(Next::Closed(at))
    }
}

enum Next {
    Value(usize),
    Done,
    Closed(usize),
}

#[cold]
#[inline(never)]
fn wrong(bytes: &[u8], at: usize, expected: &'static str) -> SyntaxError {
    let problem = if at >= bytes.len() { Problem::End(expected) } else { Problem::Expected(expected) };
    SyntaxError { at, problem }
}

/// The first byte from `at` on that is no white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len())
}

/// A key and its colon; returns where the value may begin.
fn key(bytes: &[u8], at: usize, expected: &'static str) -> Result<usize, SyntaxError> {
    if bytes.get(at) != Some(&b'"') {
        return Err(wrong(bytes, at, expected));
    }
    let colon = skip_space(bytes, string(bytes, at)?);
    if bytes.get(colon) == Some(&b':') { Ok(colon + 1) } else { Err(wrong(bytes, colon, "`:`")) }
}

fn literal(bytes: &[u8], at: usize, word: &'static [u8]) -> Result<usize, SyntaxError> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word) && ends_token(bytes, end) { Ok(end) } else { Err(wrong(bytes, at, "a value")) }
}

/// A literal or number must not run into what follows it.
fn ends_token(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b']' | b'}' | b'[' | b'{' | b'"'))
}

fn scan_number(bytes: &[u8], at: usize) -> Result<usize, SyntaxError> {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let first = at + usize::from(bytes[at] == b'-');
    let mut end = digits(first);
    if end == first || (bytes[first] == b'0' && end > first + 1) {
        return Err(wrong(bytes, if end == first { first } else { first + 1 }, "a number"));
    }
    if bytes.get(end) == Some(&b'.') {
        let from = end + 1;
        end = digits(from);
        if end == from {
            return Err(wrong(bytes, end, "a digit"));
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(from.min(bytes.len()));
        if end <= from && !bytes.get(from).is_some_and(u8::is_ascii_digit) {
            return Err(wrong(bytes, end, "a digit"));
        }
    }
    if ends_token(bytes, end) { Ok(end) } else { Err(wrong(bytes, end, "the number's end")) }
}

/// The string that opens at `at`; returns the byte behind its closing quote.
pub(crate) fn string(bytes: &[u8], at: usize) -> Result<usize, SyntaxError> {
    let mut at = at + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(bytes, at)?,
            Some(0..0x20) => return Err(wrong(bytes, at, "an escape in place of a control character")),
            Some(_) => at += 1,
            None => return Err(wrong(bytes, at, "`\"`")),
        }
    }
}

/// The escape that begins at `at`; returns the byte behind it. Surrogates must come in pairs.
fn escape(bytes: &[u8], at: usize) -> Result<usize, SyntaxError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(bytes, at)? {
            0xD800..0xDC00 => {
                let low = at + 6;
                let is_low = bytes.get(low..low + 2) == Some(b"\\u") && matches!(unit(bytes, low)?, 0xDC00..0xE000);
                if is_low { Ok(low + 6) } else { Err(wrong(bytes, low, "the low half of a surrogate pair")) }
            }
            0xDC00..0xE000 => Err(wrong(bytes, at, "the high half of a surrogate pair first")),
            _ => Ok(at + 6),
        },
        _ => Err(wrong(bytes, at + 1, "an escape")),
    }
}

/// The code unit of the `\uXXXX` that begins at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u16, SyntaxError> {
    let mut unit = 0_u16;
    for at in at + 2..at + 6 {
        let digit = bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
        let Some(digit) = digit else { return Err(wrong(bytes, at, "a hexadecimal digit")) };
        unit = unit << 4 | digit as u16;
    }
    Ok(unit)
}
