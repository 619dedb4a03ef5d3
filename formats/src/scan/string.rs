//! String bodies: what stands between two quotes.

use super::{
    cursor::Cursor,
    isa::{Isa, WINDOW},
};

/// Appends the text of the string whose opening quote lies right behind `start`; returns where its closing quote ends.
///
/// What is appended is valid UTF-8, since the record is and both ends are ASCII; on `None` (the string is malformed)
/// some of it may have been appended, cut anywhere.
#[inline(always)]
pub(crate) fn append<'a, I: Isa>(isa: I, start: Cursor<'a>, out: &mut Vec<u8>) -> Option<Cursor<'a>> {
    let mut at = start;
    loop {
        let window = at.window::<WINDOW>();
        // All of the window, since that is one store; what is no part of the text is cut off again.
        out.extend_from_slice(window);
        let len = isa.plain_prefix(window);
        if len == WINDOW {
            at = at.advance(WINDOW);
            continue;
        }
        out.truncate(out.len() - (WINDOW - len));
        match window[len] {
            b'"' => return Some(at.advance(len + 1)),
            b'\\' => at = append_escape(at.advance(len), out)?,
            _ => return None,
        }
    }
}

/// Where the closing quote of the string ends that opens right in front of `start`; `None` when it is malformed.
#[inline(always)]
pub(crate) fn skip<I: Isa>(isa: I, start: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut at = start;
    loop {
        let window = at.window::<WINDOW>();
        let len = isa.plain_prefix(window);
        if len == WINDOW {
            at = at.advance(WINDOW);
            continue;
        }
        match window[len] {
            b'"' => return Some(at.advance(len + 1)),
            b'\\' => at = escape(at.advance(len))?.1,
            _ => return None,
        }
    }
}

/// What an escape of two characters stands for; 0 for `u` and for what is no escape.
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'/' as usize] = b'/';
    table[b'b' as usize] = 0x08;
    table[b'f' as usize] = 0x0C;
    table[b'n' as usize] = b'\n';
    table[b'r' as usize] = b'\r';
    table[b't' as usize] = b'\t';
    table
};

/// What a hexadecimal digit stands for; 0xFF for any other byte.
const HEX: [u8; 256] = {
    let mut table = [0xFF; 256];
    let mut i = 0;
    while i < 10 {
        table[b'0' as usize + i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 6 {
        table[b'a' as usize + i] = 10 + i as u8;
        table[b'A' as usize + i] = 10 + i as u8;
        i += 1;
    }
    table
};

/// Appends what the escape at `at` stands for.
#[inline(always)]
fn append_escape<'a>(at: Cursor<'a>, out: &mut Vec<u8>) -> Option<Cursor<'a>> {
    let simple = SIMPLE[usize::from(at.window::<2>()[1])];
    if simple != 0 {
        out.push(simple);
        return Some(at.advance(2));
    }
    let (c, behind) = unicode(at)?;
    let mut utf8 = [0; 4];
    out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
    Some(behind)
}

/// What the escape at `at` stands for, and where it ends.
#[inline(always)]
fn escape(at: Cursor<'_>) -> Option<(char, Cursor<'_>)> {
    let simple = SIMPLE[usize::from(at.window::<2>()[1])];
    if simple != 0 { Some((char::from(simple), at.advance(2))) } else { unicode(at) }
}

/// The character of `\uXXXX`, or of two in a row that are halves of a surrogate pair. A half alone is malformed.
#[inline(always)]
fn unicode(at: Cursor<'_>) -> Option<(char, Cursor<'_>)> {
    let window = at.window::<12>();
    let unit = unit([window[0], window[1], window[2], window[3], window[4], window[5]])?;
    if unit & 0xFC00 != 0xD800 {
        return Some((char::from_u32(unit)?, at.advance(6)));
    }
    let low = self::unit([window[6], window[7], window[8], window[9], window[10], window[11]])?;
    if low & 0xFC00 != 0xDC00 {
        return None;
    }
    let c = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    Some((char::from_u32(c)?, at.advance(12)))
}

/// The code unit of `\uXXXX`.
#[inline(always)]
fn unit(text: [u8; 6]) -> Option<u32> {
    let [a, b, c, d] = [text[2], text[3], text[4], text[5]].map(|digit| u32::from(HEX[usize::from(digit)]));
    let is_unit = text[0] == b'\\' && text[1] == b'u' && (a | b | c | d) < 16;
    is_unit.then_some(a << 12 | b << 8 | c << 4 | d)
}
