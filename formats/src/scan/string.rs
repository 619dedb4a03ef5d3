//! String bodies: what stands between two quotes.
#![allow(unsafe_code, reason = "passing over bytes that were just found to be plain")]

use super::{
    cursor::Cursor,
    isa::{Isa, WINDOW},
};

/// Appends the text of the string that opens at `quote`; returns where its closing quote ends.
///
/// What is appended is valid UTF-8, since the record is and both quotes are characters of their own; on `None` (there is no
/// string, or a malformed one) some of it may have been appended, cut anywhere.
#[inline(always)]
pub(crate) fn append<'a, I: Isa>(isa: I, quote: Cursor<'a>, out: &mut Vec<u8>) -> Option<Cursor<'a>> {
    let mut at = quote.behind(b'"')?;
    loop {
        let window = at.window::<WINDOW>();
        let len = isa.plain_prefix(window);
        append_prefix(out, window, len);
        // SAFETY: these bytes are plain, which a NUL is not.
        at = unsafe { at.skip(len) };
        if len == WINDOW {
            continue;
        }
        match at.behind(b'"') {
            Some(end) => return Some(end),
            None => at = append_escape(at, out)?,
        }
    }
}

/// Appends the window's first `len` bytes.
#[inline(always)]
fn append_prefix(out: &mut Vec<u8>, window: &[u8; WINDOW], len: usize) {
    if out.capacity() - out.len() < WINDOW {
        grow(out);
    }
    let end = out.len();
    // SAFETY: the end is at most the capacity.
    let room = unsafe { out.as_mut_ptr().add(end) };
    // Copying all of it is one store.
    // SAFETY: there is room for a whole window behind the end, and nobody else can have it borrowed.
    unsafe { room.cast::<[u8; WINDOW]>().write_unaligned(*window) };
    // SAFETY: at most the bytes that were just written, for which there is room.
    unsafe { out.set_len(end + len.min(WINDOW)) };
}

/// Makes room for a window.
#[cold]
#[inline(never)]
fn grow(out: &mut Vec<u8>) {
    out.reserve(WINDOW);
}

/// Where the closing quote of the string ends that opens at `quote`; `None` when there is none, or it is malformed.
#[inline(always)]
pub(crate) fn skip<I: Isa>(isa: I, quote: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut at = quote.behind(b'"')?;
    loop {
        let window = at.window::<WINDOW>();
        let len = isa.plain_prefix(window);
        // SAFETY: these bytes are plain, which a NUL is not.
        at = unsafe { at.skip(len) };
        if len == WINDOW {
            continue;
        }
        match at.behind(b'"') {
            Some(end) => return Some(end),
            None => at = escape(at)?.1,
        }
    }
}

/// The same, and whether there is an escape between the quotes. Faster where there are many, and more code, which
/// [`skip`] is not made of because the decoder's parser would be slower around it (9 % more instructions on `projected`).
#[inline(always)]
pub(crate) fn measure<I: Isa>(isa: I, quote: Cursor<'_>) -> Option<(bool, Cursor<'_>)> {
    let (mut at, mut is_escaped) = (quote.behind(b'"')?, false);
    loop {
        let window = at.window::<WINDOW>();
        let mut specials = isa.specials(window);
        // Escapes that lie in the window whole are passed over without another look at it.
        let first = loop {
            let first = specials.trailing_zeros() as usize;
            match escape_within(window, first) {
                0 => break first,
                len => specials &= (u32::MAX << (first + len - 1)) << 1,
            }
            is_escaped = true;
        };
        // SAFETY: these bytes are plain or of escapes, which a NUL is not.
        at = unsafe { at.skip(first) };
        if first == WINDOW {
            continue;
        }
        match at.behind(b'"') {
            Some(end) => return Some((is_escaped, end)),
            None => (is_escaped, at) = (true, escape(at)?.1),
        }
    }
}

/// How long the escape at `first` is, if it lies within the window whole and is no half of a surrogate pair; otherwise 0.
#[inline(always)]
fn escape_within(window: &[u8; WINDOW], first: usize) -> usize {
    if first + 6 > WINDOW || window[first] != b'\\' {
        return 0;
    }
    match window[first + 1] {
        b'u' => {
            let text = [b'\\', b'u', window[first + 2], window[first + 3], window[first + 4], window[first + 5]];
            if unit(text).is_some_and(|unit| unit & 0xF800 != 0xD800) { 6 } else { 0 }
        }
        letter if SIMPLE[usize::from(letter)] != 0 => 2,
        _ => 0,
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

/// Appends what the escape at `at` stands for; `None` when there is none.
#[inline(always)]
fn append_escape<'a>(at: Cursor<'a>, out: &mut Vec<u8>) -> Option<Cursor<'a>> {
    if let Some((simple, behind)) = simple_escape(at) {
        let mut utf8 = [0; WINDOW];
        utf8[0] = simple;
        append_prefix(out, &utf8, 1);
        return Some(behind);
    }
    let (c, behind) = unicode(at)?;
    let mut utf8 = [0; WINDOW];
    let len = c.encode_utf8(&mut utf8).len();
    append_prefix(out, &utf8, len);
    Some(behind)
}

/// What the escape at `at` stands for, and where it ends; `None` when there is none.
#[inline(always)]
fn escape(at: Cursor<'_>) -> Option<(char, Cursor<'_>)> {
    match simple_escape(at) {
        Some((simple, behind)) => Some((char::from(simple), behind)),
        None => unicode(at),
    }
}

/// What the escape of two characters at `at` stands for, and where it ends.
#[inline(always)]
fn simple_escape(at: Cursor<'_>) -> Option<(u8, Cursor<'_>)> {
    let letter = at.behind(b'\\')?;
    let simple = SIMPLE[usize::from(letter.byte())];
    if simple == 0 {
        return None;
    }
    // SAFETY: a byte that has a meaning in an escape, which a NUL has not.
    Some((simple, unsafe { letter.skip(1) }))
}

/// The character of `\uXXXX`, or of two in a row that are halves of a surrogate pair. A half alone is malformed.
#[inline(always)]
fn unicode(at: Cursor<'_>) -> Option<(char, Cursor<'_>)> {
    let window = at.window::<12>();
    let unit = unit([window[0], window[1], window[2], window[3], window[4], window[5]])?;
    if unit & 0xFC00 != 0xD800 {
        // SAFETY: a backslash, a letter and four hexadecimal digits.
        return Some((char::from_u32(unit)?, unsafe { at.skip(6) }));
    }
    let low = self::unit([window[6], window[7], window[8], window[9], window[10], window[11]])?;
    if low & 0xFC00 != 0xDC00 {
        return None;
    }
    let c = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    // SAFETY: the same twice.
    Some((char::from_u32(c)?, unsafe { at.skip(12) }))
}

/// The code unit of `\uXXXX`.
#[inline(always)]
fn unit(text: [u8; 6]) -> Option<u32> {
    let digit = |i: usize| u32::from(HEX[usize::from(text[i])]);
    let (a, b, c, d) = (digit(2), digit(3), digit(4), digit(5));
    let is_unit = text[0] == b'\\' && text[1] == b'u' && (a | b | c | d) < 16;
    is_unit.then_some(a << 12 | b << 8 | c << 4 | d)
}
