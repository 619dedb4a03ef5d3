//! Number text → exact integers at a scale.

use std::cmp::Ordering;

use arrow_buffer::i256;

use super::Mismatch;

/// A number's text taken apart; nothing is evaluated yet.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    integer: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// Reads `[+-] digits [. digits] [e [+-] digits]` with at least one digit in front of or behind the point.
fn parts(text: &str) -> Option<Parts<'_>> {
    let rest = text.as_bytes();
    let (negative, rest) = match rest {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, rest),
    };
    let (integer, rest) = digits(rest);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => digits(rest),
        _ => (&rest[..0], rest),
    };
    if integer.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', rest @ ..] => exponent(rest)?,
        _ => return None,
    };
    Some(Parts { negative, integer, fraction, exponent })
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Saturates far beyond what any column holds, so that no exponent overflows.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (digits, rest) = digits(text);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let value = digits.iter().fold(0_i64, |n, d| (n * 10 + i64::from(d - b'0')).min(1 << 40));
    Some(if negative { -value } else { value })
}

/// An integer type that exact numbers are gathered in.
pub(super) trait Accumulator: Copy {
    const ZERO: Self;
    /// `self * 10 - digit`: negative, because two's complement reaches one further there.
    fn shift_in(self, digit: u8) -> Option<Self>;
    fn negate(self) -> Option<Self>;
}

macro_rules! accumulators {
    ($($ty:ty),*) => { $(
        impl Accumulator for $ty {
            const ZERO: Self = 0;
            #[inline]
            fn shift_in(self, digit: u8) -> Option<Self> {
                self.checked_mul(10)?.checked_sub(Self::from(digit as i8))
            }
            #[inline]
            fn negate(self) -> Option<Self> {
                self.checked_neg()
            }
        }
    )* };
}
accumulators!(i32, i64, i128);

impl Accumulator for i256 {
    const ZERO: Self = i256::ZERO;
    fn shift_in(self, digit: u8) -> Option<Self> {
        self.checked_mul(i256::from_i128(10))?.checked_sub(i256::from_i128(i128::from(digit)))
    }
    fn negate(self) -> Option<Self> {
        self.checked_neg()
    }
}

/// The number times 10^`scale`, exactly.
///
/// # Errors
/// [`Mismatch::Type`] for text that is no number, [`Mismatch::Range`] where digits would be lost.
pub(super) fn scaled<A: Accumulator>(text: &str, scale: i8) -> Result<A, Mismatch> {
    let p = parts(text).ok_or(Mismatch::Type)?;
    // Digits wanted: all of the integer part, then `kept` places, counted from the point as it was written.
    let kept = p.exponent + i64::from(scale);
    let mut value = A::ZERO;
    let mut is_zero = true;
    let places = p.integer.len() as i64 + kept;
    for (at, digit) in p.integer.iter().chain(p.fraction).enumerate() {
        let digit = digit - b'0';
        is_zero &= digit == 0;
        if (at as i64) < places {
            value = value.shift_in(digit).ok_or(Mismatch::Range)?;
        } else if digit != 0 {
            return Err(Mismatch::Range);
        }
    }
    let written = (p.integer.len() + p.fraction.len()) as i64;
    if !is_zero {
        for _ in written..places {
            value = value.shift_in(0).ok_or(Mismatch::Range)?;
        }
    }
    if p.negative { Ok(value) } else { value.negate().ok_or(Mismatch::Range) }
}

/// An integer's decimal text, on the stack. The standard formatter would do, but goes through virtual calls.
pub(crate) struct IntegerText {
    bytes: [u8; 40],
    start: usize,
}

impl IntegerText {
    pub(crate) fn new(value: i128) -> Self {
        // 39 digits and a sign at most.
        let mut text = Self { bytes: [0; 40], start: 40 };
        let mut rest = value.unsigned_abs();
        loop {
            text.start -= 1;
            text.bytes[text.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            text.start -= 1;
            text.bytes[text.start] = b'-';
        }
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        // Digits and a sign are ASCII.
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or("")
    }
}

impl<'a> Parts<'a> {
    /// The digits from the first to the last that is not zero, and the power of ten that the first one counts less one.
    fn significant(self) -> (impl Iterator<Item = u8> + 'a, i64) {
        let all = self.integer.iter().chain(self.fraction).copied();
        let leading = all.clone().take_while(|d| *d == b'0').count();
        let trailing = all.clone().rev().take_while(|d| *d == b'0').count();
        let count = (self.integer.len() + self.fraction.len()).saturating_sub(leading + trailing);
        // Zero is below all others, whatever its exponent.
        let power = if count == 0 { i64::MIN } else { self.integer.len() as i64 - leading as i64 + self.exponent };
        (all.skip(leading).take(count), power)
    }

    /// Compares without looking at signs.
    fn compare(self, other: Parts<'_>) -> Ordering {
        let ((digits, power), (other_digits, other_power)) = (self.significant(), other.significant());
        power.cmp(&other_power).then_with(|| digits.cmp(other_digits))
    }
}

/// True when two texts of numbers have the same significant digits, sign and magnitude.
pub(crate) fn same_digits(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (parts(a), parts(b)) else { return false };
    a.negative == b.negative && a.compare(b) == Ordering::Equal
}

/// Compares a number, but for its sign, with `digits` times 10^`exponent`; `None` for text that is no number.
pub(super) fn compare_magnitude(text: &str, digits: u128, exponent: i64) -> Option<Ordering> {
    let digits = IntegerText::new(i128::try_from(digits).ok()?);
    let other = Parts { negative: false, integer: digits.as_str().as_bytes(), fraction: &[], exponent };
    Some(parts(text)?.compare(other))
}

/// True when an integer's text is exactly `v`, whatever their size.
pub(super) fn is_exactly(v: f64, text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // Every finite f64 has 1,024 bits or fewer in front of the point.
    let (mut limbs, mut used) = ([0_u64; 16], 0);
    for digit in digits.bytes() {
        let mut carry = u128::from(digit - b'0');
        for limb in &mut limbs[..used] {
            carry += u128::from(*limb) * 10;
            *limb = carry as u64;
            carry >>= 64;
        }
        if carry > 0 {
            let Some(limb) = limbs.get_mut(used) else { return false };
            *limb = carry as u64;
            used += 1;
        }
    }
    // From the top, each limb takes its part away from the value, without rounding; nothing may be left.
    let rest = (0..used).rev().try_fold(v.abs(), |rest, i| {
        let weight = f64::from_bits((1_023 + 64 * i as u64) << 52);
        let part = (rest / weight).trunc();
        (part as u128 == u128::from(limbs[i])).then_some(rest - part * weight)
    });
    rest == Some(0.0) && (v.is_sign_negative() == text.starts_with('-') || v == 0.0)
}

/// True when `text` is an integer that was written without a fraction or exponent.
pub(super) fn is_integer_text(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
