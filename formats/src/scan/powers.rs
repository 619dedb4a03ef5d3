//! Powers of ten, and division by them with one rounding.
//!
//! Source: D. Lemire, "Number Parsing at a Gigabyte per Second", Software: Practice and Experience 51 (2021), with the
//! proof of N. Mushtak and D. Lemire, "Fast Number Parsing Without Fallback" (2023).

/// 10^i for all i that fit 64 bits.
pub(super) const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut i = 1;
    while i < 20 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The most that [`divide_by_power_of_ten`] divides by; 5^27 is the highest power of five below 2^64.
const MAX_PLACES: usize = 27;

/// 1 / 5^i as 128 bits, the highest of them set, rounded up: high word and low word.
const RECIPROCALS: [(u64, u64); MAX_PLACES + 1] = {
    let mut reciprocals = [(0, 0); MAX_PLACES + 1];
    // For i = 0 it is a power of two, and 2^127 is exact.
    reciprocals[0] = (1 << 63, 0);
    let (mut power, mut i) = (1_u64, 1);
    while i <= MAX_PLACES {
        power *= 5;
        reciprocals[i] = reciprocal(power);
        i += 1;
    }
    reciprocals
};

/// 2^b / `divisor`, rounded up, with b such that the result has 128 bits. The divisor is no power of two.
const fn reciprocal(divisor: u64) -> (u64, u64) {
    // 2^(127 + bits) has its one bit in the highest of three words. Long division, word by word.
    let bits = 64 - divisor.leading_zeros();
    let divisor = divisor as u128;
    let mut rest = 1_u128 << (bits - 1);
    let mut words = [0_u64; 2];
    let mut i = 0;
    while i < 2 {
        rest <<= 64;
        words[i] = (rest / divisor) as u64;
        rest %= divisor;
        i += 1;
    }
    let (low, carry) = words[1].overflowing_add(1);
    (words[0] + carry as u64, low)
}

/// `digits` / 10^`places`, rounded to the nearest f64, ties to even; `None` when there are too many places.
#[inline(always)]
pub(super) fn divide_by_power_of_ten(digits: u64, places: usize) -> Option<f64> {
    let (high, low) = *RECIPROCALS.get(places)?;
    if digits == 0 {
        return Some(0.0);
    }
    let shift = digits.leading_zeros();
    let scaled = digits << shift;
    let product = u128::from(scaled) * u128::from(high);
    let (mut upper, mut lower) = ((product >> 64) as u64, product as u64);
    // 55 bits decide unless all the others are ones: then the reciprocal's second word may carry into them.
    if upper & 0x1FF == 0x1FF {
        let carried = ((u128::from(scaled) * u128::from(low)) >> 64) as u64;
        let (sum, carry) = lower.overflowing_add(carried);
        lower = sum;
        upper += u64::from(carry);
    }
    // The product of two numbers with their highest bits set has its own highest bit there, or one below.
    let top = (upper >> 63) as u32;
    let mut mantissa = upper >> (top + 9);
    // Exactly between two numbers: only powers of five up to 5^4 can divide a 64-bit number and leave 54 bits.
    if lower <= 1 && places <= 4 && mantissa & 3 == 1 && mantissa << (top + 9) == upper {
        mantissa &= !1;
    }
    mantissa += mantissa & 1;
    mantissa >>= 1;
    // floor(log2(10^-places)), from log2(10) in 16 fractional bits.
    let log2 = -(((places as i64 * (152_170 + 65_536)) + 0xFFFF) >> 16);
    let mut exponent = log2 + 63 + i64::from(top) - i64::from(shift) + 1023;
    if mantissa >> 53 != 0 {
        mantissa >>= 1;
        exponent += 1;
    }
    // Neither subnormal nor infinite: the quotient lies between 1e-27 and 2^64.
    Some(f64::from_bits(mantissa & !(1 << 52) | (exponent as u64) << 52))
}
