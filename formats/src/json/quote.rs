//! Text → JSON string.

/// The most bytes that one byte of text becomes: `\u0000`.
const LONGEST_ESCAPE: usize = 6;

/// Bytes that are looked at and copied at once.
const BLOCK: usize = 32;

/// Bytes of an entry of the table of escapes.
const ENTRY: usize = 8;

/// Covers every length of an escaped block.
const MASK: usize = 255;
const _: () = assert!(BLOCK * LONGEST_ESCAPE <= MASK);

/// Long texts are escaped by pieces of this many bytes, so that room for the worst case stays small.
pub(super) const PIECE: usize = 1024;

/// Room that [`escape`] needs for `len` bytes of text: whole blocks are written, whatever they hold.
pub(super) const fn room(len: usize) -> usize {
    len * LONGEST_ESCAPE + MASK + 1 + ENTRY
}

/// Appends `text` as a JSON string. Escapes what RFC 8259 §7 demands and nothing else.
pub(crate) fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for piece in text.as_bytes().chunks(PIECE) {
        let at = out.len();
        out.resize(at + room(piece.len()), 0);
        let end = escape(out, at, piece, 0, piece.len());
        out.truncate(end);
    }
    out.push(b'"');
}

/// Writes the bytes `from..end` of `source`, escaped, into `out` from `at` on; returns where they end.
///
/// Bytes of `source` behind `end` are read, and copied behind what counts, so that a short text in a column's buffer
/// takes one copy of fixed size.
///
/// # Panics
/// When less than [`room`] is behind `at`.
#[inline(always)]
pub(super) fn escape(out: &mut [u8], at: usize, source: &[u8], from: usize, end: usize) -> usize {
    match source[from..].first_chunk::<BLOCK>() {
        // What is special behind `end` is only a false alarm.
        Some(block) if end - from <= BLOCK && !has_special(block) => {
            out[at..at + BLOCK].copy_from_slice(block);
            at + (end - from)
        }
        _ => escape_blocks(out, at, &source[from..end]),
    }
}

/// The same for texts that are long, have something to escape, or stand at the end of a column's buffer.
#[inline(never)]
fn escape_blocks(out: &mut [u8], mut at: usize, text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        if has_special(block) {
            at = escape_bytes(out, at, block);
        } else {
            out[at..at + BLOCK].copy_from_slice(block);
            at += BLOCK;
        }
    }
    match text.last_chunk::<BLOCK>() {
        // The last bytes, behind some that have been written and are written again.
        Some(block) if !has_special(block) => {
            let again = BLOCK - rest.len();
            out[at - again..at + rest.len()].copy_from_slice(block);
            at + rest.len()
        }
        _ => escape_bytes(out, at, rest),
    }
}

/// A byte at a time and without a branch: where one byte is to be escaped, there are mostly more, and where they are
/// nobody can predict. `text` is a block at most.
#[inline]
fn escape_bytes(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let Some(room) = out[at..].first_chunk_mut::<{ MASK + 1 + ENTRY }>() else { no_room() };
    let mut len = 0;
    for byte in text {
        let entry = ENTRIES[usize::from(*byte)];
        // The mask changes nothing, and spares the check of a bound.
        let from = len & MASK;
        room[from..from + ENTRY].copy_from_slice(&entry);
        len += usize::from(entry[ENTRY - 1]);
    }
    at + len
}

#[cold]
fn no_room() -> ! {
    panic!("less room behind a text than its escapes may take")
}

/// Whether any byte must be escaped; without a branch per byte, so that it becomes a few vector instructions.
#[inline]
fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |any, byte| any | is_special(*byte))
}

#[inline]
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
            let mut out = vec![b'?'; room(text.len())];
            let end = escape(&mut out, 0, source.as_bytes(), 0, text.len());
            assert_eq!(String::from_utf8_lossy(&out[..end]), plain(text).inside(), "{neighbour:?}");
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
