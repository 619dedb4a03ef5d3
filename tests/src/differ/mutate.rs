//! Mutations of records, by bytes, by tokens and by fields.

use std::ops::Range;

use super::seeds::{KEYS, SPACES, VALUES};
use crate::random::Random;

/// Changes records at random; the same seed makes the same changes.
#[derive(Debug)]
pub struct Mutator {
    /// Where all choices come from.
    pub random: Random,
    tokens: Vec<Range<usize>>,
    scratch: Vec<u8>,
}

impl Mutator {
    /// A mutator that makes the choices of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { random: Random(seed), tokens: Vec::new(), scratch: Vec::new() }
    }

    /// Changes `record` once to a few times; `other` is what pieces are taken from. Sometimes it stays as it is, so
    /// that good records surround the others.
    pub fn mutate(&mut self, record: &mut Vec<u8>, other: &[u8]) {
        let times = self.random.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 6]);
        for _ in 0..times {
            match self.random.below(16) {
                0 => self.byte(record),
                1 => self.cut(record),
                2..=8 => self.token(record, other),
                9..=11 => self.fields(record),
                12 => self.number(record),
                13 => self.string(record),
                14 => self.space(record),
                _ => self.splice(record, other),
            }
            if record.len() > 1 << 14 {
                record.truncate(1 << 14);
            }
        }
    }

    fn within(&mut self, record: &[u8]) -> usize {
        self.random.below(record.len() + 1)
    }

    fn byte(&mut self, record: &mut Vec<u8>) {
        const BYTES: &[u8] = b"{}[]:,\"\\/0123456789.eE+-tfnaulrse \t\n\r\0\x01\x1f\x7f\x80\xbf\xc0\xc3\xa9\xe2\x82\xed\xa0\xf0\x9f\xf5\xff'#";
        let (at, byte) = (self.within(record), self.random.pick(BYTES));
        match self.random.below(3) {
            0 => record.insert(at, byte),
            1 if at < record.len() => drop(record.remove(at)),
            1 => record.push(byte),
            _ => match record.get_mut(at) {
                Some(old) if self.random.below(2) == 0 => *old ^= 1 << self.random.below(8),
                Some(old) => *old = byte,
                None => record.push(byte),
            },
        }
    }

    /// Cuts the end or the beginning off.
    fn cut(&mut self, record: &mut Vec<u8>) {
        let at = self.within(record);
        if self.random.below(8) == 0 { drop(record.drain(..at)) } else { record.truncate(at) }
    }

    /// Puts a part of another record somewhere.
    fn splice(&mut self, record: &mut Vec<u8>, other: &[u8]) {
        let (at, a, b) = (self.within(record), self.within(other), self.within(other));
        record.splice(at..at, other[a.min(b)..a.max(b)].iter().copied());
    }

    /// Inserts white space between two tokens, or somewhere.
    fn space(&mut self, record: &mut Vec<u8>) {
        tokens(record, &mut self.tokens);
        let at = match self.tokens.len() {
            0 => self.within(record),
            n => self.tokens[self.random.below(n)].start,
        };
        let space = self.random.pick(SPACES);
        record.splice(at..at, space.bytes());
    }

    fn token(&mut self, record: &mut Vec<u8>, other: &[u8]) {
        tokens(record, &mut self.tokens);
        if self.tokens.is_empty() {
            return;
        }
        let token = self.tokens[self.random.below(self.tokens.len())].clone();
        match self.random.below(8) {
            0 => drop(record.drain(token)),
            1 => {
                self.scratch.clear();
                self.scratch.extend_from_slice(&record[token.clone()]);
                record.splice(token.start..token.start, self.scratch.iter().copied());
            }
            2 => {
                let with = self.tokens[self.random.below(self.tokens.len())].clone();
                let (first, last) = if token.start <= with.start { (token, with) } else { (with, token) };
                if first.end <= last.start {
                    self.scratch.clear();
                    for part in [last.clone(), first.end..last.start, first.clone()] {
                        self.scratch.extend_from_slice(&record[part]);
                    }
                    record[first.start..last.end].copy_from_slice(&self.scratch);
                }
            }
            3 => {
                // A token of another record in its place.
                let mut theirs = std::mem::take(&mut self.tokens);
                tokens(other, &mut theirs);
                if !theirs.is_empty() {
                    let with = theirs[self.random.below(theirs.len())].clone();
                    record.splice(token, other[with].iter().copied());
                }
                self.tokens = theirs;
            }
            4 if record[token.start] == b'"' => {
                let key = self.random.pick(KEYS);
                record.splice(token.start..token.end, format!("\"{key}\"").into_bytes());
            }
            5 => {
                let text = if self.random.below(2) == 0 { self.any_number() } else { self.any_string() };
                self.replace_value(record, &text);
            }
            _ => {
                let value = self.random.pick(VALUES);
                self.replace_value(record, value.as_bytes());
            }
        }
    }

    /// Puts `text` in the place of a scalar that stands as a value, so that the record stays well-formed if it was.
    fn replace_value(&mut self, record: &mut Vec<u8>, text: &[u8]) {
        let is_value = |i: &usize| {
            let first = record[self.tokens[*i].start];
            let is_key = self.tokens.get(i + 1).is_some_and(|next| record[next.start] == b':');
            !b"{}[]:,".contains(&first) && !is_key
        };
        let from = self.random.below(self.tokens.len());
        if let Some(i) = (from..self.tokens.len()).chain(0..from).find(is_value) {
            record.splice(self.tokens[i].clone(), text.iter().copied());
        }
    }

    /// Shuffles, repeats or removes the members of an object or the items of an array.
    fn fields(&mut self, record: &mut Vec<u8>) {
        tokens(record, &mut self.tokens);
        let opens: Vec<usize> =
            (0..self.tokens.len()).filter(|i| matches!(record[self.tokens[*i].start], b'{' | b'[')).collect();
        // The outermost more often than one of the inner ones.
        let Some(open) = (match self.random.below(2) {
            0 => opens.first().copied(),
            _ => opens.get(self.random.below(opens.len())).copied(),
        }) else {
            return;
        };
        let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, self.tokens[open].end);
        for token in &self.tokens[open + 1..] {
            match record[token.start] {
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => {
                    parts.push(from..token.start);
                    break;
                }
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => {
                    parts.push(from..token.start);
                    from = token.end;
                }
                _ => {}
            }
        }
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let whole = first.start..last.end;
        match self.random.below(4) {
            0 => {
                let again = parts[self.random.below(parts.len())].clone();
                parts.insert(self.random.below(parts.len() + 1), again);
            }
            1 => drop(parts.remove(self.random.below(parts.len()))),
            2 => (1..parts.len()).rev().for_each(|i| parts.swap(i, self.random.below(i + 1))),
            _ => {
                let (a, b) = (self.random.below(parts.len()), self.random.below(parts.len()));
                parts.swap(a, b);
            }
        }
        let parts: Vec<&[u8]> = parts.into_iter().map(|part| &record[part]).collect();
        let parts = parts.join(&b',');
        record.splice(whole, parts);
    }

    /// Changes a digit, or a number's shape.
    fn number(&mut self, record: &mut Vec<u8>) {
        const PIECES: [&str; 14] =
            ["0", "9", "5", ".", "e", "E", "e-", "e+3", "-", "000000000000", "99999999", "e300", "e-330", ".0"];
        let from = self.within(record);
        let digit = (from..record.len()).chain(0..from).find(|at| record[*at].is_ascii_digit());
        let Some(at) = digit else { return };
        match self.random.below(3) {
            0 => record[at] = b'0' + self.random.below(10) as u8,
            1 => {
                let piece = self.random.pick(&PIECES);
                record.splice(at..at, piece.bytes());
            }
            _ => drop(record.remove(at)),
        }
    }

    /// Changes what a string holds, or writes some of its characters as escapes.
    fn string(&mut self, record: &mut Vec<u8>) {
        tokens(record, &mut self.tokens);
        let strings: Vec<Range<usize>> =
            self.tokens.iter().filter(|t| record[t.start] == b'"' && t.len() >= 2).cloned().collect();
        if strings.is_empty() {
            return;
        }
        let token = strings[self.random.below(strings.len())].clone();
        if self.random.below(2) == 0 {
            let text = self.any_string();
            record.splice(token, text);
            return;
        }
        let inside = &record[token.start + 1..token.end - 1];
        if let (false, Ok(text)) = (inside.contains(&b'\\'), std::str::from_utf8(inside)) {
            let mut escaped = String::from("\"");
            for c in text.chars() {
                if self.random.below(3) == 0 {
                    c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
                } else {
                    escaped.push(c);
                }
            }
            escaped.push('"');
            record.splice(token, escaped.into_bytes());
        }
    }

    /// A number of any length, with a point and an exponent sometimes.
    pub fn any_number(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        if self.random.below(3) == 0 {
            text.push(b'-');
        }
        let most = self.random.pick(&[3, 20, 20, 40]);
        let digits = 1 + self.random.below(most);
        let point = self.random.below(digits + 4);
        for i in 0..digits {
            if i == point && i > 0 {
                text.push(b'.');
            }
            let lowest = u8::from(i == 0 && digits > 1 && point != 1);
            text.push(b'0' + lowest + self.random.below(10 - usize::from(lowest)) as u8);
        }
        if self.random.below(4) == 0 {
            let exponent = self.random.below(40) as i64 - 20 + if self.random.below(8) == 0 { 300 } else { 0 };
            text.extend_from_slice(format!("e{exponent}").as_bytes());
        }
        text
    }

    /// A string of up to 80 bytes, with something special somewhere sometimes.
    pub fn any_string(&mut self) -> Vec<u8> {
        const SPECIAL: &[&[u8]] = &[
            b"\\\"",
            b"\\\\",
            b"\\n",
            b"\\u00e9",
            b"\\ud83d\\ude00",
            b"\\ud83d",
            b"\\/",
            b"\"",
            b"\\",
            b"\n",
            b"\0",
            b"\x1f",
            b"\x7f",
            b"\x80",
            b"\xc3\xa9",
            b"\xc3",
            b"\xe6\xbc\xa2",
            b"\xe6\xbc",
            b"\xf0\x9f\xa6\x80",
            b"\xf0\x9f\xa6",
            b"\xed\xa0\x80",
            b"\xc0\xaf",
            b"\xf4\x90\x80\x80",
            b"\xff",
            b"\\\\\\\\\\\\\\\\",
            b"{}[]:,",
        ];
        let length = self.random.below(80);
        let mut text = vec![b'"'];
        text.extend((0..length).map(|i| b'a' + (i % 26) as u8));
        for _ in 0..self.random.pick(&[0, 1, 1, 2, 5]) {
            let (at, special) = (1 + self.random.below(text.len()), self.random.pick(SPECIAL));
            text.splice(at..at, special.iter().copied());
        }
        text.push(b'"');
        text
    }
}

/// Where tokens stand: brackets, colons and commas, strings, and what is between them. Any bytes will do.
fn tokens(record: &[u8], out: &mut Vec<Range<usize>>) {
    out.clear();
    let mut at = 0;
    while at < record.len() {
        let from = at;
        match record[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'{' | b'}' | b'[' | b']' | b':' | b',' => at += 1,
            b'"' => {
                at += 1;
                while at < record.len() && record[at] != b'"' {
                    at += if record[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(record.len());
            }
            _ => {
                while at < record.len() && !b" \t\n\r{}[]:,\"".contains(&record[at]) {
                    at += 1;
                }
            }
        }
        out.push(from..at);
    }
}
