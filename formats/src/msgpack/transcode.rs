//! JSON columns → MessagePack: the values that their text stands for.

use super::{
    options::Decimals,
    write::{push_array, push_bool, push_f64, push_i64, push_map, push_nil, push_str, push_u64},
};
use crate::{column::same_digits, json::syntax::Scanner};

/// Writes JSON text as values; its memory is kept from row to row.
#[derive(Debug, Default)]
pub(super) struct Transcoder {
    scanner: Scanner,
    /// The containers around the current value, the innermost last.
    open: Vec<Open>,
    /// A string without its escapes.
    text: Vec<u8>,
    /// The head of a container.
    head: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// Where its values begin in the output; its head goes in front of them once their number is known.
    at: usize,
    /// Values and keys so far.
    values: usize,
    is_map: bool,
}

impl Transcoder {
    /// Appends the value that `text` stands for; false when it is no JSON, or too long.
    ///
    /// Cost: O(bytes) for each level of nesting, since a head is put in front of what it counts.
    #[must_use]
    pub(super) fn push(&mut self, out: &mut Vec<u8>, text: &str, decimals: Decimals) -> bool {
        let bytes = text.as_bytes();
        if !self.scanner.is_document(bytes) {
            return false;
        }
        self.open.clear();
        let (mut at, mut fits) = (0, true);
        // The text is well-formed, so punctuation need not be looked at: containers and values say everything.
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    self.count();
                    self.open.push(Open { at: out.len(), values: 0, is_map: byte == b'{' });
                    at += 1;
                }
                b'}' | b']' => {
                    if let Some(open) = self.open.pop() {
                        fits &= self.close(out, open);
                    }
                    at += 1;
                }
                b'"' => {
                    self.count();
                    at = self.unescape(bytes, at + 1);
                    fits &= push_str(out, &self.text);
                }
                b't' | b'f' => {
                    self.count();
                    push_bool(out, byte == b't');
                    at += if byte == b't' { 4 } else { 5 };
                }
                b'n' => {
                    self.count();
                    push_nil(out);
                    at += 4;
                }
                b'-' | b'0'..=b'9' => {
                    self.count();
                    let is_number = |b: &u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                    let end = bytes[at..].iter().position(|b| !is_number(b)).map_or(bytes.len(), |len| at + len);
                    fits &= push_number(out, &text[at..end], decimals);
                    at = end;
                }
                _ => at += 1,
            }
        }
        fits
    }

    fn count(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.values += 1;
        }
    }

    fn close(&mut self, out: &mut Vec<u8>, open: Open) -> bool {
        self.head.clear();
        let fits = if open.is_map {
            push_map(&mut self.head, open.values / 2)
        } else {
            push_array(&mut self.head, open.values)
        };
        out.splice(open.at..open.at, self.head.iter().copied());
        fits
    }

    /// Puts the string whose inside begins at `at` into `text`, and returns where its closing quote ends.
    fn unescape(&mut self, bytes: &[u8], mut at: usize) -> usize {
        self.text.clear();
        loop {
            let rest = bytes.get(at..).unwrap_or(&[]);
            // Not memchr, which calls the function that it has chosen for the machine through a pointer.
            let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else { return bytes.len() };
            self.text.extend_from_slice(&rest[..plain]);
            at += plain + 2;
            if rest[plain] == b'"' {
                return at - 1;
            }
            let c = match rest.get(plain + 1) {
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'u') => {
                    let (c, len) = unicode(bytes, at);
                    at += len;
                    c
                }
                Some(plain) => char::from(*plain),
                None => return bytes.len(),
            };
            self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The character whose four digits stand at `at`, perhaps with its other half behind them, and their length.
fn unicode(bytes: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd)
    };
    let high = unit(at);
    if (0xd800..0xdc00).contains(&high) {
        let low = unit(at + 6);
        let both = 0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
        return (char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}

/// Appends a number; one that neither 64-bit integers nor DOUBLE hold goes the way of decimals.
#[must_use]
pub(super) fn push_number(out: &mut Vec<u8>, text: &str, decimals: Decimals) -> bool {
    if let Ok(v) = text.parse::<i64>() {
        push_i64(out, v);
        return true;
    }
    if let Ok(v) = text.parse::<u64>() {
        push_u64(out, v);
        return true;
    }
    match text.parse::<f64>() {
        Ok(v) if v.is_finite() && (decimals == Decimals::Float || is_shortest(v, text)) => push_f64(out, v),
        _ => return push_str(out, text.as_bytes()),
    }
    true
}

fn is_shortest(v: f64, text: &str) -> bool {
    same_digits(ryu::Buffer::new().format_finite(v), text)
}
