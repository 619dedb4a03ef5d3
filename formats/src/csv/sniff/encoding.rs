//! The character encoding of a stream's first bytes.

use laminar_schema::format::Encoding;

/// Bytes that are looked at for the zeros that Latin letters have in UTF-16.
const LOOKED_AT: usize = 4096;

/// What the bytes are written in, and whether that is a guess: any bytes at all are text in Latin-1.
pub(super) fn encoding_of(bytes: &[u8], is_whole: bool) -> (Encoding, bool) {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return (Encoding::Utf16, false),
        [0xEF, 0xBB, 0xBF, ..] => return (Encoding::Utf8, false),
        _ => {}
    }
    let front = &bytes[..bytes.len().min(LOOKED_AT)];
    let zeros_at = |odd: usize| front.iter().enumerate().filter(|(at, byte)| at % 2 == odd && **byte == 0).count();
    let (even, odd) = (zeros_at(0), zeros_at(1));
    // Line ends and delimiters alone make for some zeros; text that has none of them in one place is that place's.
    if odd * 4 > front.len() && even == 0 {
        return (Encoding::Utf16Le, false);
    }
    if even * 4 > front.len() && odd == 0 {
        return (Encoding::Utf16Be, false);
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => (Encoding::Utf8, false),
        // The head ends within a character.
        Err(e) if e.error_len().is_none() && !is_whole => (Encoding::Utf8, false),
        // What is mostly UTF-8 is UTF-8 with damage: its sequences do not come about by chance.
        Err(_) if is_mostly_utf8(bytes) || even + odd > 0 => (Encoding::Utf8, false),
        Err(_) => (Encoding::Latin1, true),
    }
}

fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sequences, mut faults) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sequences += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    sequences > faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let utf16 =
            |bytes: fn(u16) -> [u8; 2]| "id,naïve\n1,日本\n".encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for (bytes, expected) in [
            (b"".to_vec(), Encoding::Utf8),
            (b"a,b\n".to_vec(), Encoding::Utf8),
            ("na\u{ef}ve\n".into(), Encoding::Utf8),
            (b"\xEF\xBB\xBFa\n".to_vec(), Encoding::Utf8),
            (b"\xFF\xFEa\0".to_vec(), Encoding::Utf16),
            (b"\xFE\xFF\0a".to_vec(), Encoding::Utf16),
            (utf16(u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(u16::to_be_bytes), Encoding::Utf16Be),
            (b"na\xefve,caf\xe9\n".to_vec(), Encoding::Latin1),
            // One byte is damaged, and all others are UTF-8.
            ([&b"x\xff,"[..], "日本".as_bytes()].concat(), Encoding::Utf8),
            (b"a\0b\xff\n".to_vec(), Encoding::Utf8),
        ] {
            assert_eq!(encoding_of(&bytes, true).0, expected, "{}", bytes.escape_ascii());
        }
        assert_eq!(encoding_of(b"na\xc3", false), (Encoding::Utf8, false), "the head ends within a character");
        assert_eq!(encoding_of(b"na\xc3", true), (Encoding::Latin1, true));
    }
}
