//! The ways in which a record can be malformed on purpose.

use super::random::Random;
use super::template::Column;

/// Why a record written under [`with_bad_rate`](super::WorkloadGenerator::with_bad_rate) cannot be decoded.
///
/// Every defect makes the record undecodable under the workload's [schema](super::Workload::schema), and none of them
/// puts a line feed into it, so records can still be framed by lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Defect {
    /// The record ends early: `{"id":1,"na`.
    Truncated,
    /// Valid JSON with a string `"n/a"` where the schema has a number, boolean, timestamp, struct or list.
    TypeMismatch,
    /// A number that JSON's grammar forbids: `01`, `1.`, `+1`, `NaN` …
    BadNumber,
    /// A key with nothing after its colon: `{"id":,"name":"x"}`.
    MissingValue,
    /// A string with a byte sequence that is not UTF-8.
    InvalidUtf8,
    /// A string with half of a surrogate pair: `"\ud83c"`.
    LoneSurrogate,
    /// A string with a tab that is not escaped.
    RawControl,
    /// Something after the object: `{"id":1}}`.
    TrailingGarbage,
}

impl Defect {
    /// Every defect, in the order of their declaration; each is as likely as the others.
    pub const ALL: [Self; 8] = [
        Self::Truncated,
        Self::TypeMismatch,
        Self::BadNumber,
        Self::MissingValue,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::RawControl,
        Self::TrailingGarbage,
    ];

    /// Is the record broken as JSON, whatever the schema? Only a type mismatch is not.
    #[must_use]
    pub const fn is_syntax(self) -> bool {
        !matches!(self, Self::TypeMismatch)
    }
}

/// One record's defect, and the top-level column that suffers from it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) defect: Defect,
    pub(super) column: usize,
}

impl Plan {
    /// Draws a defect, and a column that the schema wants and the defect can strike.
    pub(super) fn draw(columns: &[Column], wanted: Option<&[&str]>, random: &mut Random) -> Self {
        let defect = Defect::ALL[random.below(Defect::ALL.len() as u64) as usize];
        let strikes = |column: &Column| {
            let wanted = wanted.is_none_or(|wanted| wanted.contains(&column.name));
            wanted && (defect != Defect::TypeMismatch || !column.value.is_text())
        };
        let candidates = columns.iter().filter(|column| strikes(column)).count();
        let chosen = random.below(candidates as u64) as usize;
        let column =
            columns.iter().enumerate().filter(|(_, column)| strikes(column)).nth(chosen).map_or(0, |(index, _)| index);
        Self { defect, column }
    }

    /// Appends what stands in place of the column's value, if this defect replaces it.
    pub(super) fn write_value(&self, random: &mut Random, out: &mut Vec<u8>) -> bool {
        const NUMBERS: &[&str] = &["01", "-", "+1", "1.", ".5", "2e", "0x1F", "NaN", "Infinity", "1_000"];
        // A lone continuation byte, an overlong slash, an encoded surrogate, a code point past U+10FFFF, a cut-off sequence.
        const SEQUENCES: &[&[u8]] = &[b"\x80", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xE2\x82"];
        const SURROGATES: &[&str] = &[r"\ud83c", r"\udf0a", r"\ud83c\ud83c", r"\udf0a\ud83c"];

        let text: &[u8] = match self.defect {
            Defect::TypeMismatch => b"\"n/a\"",
            Defect::MissingValue => b"",
            Defect::BadNumber => random.pick(NUMBERS).as_bytes(),
            Defect::InvalidUtf8 => return write_string(random.pick(SEQUENCES), out),
            Defect::LoneSurrogate => return write_string(random.pick(SURROGATES).as_bytes(), out),
            Defect::RawControl => return write_string(b"\t", out),
            Defect::Truncated | Defect::TrailingGarbage => return false,
        };
        out.extend_from_slice(text);
        true
    }

    /// Spoils the finished record that begins at `start`, if this defect is about its end.
    pub(super) fn spoil_end(&self, start: usize, random: &mut Random, out: &mut Vec<u8>) {
        match self.defect {
            // At least the brace stays: an empty record is no malformed one.
            Defect::Truncated => {
                let len = (out.len() - start) as i64;
                out.truncate(start + random.between(1, len - 1) as usize);
            }
            Defect::TrailingGarbage => {
                const TAILS: &[&str] = &["}", ",", " x", "]", "\u{0}", "{"];
                out.extend_from_slice(random.pick(TAILS).as_bytes());
            }
            _ => {}
        }
    }
}

fn write_string(middle: &[u8], out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(b"\"spoilt ");
    out.extend_from_slice(middle);
    out.extend_from_slice(b" text\"");
    true
}
