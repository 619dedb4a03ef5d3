//! Integers as decimal digits.
//!
//! Every function here writes into `out` from `at` on and returns where its text ends. It may scribble over the
//! [`ROOM`] bytes behind `at`: eight digits are made at a time, in one word, and what stands behind the text is
//! overwritten by whatever comes next.

use arrow_buffer::i256;

/// Bytes behind `at` that must be there for any integer, a sign and a whole last word included.
pub(crate) const ROOM: usize = 96;

/// Bytes of the words that 64 bits are written in.
const WORDS: usize = 32;

const TEN_TO_8: u64 = 100_000_000;
const TEN_TO_16: u64 = TEN_TO_8 * TEN_TO_8;
const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;

/// Writes a signed integer.
#[inline]
pub(crate) fn write_i64(out: &mut [u8], at: usize, value: i64) -> usize {
    out[at] = b'-';
    write_u64(out, at + usize::from(value < 0), value.unsigned_abs())
}

/// The same as [`write_i64`], compiled into its caller: where room of fixed size is known to be there, nothing is checked.
#[inline(always)]
pub(crate) fn write_i64_within<const N: usize>(out: &mut [u8; N], at: usize, value: i64) -> usize {
    out[at] = b'-';
    let at = at + usize::from(value < 0);
    let Some(room) = out[at..].first_chunk_mut() else { no_room() };
    at + write_words(room, value.unsigned_abs())
}

/// Writes an unsigned integer.
#[inline]
pub(crate) fn write_u64(out: &mut [u8], at: usize, value: u64) -> usize {
    let Some(room) = out[at..].first_chunk_mut() else { no_room() };
    at + write_words(room, value)
}

/// Writes up to three words, whose places the compiler can bound, and returns the text's length.
#[inline(always)]
fn write_words(room: &mut [u8; WORDS], value: u64) -> usize {
    if value < TEN_TO_8 {
        return write_leading(room, value);
    }
    let (high, low) = (value / TEN_TO_8, value % TEN_TO_8);
    let len = if high < TEN_TO_8 {
        write_leading(room, high)
    } else {
        let len = write_leading(room, high / TEN_TO_8);
        write_8(room, len, high % TEN_TO_8)
    };
    write_8(room, len, low)
}

#[cold]
fn no_room() -> ! {
    panic!("less room behind a number than its type may take")
}

/// Writes a signed integer of 128 bits.
pub(crate) fn write_i128(out: &mut [u8], at: usize, value: i128) -> usize {
    out[at] = b'-';
    write_u128(out, at + usize::from(value < 0), value.unsigned_abs())
}

fn write_u128(out: &mut [u8], at: usize, value: u128) -> usize {
    match u64::try_from(value) {
        Ok(value) => write_u64(out, at, value),
        Err(_) => {
            let base = u128::from(TEN_TO_16);
            let at = write_u128(out, at, value / base);
            write_16(out, at, (value % base) as u64)
        }
    }
}

/// Writes a signed integer of 256 bits.
pub(crate) fn write_i256(out: &mut [u8], at: usize, value: i256) -> usize {
    if let Some(value) = value.to_i128() {
        return write_i128(out, at, value);
    }
    out[at] = b'-';
    let at = at + usize::from(value.is_negative());
    // The magnitude of the least value is 2^255, whose bits are those of that value itself.
    let (low, high) = value.wrapping_abs().to_parts();
    let high = high.cast_unsigned();
    let mut limbs = [(high >> 64) as u64, high as u64, (low >> 64) as u64, low as u64];
    // 2^255 has 77 digits.
    let mut groups = [0; 5];
    for group in groups.iter_mut().rev() {
        let mut remainder = 0;
        for limb in &mut limbs {
            let part = u128::from(remainder) << 64 | u128::from(*limb);
            // The remainder is below the divisor, so the quotient fits.
            *limb = (part / u128::from(TEN_TO_16)) as u64;
            remainder = (part % u128::from(TEN_TO_16)) as u64;
        }
        *group = remainder;
    }
    let first = groups.iter().position(|group| *group != 0).unwrap_or(groups.len() - 1);
    let at = write_u64(out, at, groups[first]);
    groups[first + 1..].iter().fold(at, |at, group| write_16(out, at, *group))
}

/// Writes a number below 10^8 without leading zeros, and returns its length.
#[inline(always)]
pub(super) fn write_leading<const N: usize>(room: &mut [u8; N], value: u64) -> usize {
    let digits = digits_8(value);
    // The last digit stays, also where it is a zero.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    let text = (digits | ASCII_ZEROS) >> (8 * zeros);
    room[..8].copy_from_slice(&text.to_le_bytes());
    8 - zeros as usize
}

/// Writes a number below 10^8 as 8 digits.
#[inline(always)]
pub(super) fn write_8(out: &mut [u8], at: usize, value: u64) -> usize {
    out[at..at + 8].copy_from_slice(&(digits_8(value) | ASCII_ZEROS).to_le_bytes());
    at + 8
}

/// Writes a number below 10^8 as the digits behind a point: without zeros at its end, and at least one digit.
#[inline(always)]
pub(super) fn write_decimals(out: &mut [u8], at: usize, value: u64) -> usize {
    let digits = digits_8(value);
    out[at..at + 8].copy_from_slice(&(digits | ASCII_ZEROS).to_le_bytes());
    // The first digit stays, also where it is a zero.
    at + 8 - (digits | 1).leading_zeros() as usize / 8
}

/// Writes a number below 10^16 as 16 digits.
fn write_16(out: &mut [u8], at: usize, value: u64) -> usize {
    let at = write_8(out, at, value / TEN_TO_8);
    write_8(out, at, value % TEN_TO_8)
}

/// Writes a number below 100 as 2 digits.
#[inline]
pub(super) fn write_2(out: &mut [u8], at: usize, value: u32) -> usize {
    let digits = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
    out[at..at + 2].copy_from_slice(&digits);
    at + 2
}

/// The digits of a number below 10^8, one to a byte, the first in the lowest.
///
/// Source: Paul Khuong, "How to print integers really fast" (2017): halves are divided side by side in one word.
#[inline(always)]
fn digits_8(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    // 10486 / 2^20 is 1/100 and 103 / 2^10 is 1/10, exactly so for numbers of four and of two digits.
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007F_0000_007F;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = (twos * 103) >> 10 & 0x000F_000F_000F_000F;
    tens | (twos - 10 * tens) << 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, write: impl FnOnce(&mut [u8], usize) -> usize) {
        let mut out = [b'x'; ROOM + 1];
        let end = write(&mut out, 1);
        assert_eq!(std::str::from_utf8(&out[1..end]), Ok(expected));
    }

    #[test]
    fn every_length_and_each_side_of_its_ends() {
        let mut values = vec![0_u64, u64::MAX];
        for power in 0..20 {
            let ten = 10_u64.pow(power);
            values.extend([ten - 1, ten, ten + 1, ten / 10 * 9, ten / 9 * 8]);
        }
        for value in values {
            check(&value.to_string(), |out, at| write_u64(out, at, value));
            let signed = value as i64;
            check(&signed.to_string(), |out, at| write_i64(out, at, signed));
            for wide in [i128::from(value) << 64 | 1, -i128::from(value) * 7, i128::from(value) * 10_i128.pow(16)] {
                check(&wide.to_string(), |out, at| write_i128(out, at, wide));
                let wider = i256::from_i128(wide).wrapping_mul(i256::from_i128(wide));
                check(&wider.to_string(), |out, at| write_i256(out, at, wider));
            }
        }
        for value in [i64::MIN, i64::MAX] {
            check(&value.to_string(), |out, at| write_i64(out, at, value));
        }
        for value in [i128::MIN, i128::MAX] {
            check(&value.to_string(), |out, at| write_i128(out, at, value));
        }
        for value in [i256::MIN, i256::MAX] {
            check(&value.to_string(), |out, at| write_i256(out, at, value));
        }
    }

    #[test]
    fn eight_digits() {
        for value in (0..100_000_000).step_by(9_973).chain([99_999_999]) {
            check(&format!("{value:08}"), |out, at| write_8(out, at, value));
        }
    }
}
