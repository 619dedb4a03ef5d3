//! Text and bytes → JSON string.
#![allow(unsafe_code, reason = "a call into a function that is compiled for an instruction set")]

use base64::{Engine, engine::general_purpose::STANDARD};

#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
use crate::scan::Avx2;
use crate::scan::{Isa, Portable, WINDOW};

/// The most bytes that one byte of text becomes: `\u0000`.
const LONGEST_ESCAPE: usize = 6;

/// Bytes that are looked at and copied at once.
pub(super) const BLOCK: usize = WINDOW;

/// Bytes of text that are escaped at once.
const STRIDE: usize = 2 * BLOCK;

/// Bytes of an entry of the table of escapes.
const ENTRY: usize = 8;

/// Covers every length of an escaped stride.
const MASK: usize = 511;
const _: () = assert!(STRIDE * LONGEST_ESCAPE <= MASK);

/// Room that a stride is escaped in.
const STRIDE_ROOM: usize = MASK + 1 + ENTRY + STRIDE;

/// Long texts are escaped by pieces of this many bytes, so that room for the worst case stays small.
pub(super) const PIECE: usize = 1024;

/// Room that [`Quoting::escape`] needs for `len` bytes of text: whole blocks are written, whatever they hold.
pub(super) const fn room(len: usize) -> usize {
    len * LONGEST_ESCAPE + STRIDE_ROOM
}

/// Appends `bytes` as a JSON string of base64.
pub(crate) fn quote_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let at = out.len();
    out.resize(at + bytes.len().div_ceil(3) * 4, 0);
    // The room is what base64 with padding takes.
    let len = STANDARD.encode_slice(bytes, &mut out[at..]).unwrap_or(0);
    out.truncate(at + len);
    out.push(b'"');
}

/// Appends `text` as a JSON string. Escapes what RFC 8259 §7 demands and nothing else.
pub(crate) fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for piece in text.as_bytes().chunks(PIECE) {
        let at = out.len();
        out.resize(at + room(piece.len()), 0);
        let end = Quoting::Portable(Portable).escape(out, at, piece, 0, piece.len());
        out.truncate(end);
    }
    out.push(b'"');
}

/// The instruction set that texts are looked through with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Quoting {
    Portable(Portable),
    #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
    Avx2(Avx2),
}

impl Quoting {
    /// The fastest that this machine has.
    pub(super) fn best() -> Self {
        #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Portable(Portable)
    }

    /// How many bytes from the start need no escape.
    #[inline(always)]
    pub(super) fn plain_prefix(self, block: &[u8; BLOCK]) -> usize {
        match self {
            Self::Portable(isa) => isa.plain_prefix(block),
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            Self::Avx2(isa) => isa.plain_prefix(block),
        }
    }

    /// Writes the bytes `from..end` of `source`, escaped, into `out` from `at` on; returns where they end.
    ///
    /// Bytes of `source` behind `end` are read, and copied behind what counts, so that a text in a column's buffer is
    /// copied by whole blocks.
    ///
    /// # Panics
    /// When less than [`room`] is behind `at`.
    #[inline]
    pub(super) fn escape(self, out: &mut [u8], at: usize, source: &[u8], from: usize, end: usize) -> usize {
        match self {
            Self::Portable(isa) => escape(isa, out, at, source, from, end),
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            Self::Avx2(isa) => {
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                fn compiled(isa: Avx2, out: &mut [u8], at: usize, source: &[u8], from: usize, end: usize) -> usize {
                    escape(isa, out, at, source, from, end)
                }
                // SAFETY: `isa` proves that the machine has what the function is compiled for.
                unsafe { compiled(isa, out, at, source, from, end) }
            }
        }
    }
}

/// Two blocks at a time, and per special byte once what follows it: the search does not wait for what is written, and
/// only the number of special bytes is hard to predict.
#[inline(always)]
fn escape(isa: impl Isa, out: &mut [u8], mut at: usize, source: &[u8], mut from: usize, end: usize) -> usize {
    let mut padded = [0; 2 * STRIDE];
    while from < end {
        // What follows the last byte of a stride is as long as a stride.
        let bytes: &[u8; 2 * STRIDE] = match source[from..].first_chunk() {
            Some(bytes) => bytes,
            None => {
                padded[..source.len() - from].copy_from_slice(&source[from..]);
                &padded
            }
        };
        let Some(room) = out[at..].first_chunk_mut::<STRIDE_ROOM>() else { no_room() };
        let ([low, high, ..], _) = bytes.as_chunks() else { no_room() };
        let left = end - from;
        let within = if left < STRIDE { (1 << left) - 1 } else { u64::MAX };
        let mut specials = (u64::from(isa.specials(low)) | u64::from(isa.specials(high)) << BLOCK) & within;
        room[..STRIDE].copy_from_slice(&bytes[..STRIDE]);
        let mut longer = 0;
        while specials != 0 {
            let place = specials.trailing_zeros() as usize % STRIDE;
            let entry = ENTRIES[usize::from(bytes[place])];
            // The mask changes nothing, and spares the checks of bounds.
            let to = (place + longer) & MASK;
            room[to..to + ENTRY].copy_from_slice(&entry);
            let len = usize::from(entry[ENTRY - 1]) % ENTRY;
            room[to + len..to + len + STRIDE].copy_from_slice(&bytes[place + 1..place + 1 + STRIDE]);
            longer += len - 1;
            specials &= specials - 1;
        }
        at += left.min(STRIDE) + longer;
        from += STRIDE;
    }
    at
}

#[cold]
fn no_room() -> ! {
    panic!("less room behind a text than its escapes may take")
}

const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// What each byte becomes, and in the last byte how long that is.
static ENTRIES: [[u8; ENTRY]; 256] = {
    let digits = b"0123456789abcdef";
    let mut entries = [[0; ENTRY]; 256];
    let mut byte = 0;
    while byte < 256 {
        let short = match byte as u8 {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0C => b'f',
            _ => 0,
        };
        entries[byte] = if short != 0 {
            [b'\\', short, 0, 0, 0, 0, 0, 2]
        } else if is_special(byte as u8) {
            [b'\\', b'u', b'0', b'0', digits[byte >> 4], digits[byte & 15], 0, 6]
        } else {
            [byte as u8, 0, 0, 0, 0, 0, 0, 1]
        };
        byte += 1;
    }
    entries
};

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8259 §7, a character at a time.
    fn plain(text: &str) -> String {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\0'..' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
                other => out.push(other),
            }
        }
        out + "\""
    }

    fn check(text: &str) {
        let mut quoted = b"before".to_vec();
        quote(&mut quoted, text);
        assert_eq!(String::from_utf8_lossy(&quoted[6..]), plain(text));
        // The same text with a neighbour behind it, as in a column's buffer.
        for neighbour in ["", "\"\\\n", "clean text of a neighbour"] {
            let source = [text, neighbour].concat();
            for quoting in [Quoting::Portable(Portable), Quoting::best()] {
                let mut out = vec![b'?'; room(text.len())];
                let end = quoting.escape(&mut out, 0, source.as_bytes(), 0, text.len());
                assert_eq!(String::from_utf8_lossy(&out[..end]), plain(text).inside(), "{quoting:?} {neighbour:?}");
            }
        }
    }

    trait Inside {
        fn inside(&self) -> &str;
    }

    impl Inside for String {
        fn inside(&self) -> &str {
            &self[1..self.len() - 1]
        }
    }

    #[test]
    fn every_character_at_every_place() {
        let specials = (0..0x30_u8).map(char::from).chain(['\\', '\u{7f}', 'é', '\u{2028}', '😀']);
        for c in specials {
            for before in 0..40 {
                for behind in [0, 1, 7, 8, 15, 16, 33] {
                    let text = format!("{}{c}{}", "a".repeat(before), "z".repeat(behind));
                    check(&text);
                    check(&format!("{text}{c}{c}"));
                }
            }
        }
    }

    #[test]
    fn texts_of_several_pieces() {
        for len in [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            check(&"é\u{1}\"".repeat(len / 4));
            check(&"\u{1f}".repeat(len));
            check(&"x".repeat(len));
        }
    }
}
