//! The instruction set that every machine has: 64-bit words, in safe code.

#![allow(unsafe_code, reason = "the promise that comes with `Isa`; all else is safe")]

use super::isa::{Isa, Pattern, WINDOW};

/// No wide registers: eight bytes at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

/// A byte's lowest and highest bit, in every byte of a word.
const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// The high bit of every byte that is zero. Bytes behind the first zero may be marked as well.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The high bit of every byte that is zero, exactly.
#[inline(always)]
fn exact_zeros(word: u64) -> u64 {
    !(((word & !HIGHS) + !HIGHS) | word) & HIGHS
}

/// The window's words, the first byte lowest. Written out, since closures of array methods are not always inlined.
#[inline(always)]
fn words(window: &[u8; WINDOW]) -> [u64; 4] {
    let (words, _) = window.as_chunks::<8>();
    let word = |i: usize| u64::from_le_bytes(words[i]);
    [word(0), word(1), word(2), word(3)]
}

/// The high bit of every byte that is no digit, exactly.
#[inline(always)]
fn not_digit_bytes(word: u64) -> u64 {
    // Below `0` a borrow-free subtraction leaves the high bit; above `9` the addition sets it; so does what had it.
    let low = word & !HIGHS;
    let at_least_zero = (low | HIGHS).wrapping_sub(ONES * u64::from(b'0'));
    let above_nine = low + ONES * u64::from(0x7F - b'9');
    (word | above_nine | !at_least_zero) & HIGHS
}

/// One bit per byte from the bytes' high bits.
#[inline(always)]
fn gather_highs(highs: u64) -> u32 {
    (((highs >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) as u32
}

// SAFETY: each operation looks at every byte that it speaks of; tests hold it against plain code.
unsafe impl Isa for Portable {
    #[inline(always)]
    fn plain_prefix(self, window: &[u8; WINDOW]) -> usize {
        for (i, word) in words(window).into_iter().enumerate() {
            // The first marked byte is exact in each of the three, which is all that counts.
            let quote = zeros(word ^ (ONES * u64::from(b'"')));
            let backslash = zeros(word ^ (ONES * u64::from(b'\\')));
            let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
            let special = quote | backslash | control;
            if special != 0 {
                return i * 8 + special.trailing_zeros() as usize / 8;
            }
        }
        WINDOW
    }

    #[inline(always)]
    fn specials(self, window: &[u8; WINDOW]) -> u32 {
        let words = words(window);
        let bits = |i: usize| {
            let quote = exact_zeros(words[i] ^ (ONES * u64::from(b'"')));
            let backslash = exact_zeros(words[i] ^ (ONES * u64::from(b'\\')));
            let control = exact_zeros(words[i] & (ONES * 0xE0));
            gather_highs(quote | backslash | control)
        };
        bits(0) | bits(1) << 8 | bits(2) << 16 | bits(3) << 24
    }

    #[inline(always)]
    fn starts_with(self, window: &[u8; WINDOW], pattern: &Pattern) -> bool {
        let (own, wanted) = (words(window), words(pattern.bytes()));
        let mut left = pattern.mask();
        let mut different = 0;
        for i in 0..4 {
            if left == 0 {
                break;
            }
            let count = (left & 0xFF).trailing_ones();
            let keep = u64::MAX.checked_shr(64 - 8 * count).unwrap_or(0);
            different |= (own[i] ^ wanted[i]) & keep;
            left >>= 8;
        }
        different == 0
    }

    #[inline(always)]
    fn any_of(self, window: &[u8; WINDOW], bytes: [u8; 3]) -> u32 {
        let words = words(window);
        let bits = |i: usize| {
            let equal = |byte: u8| exact_zeros(words[i] ^ (ONES * u64::from(byte)));
            gather_highs(equal(bytes[0]) | equal(bytes[1]) | equal(bytes[2]))
        };
        bits(0) | bits(1) << 8 | bits(2) << 16 | bits(3) << 24
    }

    #[inline(always)]
    fn not_digits(self, window: &[u8; WINDOW]) -> u32 {
        let words = words(window);
        let bits = |i: usize| gather_highs(not_digit_bytes(words[i]));
        bits(0) | bits(1) << 8 | bits(2) << 16 | bits(3) << 24
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16], end: usize) -> u64 {
        shift_in(0, &bytes[..end.min(16)])
    }

    #[inline(always)]
    fn digits_around(self, bytes: &[u8; 16], dot: usize, end: usize) -> u64 {
        let end = end.min(16);
        shift_in(shift_in(0, &bytes[..dot.min(end)]), &bytes[(dot + 1).min(end)..end])
    }
}

/// The number that goes on with these digits.
#[inline(always)]
fn shift_in(number: u64, digits: &[u8]) -> u64 {
    let mut number = number;
    for digit in digits {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit.saturating_sub(b'0')));
    }
    number
}
