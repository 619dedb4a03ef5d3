//! From templates to bytes, without a heap allocation of its own.

use std::io::Write;

use super::random::Random;
use super::template::{Column, Piece, Value};

impl Column {
    /// Appends `"name":`.
    pub(super) fn write_key(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(b"\":");
    }
}

impl Value {
    /// Appends one value, drawn from `random`, of record number `record`.
    pub(super) fn write(&self, random: &mut Random, record: u64, out: &mut Vec<u8>) {
        match self {
            Self::Text(pieces) => {
                out.push(b'"');
                for piece in *pieces {
                    piece.write(random, out);
                }
                out.push(b'"');
            }
            Self::Int { min, max } => write_int(random.between(*min, *max), out),
            Self::Sequence { start, step, jitter } => {
                let base = start.wrapping_add((record as i64).wrapping_mul(*step));
                write_int(base.wrapping_add(random.below(*jitter) as i64), out);
            }
            Self::Decimal { min, max, scale } => write_decimal(random.between(*min, *max), *scale, out),
            Self::Magnitude { max_digits, scale } => {
                let digits = scale + random.below(u64::from(*max_digits)) as u32;
                let floor = 10i64.pow(digits);
                write_decimal(random.between(floor, 10 * floor - 1), *scale, out);
            }
            Self::Float { scale } => write_float((random.unit() - 0.5) * 2.0 * scale, out),
            Self::Bool { true_percent } => {
                let text: &[u8] = if random.percent(*true_percent) { b"true" } else { b"false" };
                out.extend_from_slice(text);
            }
            Self::Instant { start_s, step_ms } => {
                let elapsed_ms = (record as i64).wrapping_mul(*step_ms).wrapping_add(random.between(0, step_ms - 1));
                write_instant(start_s.wrapping_mul(1000).wrapping_add(elapsed_ms), out);
            }
            Self::Nullable { null_percent, value } => {
                if random.percent(*null_percent) {
                    out.extend_from_slice(b"null");
                } else {
                    value.write(random, record, out);
                }
            }
            Self::Object(columns) => {
                let mut separator = b'{';
                for column in columns.iter() {
                    if column.present_percent < 100 && !random.percent(column.present_percent) {
                        continue;
                    }
                    out.push(separator);
                    separator = b',';
                    column.write_key(out);
                    column.value.write(random, record, out);
                }
                close_object(separator, out);
            }
            Self::List { min, max, element } => {
                out.push(b'[');
                for i in 0..random.between(*min, *max) {
                    if i > 0 {
                        out.push(b',');
                    }
                    element.write(random, record, out);
                }
                out.push(b']');
            }
        }
    }
}

impl Piece {
    fn write(&self, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Self::OneOf(from) => out.extend_from_slice(random.pick(from).as_bytes()),
            Self::Words { min, max, from } => {
                for i in 0..random.between(*min, *max) {
                    if i > 0 {
                        out.push(b' ');
                    }
                    out.extend_from_slice(random.pick(from).as_bytes());
                }
            }
            Self::Mix { min, max, from } => {
                for _ in 0..random.between(*min, *max) {
                    let list = random.pick(from);
                    out.extend_from_slice(random.pick(list).as_bytes());
                }
            }
            Self::Number { min, max } => write_int(random.between(*min, *max), out),
            Self::Hex(digits) => {
                let mut bits = 0;
                for i in 0..*digits {
                    if i % 16 == 0 {
                        bits = random.bits();
                    }
                    out.push(b"0123456789abcdef"[(bits & 15) as usize]);
                    bits >>= 4;
                }
            }
        }
    }
}

/// Appends `}`, and before it the `{` that no key has written: `separator` tells.
pub(super) fn close_object(separator: u8, out: &mut Vec<u8>) {
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

fn write_int(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_digits(value.unsigned_abs(), 1, out);
}

/// Appends `units × 10^-scale`. Integer arithmetic keeps the text the same on every platform.
fn write_decimal(units: i64, scale: u32, out: &mut Vec<u8>) {
    if units < 0 {
        out.push(b'-');
    }
    let one = 10u64.pow(scale);
    write_digits(units.unsigned_abs() / one, 1, out);
    if scale > 0 {
        out.push(b'.');
        write_digits(units.unsigned_abs() % one, scale as usize, out);
    }
}

/// Appends a decimal number, with leading zeros up to `width` digits.
fn write_digits(mut value: u64, width: usize, out: &mut Vec<u8>) {
    // 20 digits hold every u64.
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while value > 0 {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let start = start.min(digits.len() - width);
    out.extend_from_slice(&digits[start..]);
}

fn write_float(value: f64, out: &mut Vec<u8>) {
    // Writing into a `Vec` cannot fail, and float formatting works on the stack.
    let _ = write!(out, "{value}");
}

/// Appends `"2024-02-29T12:34:56.789Z"`.
///
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn write_instant(epoch_ms: i64, out: &mut Vec<u8>) {
    let (day, ms_of_day) = (epoch_ms.div_euclid(86_400_000), epoch_ms.rem_euclid(86_400_000));
    // Years start in March here, so that the leap day is the last of its year.
    let shifted = day + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);

    out.push(b'"');
    let parts = [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day_of_month, 2, b'T'),
        (ms_of_day / 3_600_000, 2, b':'),
        (ms_of_day / 60_000 % 60, 2, b':'),
        (ms_of_day / 1000 % 60, 2, b'.'),
        (ms_of_day % 1000, 3, b'Z'),
    ];
    for (value, width, terminator) in parts {
        write_digits(value.unsigned_abs(), width, out);
        out.push(terminator);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("the writers emit ASCII")
    }

    #[test]
    fn numbers() {
        for (value, expected) in
            [(0, "0"), (7, "7"), (-7, "-7"), (i64::MAX, "9223372036854775807"), (i64::MIN, "-9223372036854775808")]
        {
            assert_eq!(text(|out| write_int(value, out)), expected);
        }
        for (units, scale, expected) in
            [(0, 2, "0.00"), (5, 2, "0.05"), (-5, 3, "-0.005"), (1234, 2, "12.34"), (12, 0, "12")]
        {
            assert_eq!(text(|out| write_decimal(units, scale, out)), expected);
        }
    }

    #[test]
    fn instants() {
        for (epoch_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_210_096_789, "2024-02-29T12:34:56.789Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(text(|out| write_instant(epoch_ms, out)), format!("\"{expected}\""));
        }
    }
}
