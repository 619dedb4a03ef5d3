//! Numbers that are hard to round, through every engine into DOUBLE and FLOAT, against the standard library's parser.

use arrow_array::{Array, cast::AsArray, types::*};
use laminar_schema::{NewRecord, RawBatch};

use super::{
    Engines, oracle,
    target::{options, schema},
};
use crate::random::Random;

/// Checks numbers by the batch.
#[derive(Debug)]
pub struct Floats {
    engines: Engines,
    batch: RawBatch,
    random: Random,
    text: String,
}

/// Numbers of a batch.
const BATCH: usize = 1_000;

impl Floats {
    /// A check that makes the choices of `seed`.
    ///
    /// # Panics
    /// When an engine does not take the columns.
    pub fn new(seed: u64) -> Self {
        let engines = Engines::new(&schema("d DOUBLE, f FLOAT"), &options(&[("type_mismatch", "null")]));
        let engines = engines.unwrap_or_else(|e| panic!("{e}"));
        Self { engines, batch: RawBatch::new(), random: Random(seed), text: String::new() }
    }

    /// Decodes a batch of random hard numbers and returns how many there were.
    ///
    /// # Errors
    /// The first number that is wrong, or that engines disagree about.
    pub fn run(&mut self) -> Result<usize, String> {
        let numbers: Vec<String> = (0..BATCH).map(|_| self.number()).collect();
        self.check(&numbers)
    }

    /// Decodes these numbers and returns how many there were.
    ///
    /// # Errors
    /// As [`Floats::run`].
    ///
    /// # Panics
    /// When a column has another type than the one asked for.
    pub fn check(&mut self, numbers: &[String]) -> Result<usize, String> {
        self.batch.clear();
        for (i, number) in numbers.iter().enumerate() {
            let record = match i % 4 {
                0 => format!(r#"{{"d":{number},"f":{number}}}"#),
                1 => format!(r#"{{"f": {number} ,"d": {number} }}"#),
                2 => format!(r#"{{"d":{number},"z":{number},"f":{number}}}"#),
                _ => format!("{{\"d\":{number}\n,\"f\":{number}\t}}"),
            };
            self.batch.push(NewRecord::new(record.as_bytes()));
        }
        let decoded = self.engines.decode(&self.batch)?;
        let doubles = decoded.batch.column(0).as_primitive::<Float64Type>();
        let floats = decoded.batch.column(1).as_primitive::<Float32Type>();
        if let Some(rejected) = decoded.rejected.first() {
            return Err(format!("{}: {}", numbers[rejected.record], rejected.error));
        }
        for (row, number) in numbers.iter().enumerate() {
            let found = doubles.is_valid(row).then(|| doubles.value(row));
            if found.map(f64::to_bits) != oracle::float64(number).map(f64::to_bits) {
                return Err(format!("DOUBLE {number}: {found:?}, but std says {:?}", number.parse::<f64>()));
            }
            let found = floats.is_valid(row).then(|| floats.value(row));
            if found.map(f32::to_bits) != oracle::float32(number).map(f32::to_bits) {
                return Err(format!("FLOAT {number}: {found:?}, but std says {:?}", number.parse::<f32>()));
            }
        }
        Ok(numbers.len())
    }

    fn number(&mut self) -> String {
        self.text.clear();
        let text = match self.random.below(16) {
            0..=2 => shortest(self.any_double()),
            3 | 4 => format!("{:.16e}", self.any_double()),
            5 => format!("{:e}", self.any_single()),
            6..=9 => self.digits(),
            10 => self.halfway_doubles(),
            11 => self.halfway_singles(),
            12 => self.near_a_power(),
            13 => shortest(f64::from_bits(self.random.bits() & ((1 << 53) - 1))),
            14 => format!("{:.*}", self.random.below(20), self.middling()),
            _ => shortest(self.middling()),
        };
        if self.random.below(4) == 0 { format!("-{}", text.trim_start_matches('-')) } else { text }
    }

    /// Any bit pattern that is a number.
    fn any_double(&mut self) -> f64 {
        let v = f64::from_bits(self.random.bits());
        if v.is_finite() { v } else { 0.5 }
    }

    fn any_single(&mut self) -> f32 {
        let v = f32::from_bits(self.random.bits() as u32);
        if v.is_finite() { v } else { 0.5 }
    }

    /// A number as records have them.
    fn middling(&mut self) -> f64 {
        let (numerator, shift) = (self.random.bits() >> self.random.below(60), self.random.below(60));
        numerator as f64 / (1_u64 << shift) as f64
    }

    /// 1 to 25 digits with the point anywhere, and an exponent sometimes.
    fn digits(&mut self) -> String {
        let count = 1 + self.random.below(25);
        let mut text: String = (0..count).map(|_| char::from(b'0' + self.random.below(10) as u8)).collect();
        match self.random.below(8) {
            // Long runs of nines and zeros round far.
            0 => text.replace_range(count / 2.., &"9".repeat(count - count / 2)),
            1 => text.replace_range(count / 2.., &"0".repeat(count - count / 2)),
            _ => {}
        }
        let point = self.random.below(count + 1);
        let (integer, fraction) = text.split_at(point);
        let integer = integer.trim_start_matches('0');
        let mut text = if integer.is_empty() { "0".to_owned() } else { integer.to_owned() };
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        if self.random.below(3) == 0 {
            let widest = self.random.pick(&[10, 30, 330]);
            let exponent = self.random.below(2 * widest + 1) as i64 - widest as i64;
            text.push_str(&match self.random.below(3) {
                0 => format!("e{exponent}"),
                1 => format!("E{exponent:+}"),
                _ => format!("e{}{:03}", if exponent < 0 { "-" } else { "" }, exponent.abs()),
            });
        }
        text
    }

    /// The middle between two neighbouring doubles, exactly, or off by one in its last digit.
    fn halfway_doubles(&mut self) -> String {
        let places = if self.random.below(50) == 0 { 1_080 } else { 150 };
        let v = match self.random.below(4) {
            _ if places > 1_000 => self.any_double().abs(),
            0 => (self.random.bits() >> 11) as f64,
            1 => self.middling(),
            // Exact in 150 places from 2^-90 on.
            _ => f64::from_bits(self.random.bits() >> 12 | (1_023 - 90 + self.random.below(150) as u64) << 52),
        };
        if !v.next_up().is_finite() {
            return shortest(v);
        }
        let (low, high) = (format!("{v:.places$}"), format!("{:.places$}", v.next_up()));
        let text = average(&low, &high);
        self.nearly(text)
    }

    fn halfway_singles(&mut self) -> String {
        let v = match self.random.below(2) {
            0 => f32::from_bits(self.random.bits() as u32 & 0x7fff_ffff),
            _ => (self.random.bits() >> 40) as f32 / (1_u64 << self.random.below(40)) as f32,
        };
        if !v.next_up().is_finite() {
            return "3.4028235677973366161637539e38".to_owned();
        }
        let middle = (f64::from(v) + f64::from(v.next_up())) / 2.0;
        self.nearly(format!("{middle:.160}"))
    }

    /// The number, one more or one less in the last place, or with digits behind; as a decimal or with an exponent.
    fn nearly(&mut self, text: String) -> String {
        let text = text.trim_end_matches('0');
        let mut text = text.strip_suffix('.').map_or_else(|| text.to_owned(), |integer| format!("{integer}.0"));
        match self.random.below(4) {
            0 => text.push_str(self.random.pick(&[
                "1",
                "0000000001",
                "00000000000000000000000000000000000000000001",
                "000",
            ])),
            1 | 2 => {
                let last = text.pop().map_or(0, |c| c as u8 - b'0');
                let other = if self.random.below(2) == 0 { last.saturating_sub(1) } else { (last + 1).min(9) };
                text.push(char::from(b'0' + other));
            }
            _ => {}
        }
        if self.random.below(2) == 0 {
            return text;
        }
        let (integer, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = [integer, fraction].concat();
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return text;
        }
        let exponent = integer.len() as i64 - 1 - (digits.len() - significant.len()) as i64;
        let (first, rest) = significant.split_at(1);
        format!("{first}.{}e{exponent}", if rest.is_empty() { "0" } else { rest })
    }

    /// Around powers of two and of ten.
    fn near_a_power(&mut self) -> String {
        let power = if self.random.below(2) == 0 {
            2_f64.powi(self.random.below(2_097) as i32 - 1_074)
        } else {
            10_f64.powi(self.random.below(632) as i32 - 323)
        };
        let v = match self.random.below(3) {
            0 => power.next_down(),
            1 => power.next_up(),
            _ => power,
        };
        if v.is_finite() { shortest(v) } else { "1e308".to_owned() }
    }
}

/// The digits that a number is printed with, as a fraction or with an exponent, whichever is shorter.
fn shortest(v: f64) -> String {
    let (plain, scientific) = (format!("{v:?}"), format!("{v:e}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}

/// The middle of two decimal numbers with as many places each, exactly.
fn average(a: &str, b: &str) -> String {
    let longer = a.len().max(b.len());
    let (a, b) = (format!("{a:0>longer$}"), format!("{b:0>longer$}"));
    let mut sums = Vec::with_capacity(longer + 1);
    let mut carry = 0;
    for (x, y) in a.bytes().rev().zip(b.bytes().rev()) {
        if x == b'.' {
            sums.push(b'.');
            continue;
        }
        let sum = x - b'0' + y - b'0' + carry;
        sums.push(b'0' + sum % 10);
        carry = sum / 10;
    }
    sums.push(b'0' + carry);
    let (mut text, mut rest) = (String::with_capacity(longer + 2), 0);
    for digit in sums.into_iter().rev() {
        if digit == b'.' {
            text.push('.');
            continue;
        }
        let value = rest * 10 + digit - b'0';
        text.push(char::from(b'0' + value / 2));
        rest = value % 2;
    }
    text.push(if rest == 1 { '5' } else { '0' });
    let trimmed = text.trim_start_matches('0');
    if trimmed.starts_with('.') { format!("0{trimmed}") } else { trimmed.to_owned() }
}
