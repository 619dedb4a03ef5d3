//! Integers of all encodings, without a branch on which one it is: their widths come in no order that could be learned.

/// How an integer lies behind its first byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Bytes of the value, the first included; none where the first byte begins no integer.
    pub(super) len: u8,
    /// Where the number begins: at the first byte, if that is the number itself.
    start: u8,
    /// Bits that stand behind it in eight bytes.
    shift: u8,
    unsigned: bool,
}

/// By first byte.
///
/// Source: MessagePack specification, "int format family".
pub(super) static SHAPES: [Shape; 256] = {
    let mut shapes = [Shape { len: 0, start: 0, shift: 0, unsigned: false }; 256];
    let mut head = 0;
    while head < 256 {
        shapes[head] = match head {
            // Taken as one signed byte, both kinds of fixint are what they stand for.
            0x00..=0x7f | 0xe0..=0xff => Shape { len: 1, start: 0, shift: 56, unsigned: false },
            0xcc..=0xcf => of_width(1 << (head - 0xcc), true),
            0xd0..=0xd3 => of_width(1 << (head - 0xd0), false),
            _ => shapes[head],
        };
        head += 1;
    }
    shapes
};

const fn of_width(width: u8, unsigned: bool) -> Shape {
    Shape { len: 1 + width, start: 1, shift: 64 - 8 * width, unsigned }
}

/// The integer that the window begins with, and its length; `None` where there is none, or above `i64::MAX`.
#[inline(always)]
pub(super) fn integer(window: &[u8; 9]) -> Option<(i64, usize)> {
    let shape = SHAPES[usize::from(window[0])];
    let word = i64::from_be_bytes(*window[usize::from(shape.start & 1)..].first_chunk()?);
    let (signed, unsigned) = (word >> (shape.shift & 63), (word.cast_unsigned() >> (shape.shift & 63)).cast_signed());
    let v = if shape.unsigned { unsigned } else { signed };
    let is_too_large = shape.unsigned & (v < 0);
    (shape.len != 0 && !is_too_large).then_some((v, usize::from(shape.len)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::token::{Token, token},
        *,
    };

    #[test]
    fn integers_are_those_of_their_tokens() {
        let tails: [[u8; 8]; 6] = [
            [0; 8],
            [0xff; 8],
            [0x80, 0, 0, 0, 0, 0, 0, 0],
            [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            *b"\x01\x02\x03\x04\x05\x06\x07\x08",
            *b"\xfe\xdc\xba\x98\x76\x54\x32\x10",
        ];
        for head in 0..=u8::MAX {
            for tail in tails {
                let mut window = [head; 9];
                window[1..].copy_from_slice(&tail);
                let expected = match token(&window, 0) {
                    Ok((Token::Int(v), len)) => Some((v, len)),
                    _ => None,
                };
                assert_eq!(integer(&window), expected, "{window:x?}");
            }
        }
    }
}
