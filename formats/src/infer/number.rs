//! What the numbers of a field have in common: their range and digits, joined exactly.

use arrow_schema::DataType;
use laminar_schema::{NumberInference, types::HUGEINT};
use serde::{Deserialize, Serialize};

use super::lattice::Kind;

/// The range and the digits of all numbers seen. Joining two is taking the wider of each, so order cannot matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumberRange {
    /// Some integer is below zero.
    negative: bool,
    /// Some integer is outside both BIGINT and UBIGINT.
    huge: bool,
    /// Some integer is not what DOUBLE would make of it.
    inexact: bool,
    /// Some value is NaN or infinite, which only DOUBLE holds.
    non_finite: bool,
    /// Most digits before the point.
    whole_digits: u32,
    /// Most digits behind the point, trailing zeros left out.
    scale: u32,
}

/// The type for all numbers of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NumberType {
    /// A type that holds them all, and what must be said about it.
    Fits(DataType, NumberNote),
    /// There is none: the text is kept.
    None,
}

/// What must be said about a chosen number type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberNote {
    /// Nothing.
    Plain,
    /// Integers stand beside fractions, and DOUBLE would round the integers.
    ExactMix,
    /// DOUBLE was asked for, but would round integers of this sample: an exact type was taken.
    NotDouble,
    /// The decimal asked for is too small for this sample.
    Widened,
}

/// One number taken apart: `-12.50e3` is 12500, that is three digits and two zeros.
struct Digits {
    negative: bool,
    has_fraction_or_exponent: bool,
    /// Digits without zeros at either end.
    significant: u32,
    /// Power of ten of the last of them.
    exponent: i32,
    zero: bool,
}

impl NumberRange {
    /// Takes in an integer in JSON's grammar, and says its kind.
    #[inline]
    pub(crate) fn observe_integer(&mut self, text: &[u8]) -> Kind {
        let negative = text.first() == Some(&b'-');
        let digits = text.len() - usize::from(negative);
        if digits > EXACT_DIGITS {
            return self.observe_bytes(text);
        }
        let zero = digits == 1 && text.last() == Some(&b'0');
        self.negative |= negative && !zero;
        self.whole_digits = self.whole_digits.max(if zero { 0 } else { digits as u32 });
        Kind::BigInt
    }

    /// Takes in a number in JSON's grammar with a point and without an exponent, and says its kind.
    #[inline]
    pub(crate) fn observe_fraction(&mut self, bytes: &[u8]) -> Kind {
        let start = usize::from(bytes.first() == Some(&b'-'));
        let dot = bytes.iter().position(|b| *b == b'.').unwrap_or(bytes.len());
        // Longer ones may be zero or infinite in DOUBLE.
        if bytes.len() > MAX_PLAIN_FRACTION || dot == bytes.len() {
            return self.observe_bytes(bytes);
        }
        let whole = if bytes[start] == b'0' { 0 } else { dot - start };
        let zeros = bytes.iter().rev().take_while(|b| **b == b'0').count();
        self.whole_digits = self.whole_digits.max(whole as u32);
        self.scale = self.scale.max((bytes.len() - dot - 1 - zeros) as u32);
        Kind::Double
    }

    /// Takes in one number in JSON's grammar, and says its kind.
    #[inline(never)]
    pub(crate) fn observe_bytes(&mut self, text: &[u8]) -> Kind {
        std::str::from_utf8(text).map_or(Kind::Number, |text| self.observe(text))
    }

    /// Takes in one number in JSON's grammar, and says its kind.
    pub(crate) fn observe(&mut self, text: &str) -> Kind {
        let digits = Digits::of(text);
        let kind = digits.kind(text);
        if kind == Kind::Number {
            return kind;
        }
        self.whole_digits = self.whole_digits.max(digits.whole());
        self.scale = self.scale.max(digits.scale());
        if kind.is_integer() {
            // `-0` is read as the integer 0, which no unsigned type refuses.
            self.negative |= digits.negative && !digits.zero;
            self.huge |= kind == Kind::HugeInt;
            self.inexact |= text.parse().is_ok_and(|v: i128| !is_exact_double(v));
        }
        kind
    }

    /// Takes in a NaN or an infinity.
    pub(super) fn observe_non_finite(&mut self) {
        self.non_finite = true;
    }

    /// Joins two ranges.
    pub(super) fn merge(&mut self, other: Self) {
        self.negative |= other.negative;
        self.huge |= other.huge;
        self.inexact |= other.inexact;
        self.non_finite |= other.non_finite;
        self.whole_digits = self.whole_digits.max(other.whole_digits);
        self.scale = self.scale.max(other.scale);
    }

    /// The type for numbers whose kinds join to `kind`.
    pub(super) fn data_type(&self, kind: Kind, rule: NumberInference) -> NumberType {
        match self.finite_type(kind, rule) {
            NumberType::Fits(DataType::Float64, note) => NumberType::Fits(DataType::Float64, note),
            _ if self.non_finite => NumberType::None,
            chosen => chosen,
        }
    }

    fn finite_type(&self, kind: Kind, rule: NumberInference) -> NumberType {
        use NumberNote::{ExactMix, NotDouble, Plain, Widened};
        if kind == Kind::Number {
            return NumberType::None;
        }
        match rule {
            NumberInference::BigInt => match kind {
                Kind::BigInt => NumberType::Fits(DataType::Int64, Plain),
                Kind::UBigInt => NumberType::Fits(DataType::UInt64, Plain),
                Kind::HugeInt if !self.negative && !self.huge => NumberType::Fits(DataType::UInt64, Plain),
                Kind::HugeInt => NumberType::Fits(HUGEINT, Plain),
                _ if self.inexact => self.decimal(38, ExactMix),
                _ => NumberType::Fits(DataType::Float64, Plain),
            },
            NumberInference::Double if self.inexact => match self.finite_type(kind, NumberInference::BigInt) {
                NumberType::Fits(exact, _) => NumberType::Fits(exact, NotDouble),
                NumberType::None => NumberType::None,
            },
            NumberInference::Double => NumberType::Fits(DataType::Float64, Plain),
            NumberInference::Decimal(p, s) => {
                let (whole, scale) = (u32::from(p - s), u32::from(s));
                if self.whole_digits <= whole && self.scale <= scale {
                    return NumberType::Fits(DataType::Decimal128(p, s.cast_signed()), Plain);
                }
                let (whole, scale) = (self.whole_digits.max(whole), self.scale.max(scale));
                match u8::try_from(whole + scale) {
                    Ok(p @ 1..=38) => NumberType::Fits(decimal128(p, scale), Widened),
                    _ if self.inexact => NumberType::None,
                    _ => NumberType::Fits(DataType::Float64, Widened),
                }
            }
        }
    }

    fn decimal(&self, precision: u8, note: NumberNote) -> NumberType {
        if self.whole_digits + self.scale > u32::from(precision) {
            return NumberType::None;
        }
        NumberType::Fits(decimal128(precision, self.scale), note)
    }
}

fn decimal128(precision: u8, scale: u32) -> DataType {
    // The callers have checked that scale ≤ precision ≤ 38.
    DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
}

fn is_exact_double(value: i128) -> bool {
    // Up to 38 digits are far inside DOUBLE's range, so neither cast saturates.
    value as f64 as i128 == value
}

impl Digits {
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            // An exponent beyond i32 is beyond DOUBLE as well; only its sign still matters.
            Some((mantissa, e)) => (mantissa, e.parse().unwrap_or(if e.starts_with('-') { -MANY } else { MANY })),
            None => (text, 0i32),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        let leading = digits().take_while(|d| *d == b'0').count();
        let trailing = digits().rev().take_while(|d| *d == b'0').count();
        let all = whole.len() + fraction.len();
        let zero = leading == all;
        Self {
            negative,
            has_fraction_or_exponent: whole.len() != text.len() - usize::from(negative),
            significant: if zero { 0 } else { saturate(all - leading - trailing) },
            exponent: exponent.clamp(-MANY, MANY) + saturate(trailing).cast_signed()
                - saturate(fraction.len()).cast_signed(),
            zero,
        }
    }

    fn whole(&self) -> u32 {
        if self.zero { 0 } else { self.significant.saturating_add_signed(self.exponent) }
    }

    fn scale(&self) -> u32 {
        if self.zero { 0 } else { 0u32.saturating_add_signed(-self.exponent) }
    }

    fn kind(&self, text: &str) -> Kind {
        if self.has_fraction_or_exponent {
            let value: f64 = text.parse().unwrap_or(f64::NAN);
            // A number that DOUBLE turns into infinity, or a non-zero one into zero, is lost.
            let kept = value.is_finite() && (value != 0.0 || self.zero);
            return if kept { Kind::Double } else { Kind::Number };
        }
        match text.parse::<i128>() {
            Ok(v) if i64::try_from(v).is_ok() => Kind::BigInt,
            Ok(v) if u64::try_from(v).is_ok() => Kind::UBigInt,
            Ok(_) if self.whole() <= 38 => Kind::HugeInt,
            _ => Kind::Number,
        }
    }
}

/// Integers of up to this many digits are exact in an f64.
const EXACT_DIGITS: usize = 15;

/// Bytes of a number without exponent that is surely neither zero nor infinite in an f64, unless it is zero.
const MAX_PLAIN_FRACTION: usize = 64;

/// More digits than any type has; sums of a few of them stay inside i32.
const MANY: i32 = 100_000;

fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(MANY.cast_unsigned())
}

/// True for a number in JSON's grammar, which is also what CSV cells are held against: no leading zeros, no plus.
pub(crate) fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let digits = |at: usize| rest[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    if at == 0 || (rest[0] == b'0' && at > 1) {
        return false;
    }
    if rest.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(rest.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(rest.get(at), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == rest.len()
}

#[cfg(test)]
mod tests {
    use laminar_schema::types::type_name;

    use super::*;
    use crate::infer::lattice::Fallback;

    fn check(rule: NumberInference, texts: &[&str], expected: &str) {
        let mut backwards = texts.to_vec();
        backwards.reverse();
        for order in [texts, &backwards] {
            let mut range = NumberRange::default();
            let kind = order.iter().fold(Kind::Null, |k, t| {
                assert!(is_number(t), "{t}");
                k.join(range.observe(t), Fallback::Json)
            });
            let shown = match range.data_type(kind, rule) {
                NumberType::Fits(t, NumberNote::Plain) => type_name(&t),
                NumberType::Fits(t, note) => format!("{} {note:?}", type_name(&t)),
                NumberType::None => "none".to_owned(),
            };
            assert_eq!(shown, expected, "{order:?}");
        }
    }

    #[test]
    fn the_narrowest_exact_type_wins() {
        use NumberInference::{BigInt, Decimal, Double};
        check(BigInt, &["1", "-2"], "BIGINT");
        check(BigInt, &["-0"], "BIGINT");
        check(BigInt, &["9223372036854775807", "-9223372036854775808"], "BIGINT");
        check(BigInt, &["9223372036854775808"], "UBIGINT");
        check(BigInt, &["18446744073709551615", "0"], "UBIGINT");
        check(BigInt, &["18446744073709551615", "-0"], "UBIGINT");
        check(BigInt, &["18446744073709551615", "-1"], "HUGEINT");
        check(BigInt, &["18446744073709551616"], "HUGEINT");
        check(BigInt, &["-9223372036854775809"], "HUGEINT");
        check(BigInt, &["99999999999999999999999999999999999999"], "HUGEINT");
        check(BigInt, &["100000000000000000000000000000000000000"], "none");
        check(BigInt, &["170141183460469231731687303715884105727"], "none");
        check(BigInt, &["1.0"], "DOUBLE");
        check(BigInt, &["1e5"], "DOUBLE");
        check(BigInt, &["1", "2.5"], "DOUBLE");
        check(BigInt, &["9007199254740992", "2.5"], "DOUBLE");
        check(BigInt, &["9007199254740993", "2.5"], "DECIMAL(38,1) ExactMix");
        check(BigInt, &["12345678901234567890", "0.25"], "DECIMAL(38,2) ExactMix");
        check(BigInt, &["12345678901234567891", "0.1234567890123456789"], "none");
        check(BigInt, &["1e400"], "none");
        check(BigInt, &["1e-400"], "none");
        check(BigInt, &["0e400", "0e99999999999"], "DOUBLE");
        check(BigInt, &["1e99999999999", "1"], "none");
        check(Double, &["1", "2"], "DOUBLE");
        check(Double, &["9007199254740993"], "BIGINT NotDouble");
        check(Double, &["9007199254740993", "0.5"], "DECIMAL(38,1) NotDouble");
        check(Decimal(10, 2), &["1", "2.25", "12345678.9"], "DECIMAL(10,2)");
        check(Decimal(10, 2), &["1e2", "12.500"], "DECIMAL(10,2)");
        check(Decimal(10, 2), &["123456789"], "DECIMAL(11,2) Widened");
        check(Decimal(10, 2), &["0.125"], "DECIMAL(11,3) Widened");
        check(Decimal(10, 2), &["1e-300"], "DOUBLE Widened");
        check(Decimal(10, 2), &["1e-300", "12345678901234567891"], "none");
    }

    #[test]
    fn the_quick_ways_agree_with_the_long_one() {
        for text in [
            "0",
            "-0",
            "7",
            "-7",
            "100",
            "999999999999999",
            "-1000000000000000",
            "12345678901234567890",
            "0.0",
            "-0.0",
            "1.0",
            "10.0",
            "0.001",
            "-0.0010",
            "12.340",
            "123456789.123456789",
            "100.00",
            "0.1234567890123456789012345678901",
            "98765432109876543210987654321098765432109.25",
        ] {
            let (mut long, mut quick) = (NumberRange::default(), NumberRange::default());
            let kind = long.observe(text);
            let quick_kind = if text.contains('.') {
                quick.observe_fraction(text.as_bytes())
            } else {
                quick.observe_integer(text.as_bytes())
            };
            assert_eq!((quick_kind, quick), (kind, long), "{text}");
        }
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for yes in ["0", "-0", "10", "0.5", "-1.25e-3", "1E+9"] {
            assert!(is_number(yes), "{yes}");
        }
        for no in ["", "-", "01", "-01", "+1", ".5", "5.", "1e", "1e+", "0x1", "1 ", " 1", "NaN", "1.2.3", "١"] {
            assert!(!is_number(no), "{no}");
        }
    }
}
