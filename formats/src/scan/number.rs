//! Numbers as JSON writes them.
//!
//! The fast readers take what nearly all numbers are, and give `None` for the rest, right or wrong: then [`token`] finds
//! out where the number ends, if it is one, and exact arithmetic over its text does the work.
#![allow(unsafe_code, reason = "passing over digits that were just found")]

use super::{
    cursor::Cursor,
    isa::{Isa, WINDOW},
    powers::{POWERS_OF_TEN, divide_by_power_of_ten},
};

/// Digits that any 64-bit signed integer can hold.
const SAFE_DIGITS: usize = 18;

/// Integers of up to this many digits are exact in an f64.
const EXACT_DIGITS: usize = 15;

/// Powers of ten that are exact in an f64.
const EXACT_POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Reads an integer of up to 18 digits, without fraction or exponent.
#[inline(always)]
pub(crate) fn integer<I: Isa>(isa: I, start: Cursor<'_>) -> Option<(i64, Cursor<'_>)> {
    let Shape { window, sign, others } = Shape::of(isa, start);
    let len = others.trailing_zeros() as usize;
    // One branch for all, since each of them alone is hard to predict.
    if (len.wrapping_sub(sign + 1) >= SAFE_DIGITS) | leads_with_zero(window, sign, len) | goes_on(window[len % WINDOW])
    {
        return None;
    }
    let (head, tail) = halves(window);
    let value = if len <= 16 {
        isa.digits(head, len)
    } else {
        isa.digits(head, 16) * POWERS_OF_TEN[len - 16] + isa.digits(tail, len - 16)
    };
    // Below 10^18, so neither the cast nor the sign can overflow.
    let value = value as i64;
    // SAFETY: these bytes are digits behind a sign.
    Some((if sign == 1 { -value } else { value }, unsafe { start.skip(len) }))
}

/// Reads a number without exponent, correctly rounded: up to 19 significant digits, 27 of them behind the point, or an
/// integer of up to 15.
#[inline(always)]
pub(crate) fn float<I: Isa>(isa: I, start: Cursor<'_>) -> Option<(f64, Cursor<'_>)> {
    let Shape { window, sign, others } = Shape::of(isa, start);
    let dot = others.trailing_zeros() as usize;
    if (dot.wrapping_sub(sign + 1) >= EXACT_DIGITS - sign) | leads_with_zero(window, sign, dot) {
        return None;
    }
    let (head, tail) = halves(window);
    let (value, len) = if window[dot % WINDOW] == b'.' {
        let len = (others & (others - 1)).trailing_zeros() as usize;
        let places = len - dot - 1;
        if (places == 0) | (len == WINDOW) | has_exponent(window[len % WINDOW]) {
            return None;
        }
        (fraction(isa, (head, tail), dot, places)?, len)
    } else if has_exponent(window[dot % WINDOW]) {
        return None;
    } else {
        (isa.digits(head, dot) as i64 as f64, dot)
    };
    let signed = f64::from_bits(value.to_bits() | (sign as u64) << 63);
    // SAFETY: these bytes are digits and a point behind a sign.
    Some((signed, unsafe { start.skip(len) }))
}

/// The magnitude of a number in the halves of a window, which it does not fill, with a point at `dot`: up to 14 digits in
/// front of it, and `places` behind it. A sign counts as a digit.
#[inline(always)]
fn fraction<I: Isa>(
    isa: I,
    (head, tail): (&[u8; WINDOW / 2], &[u8; WINDOW / 2]),
    dot: usize,
    places: usize,
) -> Option<f64> {
    let len = dot + 1 + places;
    if len <= 16 {
        // At most 15 digits, so both operands are exact and one division rounds once.
        return Some(isa.digits_around(head, dot, len) as i64 as f64 / EXACT_POWERS[places & 15]);
    }
    let (high, more) = (isa.digits_around(head, dot, 16), len - 16);
    if more > 4 && high >= POWERS_OF_TEN[19 - more] {
        return None;
    }
    // Below 10^19, so it fits 64 bits.
    let digits = high * POWERS_OF_TEN[more] + isa.digits(tail, more);
    divide_by_power_of_ten(digits, places)
}

/// What the `len` first bytes of a window are, as all of a text: an integer of up to 18 digits, with zeros in front or
/// not. `None` for everything else, right or wrong.
#[inline(always)]
pub(crate) fn whole_integer<I: Isa>(isa: I, window: &[u8; WINDOW], len: usize) -> Option<i64> {
    let sign = u32::from(window[0] == b'-');
    let others = isa.not_digits(window) & !sign;
    let sign = sign as usize;
    if (others.trailing_zeros() as usize) < len || len.wrapping_sub(sign + 1) >= SAFE_DIGITS {
        return None;
    }
    let (head, tail) = halves(window);
    let value = if len <= 16 {
        isa.digits(head, len)
    } else {
        isa.digits(head, 16) * POWERS_OF_TEN[len - 16] + isa.digits(tail, len - 16)
    };
    // Below 10^18, so neither the cast nor the sign can overflow.
    let value = value as i64;
    Some(if sign == 1 { -value } else { value })
}

/// The same for a number without exponent, correctly rounded, of as many digits as [`float`] takes.
#[inline(always)]
pub(crate) fn whole_float<I: Isa>(isa: I, window: &[u8; WINDOW], len: usize) -> Option<f64> {
    let Decimal { sign, dot } = Decimal::of(isa, window, len)?;
    if dot.wrapping_sub(sign + 1) >= EXACT_DIGITS - sign {
        return None;
    }
    let halves = halves(window);
    let value =
        if dot == len { isa.digits(halves.0, len) as i64 as f64 } else { fraction(isa, halves, dot, len - dot - 1)? };
    Some(f64::from_bits(value.to_bits() | (sign as u64) << 63))
}

/// The same for a decimal number of up to 16 bytes: its digits as an integer, and how many of them are behind the point.
#[inline(always)]
pub(crate) fn whole_decimal<I: Isa>(isa: I, window: &[u8; WINDOW], len: usize) -> Option<(i64, usize)> {
    let Decimal { sign, dot } = Decimal::of(isa, window, len)?;
    if (len > 16) | (dot <= sign) {
        return None;
    }
    let (head, _) = halves(window);
    let (digits, places) =
        if dot == len { (isa.digits(head, len), 0) } else { (isa.digits_around(head, dot, len), len - dot - 1) };
    // At most 16 digits.
    let digits = digits as i64;
    Some((if sign == 1 { -digits } else { digits }, places))
}

/// Where the parts of a decimal number are that is all of a text.
struct Decimal {
    /// 1 for a minus, else 0.
    sign: usize,
    /// Where the point is; the text's length where there is none. There are digits behind it.
    dot: usize,
}

impl Decimal {
    #[inline(always)]
    fn of<I: Isa>(isa: I, window: &[u8; WINDOW], len: usize) -> Option<Self> {
        let sign = u32::from(window[0] == b'-');
        if len >= WINDOW {
            return None;
        }
        // A bit behind the text ends it.
        let others = (isa.not_digits(window) & !sign) | 1 << len;
        let dot = others.trailing_zeros() as usize;
        let end = (others & (others - 1)).trailing_zeros() as usize;
        let is_number = (dot == len) | ((window[dot % WINDOW] == b'.') & (end == len) & (len > dot + 1));
        is_number.then_some(Self { sign: sign as usize, dot })
    }
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Digits alone.
    Integer,
    /// With a point, without an exponent.
    Fraction,
    /// Any of them, or with an exponent.
    Any,
}

/// Finds the end of a number; `None` when it is none by RFC 8259 §6. What may follow it is the caller's matter.
#[inline(always)]
pub(crate) fn token<I: Isa>(isa: I, start: Cursor<'_>) -> Option<Cursor<'_>> {
    notation(isa, start).map(|(_, end)| end)
}

/// The same, and how it is written.
#[inline(always)]
pub(crate) fn notation<I: Isa>(isa: I, start: Cursor<'_>) -> Option<(Notation, Cursor<'_>)> {
    let Shape { window, sign, others } = Shape::of(isa, start);
    let len = others.trailing_zeros() as usize;
    if (len <= sign) | (len == WINDOW) | leads_with_zero(window, sign, len) {
        return long_token(start).map(|end| (Notation::Any, end));
    }
    if !goes_on(window[len % WINDOW]) {
        // SAFETY: these bytes are digits behind a sign.
        return Some((Notation::Integer, unsafe { start.skip(len) }));
    }
    let end = (others & (others - 1)).trailing_zeros() as usize;
    if window[len % WINDOW] != b'.' || end == len + 1 || end == WINDOW || has_exponent(window[end % WINDOW]) {
        return long_token(start).map(|end| (Notation::Any, end));
    }
    // SAFETY: these bytes are digits and a point behind a sign.
    Some((Notation::Fraction, unsafe { start.skip(end) }))
}

/// What the first look at a number finds.
struct Shape<'a> {
    /// From the sign on.
    window: &'a [u8; WINDOW],
    /// 1 for a minus, else 0.
    sign: usize,
    /// Bit i is set where byte i is neither a digit nor the sign.
    others: u32,
}

impl<'a> Shape<'a> {
    /// Looks at sign and digits at once: where a number ends does not wait for whether it has a sign. The readers count
    /// the sign as a digit, and [`Isa::digits`] takes it for a zero.
    #[inline(always)]
    fn of<I: Isa>(isa: I, start: Cursor<'a>) -> Self {
        let window = start.window::<WINDOW>();
        let sign = u32::from(window[0] == b'-');
        Self { window, sign: sign as usize, others: isa.not_digits(window) & !sign }
    }
}

/// The same, byte by byte and for any number.
#[inline(never)]
fn long_token(start: Cursor<'_>) -> Option<Cursor<'_>> {
    let start = start.behind(b'-').unwrap_or(start);
    let mut at = start;
    let leads_with_zero = at.byte() == b'0';
    at = some_digits(at)?;
    if leads_with_zero && at.since(start).len() > 1 {
        return None;
    }
    if at.byte() == b'.' {
        at = some_digits(at.advance(1))?;
    }
    if at.byte() | 0x20 == b'e' {
        at = at.advance(1);
        at = some_digits(at.advance(usize::from(matches!(at.byte(), b'+' | b'-'))))?;
    }
    Some(at)
}

fn some_digits(start: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut at = start;
    while at.byte().is_ascii_digit() && !at.is_at_end() {
        at = at.advance(1);
    }
    (!at.since(start).is_empty()).then_some(at)
}

/// Whether a number goes on behind its integer part.
#[inline(always)]
fn goes_on(byte: u8) -> bool {
    (byte == b'.') | has_exponent(byte)
}

#[inline(always)]
fn has_exponent(byte: u8) -> bool {
    byte | 0x20 == b'e'
}

#[inline(always)]
fn leads_with_zero(window: &[u8; WINDOW], sign: usize, len: usize) -> bool {
    (window[sign % WINDOW] == b'0') & (len > sign + 1)
}

#[inline(always)]
fn halves(window: &[u8; WINDOW]) -> (&[u8; 16], &[u8; 16]) {
    let (halves, _) = window.as_chunks::<16>();
    (&halves[0], &halves[1])
}
