//! What a text is: a day, a time, an instant, a duration, a UUID, or only text.

use std::sync::Arc;

use laminar_schema::InferenceConfig;
use serde::{Deserialize, Serialize};

use crate::column::{is_telling_duration, may_be_duration};

use super::{
    lattice::Kind,
    moment::{Moment, Pattern, iso8601, may_be_iso8601},
    number::is_number,
};

/// The name of the ISO 8601 family among the timestamp formats.
const ISO_8601: &str = "iso8601";

/// Formats that are told apart; further ones are not tried.
const MAX_FORMATS: usize = 64;

/// How texts are looked at: the timestamp formats of the configuration, in its order.
#[derive(Debug, Clone)]
pub(crate) struct TextRules {
    formats: Vec<Format>,
    /// The decoder has formats of its own, so a column must name even ISO 8601.
    always_named: bool,
    durations: bool,
    uuids: bool,
    /// Texts that begin with another byte are neither of a format nor a code, whatever follows.
    is_telling: Box<[bool; 256]>,
}

#[derive(Debug, Clone)]
enum Format {
    Iso8601,
    Pattern(Arc<Pattern>),
}

/// Whether texts can be held against a timestamp format.
pub(super) fn is_format(text: &str) -> bool {
    matches!(text, ISO_8601 | "rfc3339") || Pattern::new(text).is_some()
}

/// What the texts of a field have in common. Every part is joined by `and`, `or` or `+`, so order cannot matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TextFacts {
    /// Formats that every temporal text fits, by bit.
    common: u64,
    /// The first format that each temporal text fits, by bit.
    first: u64,
    nanos: bool,
    far_away: bool,
    /// Texts that would be numbers without their leading zeros.
    codes: u64,
    /// Instants that are no texts: nobody has guessed what they mean.
    instants: u64,
}

impl Default for TextFacts {
    fn default() -> Self {
        Self { common: u64::MAX, first: 0, nanos: false, far_away: false, codes: 0, instants: 0 }
    }
}

impl TextFacts {
    /// Joins two.
    pub(super) fn merge(&mut self, other: Self) {
        self.common &= other.common;
        self.first |= other.first;
        self.nanos |= other.nanos;
        self.far_away |= other.far_away;
        self.codes += other.codes;
        self.instants += other.instants;
    }

    /// Takes in an instant that the format itself tells from text: no timestamp format is needed to read it.
    pub(super) fn observe_instant(&mut self, text: &str) {
        self.instants += 1;
        if let Some(moment) = iso8601(text.as_bytes()) {
            self.nanos |= moment.is_nanos;
            self.far_away |= moment.is_far_away;
        } else {
            // A year of more digits than four.
            self.far_away = true;
            self.nanos |= text.split_once('.').is_some_and(|(_, f)| f.trim_end_matches(['0', 'Z']).len() > 6);
        }
    }

    /// How many texts would be numbers without their leading zeros.
    pub(super) fn codes(&self) -> u64 {
        self.codes
    }

    /// How many instants are no texts.
    pub(super) fn instants(&self) -> u64 {
        self.instants
    }

    /// True when some text counts finer than microseconds.
    pub(super) fn needs_nanos(&self) -> bool {
        self.nanos
    }

    /// True when some text lies outside the years that nanoseconds in 64 bits reach.
    pub(super) fn is_far_away(&self) -> bool {
        self.far_away
    }

    fn note(&mut self, moment: Moment, fits: u64) -> Kind {
        self.nanos |= moment.is_nanos;
        self.far_away |= moment.is_far_away;
        self.common &= fits;
        self.first |= fits & fits.wrapping_neg();
        moment.kind
    }
}

impl TextRules {
    /// The rules of a configuration: the format's own option `timestamp_formats` comes first.
    pub(super) fn new(config: &InferenceConfig) -> Self {
        let own = config.format_options.get("timestamp_formats").unwrap_or("");
        let own: Vec<&str> = own.split(',').map(str::trim).filter(|f| !f.is_empty()).collect();
        let listed = config.timestamp_formats.iter().map(String::as_str);
        let mut formats: Vec<Format> = Vec::new();
        let wanted = if config.detect_dates { MAX_FORMATS } else { 0 };
        for text in own.iter().copied().chain(listed).take(wanted) {
            let format = match text {
                ISO_8601 | "rfc3339" => Some(Format::Iso8601),
                pattern => Pattern::new(pattern).map(|p| Format::Pattern(Arc::new(p))),
            };
            if let Some(format) = format.filter(|new| formats.iter().all(|f| f.name() != new.name())) {
                formats.push(format);
            }
        }
        let mut is_telling = Box::new([false; 256]);
        for byte in 0..=u8::MAX {
            // A duration may have a sign as well, which codes have already.
            let begins_own = matches!(byte, b'0' | b'-') || (byte == b'P' && config.detect_dates);
            is_telling[usize::from(byte)] = begins_own || formats.iter().any(|f| f.may_begin(byte));
        }
        // No text begins with 0xFF: it stands for every character beyond ASCII.
        is_telling[0xFF] = is_telling[0x80..].contains(&true);
        let (durations, uuids) = (config.detect_dates, config.detect_uuids);
        Self { formats, always_named: !own.is_empty(), durations, uuids, is_telling }
    }

    /// The kind of a text, which is UTF-8, noting in `facts` what its column must know.
    #[inline]
    pub(crate) fn observe(&self, bytes: &[u8], facts: &mut TextFacts) -> Kind {
        if bytes.len() == 36 && self.uuids && is_uuid(bytes) {
            return Kind::Uuid;
        }
        // Most texts are done with here.
        match bytes.first() {
            Some(first) if self.is_telling[usize::from(*first)] => self.observe_telling(bytes, facts),
            _ => Kind::Varchar,
        }
    }

    /// Whether a text may be anything but VARCHAR that is written like this, with JSON's escapes. False is certain, and
    /// saves unescaping nearly every text that has any.
    pub(crate) fn may_tell(&self, escaped: &[u8]) -> bool {
        let end = escaped.iter().position(|b| *b == b'\\').unwrap_or(escaped.len());
        let (plain, rest) = escaped.split_at(end);
        let Some(first) = plain.first().copied().or_else(|| first_of_escape(rest)) else { return true };
        let is_of_uuid = |b: &u8| b.is_ascii_hexdigit() || *b == b'-';
        if self.uuids && first.is_ascii_hexdigit() && plain.iter().all(is_of_uuid) {
            return true;
        }
        let is_of_number = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E');
        self.is_telling[usize::from(first)]
            && (plain.iter().all(is_of_number)
                || (self.durations && may_be_duration(plain))
                || self.formats.iter().any(|f| f.may_fit(plain)))
    }

    fn observe_telling(&self, bytes: &[u8], facts: &mut TextFacts) -> Kind {
        let (mut found, mut fits) = (None, 0_u64);
        for (bit, format) in self.formats.iter().enumerate() {
            match format {
                // It leaves no doubt, so formats behind it are not asked.
                Format::Iso8601 => {
                    if let Some(moment) = iso8601(bytes) {
                        return facts.note(found.unwrap_or(moment), fits | 1 << bit);
                    }
                }
                Format::Pattern(pattern) => {
                    if let Some(moment) = pattern.read(bytes) {
                        fits |= 1 << bit;
                        found = found.or(Some(moment));
                    }
                }
            }
        }
        match found {
            Some(moment) => facts.note(moment, fits),
            None => {
                if self.durations && is_duration(bytes) {
                    return Kind::Interval;
                }
                facts.codes += u64::from(has_leading_zeros(bytes));
                Kind::Varchar
            }
        }
    }

    /// Whether the decoder has formats of its own.
    pub(super) fn are_named(&self) -> bool {
        self.always_named
    }

    /// Whether no format fits all texts, and those that fit some name day, month and year in different orders: of
    /// `13/01/2024` and `01/14/2024` one has the day in front and the other the month.
    pub(super) fn is_contradictory(&self, facts: &TextFacts) -> bool {
        let mut orders = self.chosen(facts.first).map(order_of);
        let first = orders.next();
        facts.common & facts.first == 0 && orders.any(|other| Some(other) != first)
    }

    /// The format chosen, and another that fits all texts of a column as well and reads them differently.
    pub(super) fn rival(&self, facts: &TextFacts) -> Option<(&str, &str)> {
        let common = facts.common & facts.first;
        let chosen = self.chosen(common & common.wrapping_neg()).next()?;
        let other = self.chosen(facts.common).find(|other| order_of(other) != order_of(chosen))?;
        Some((chosen, other))
    }

    fn chosen(&self, bits: u64) -> impl Iterator<Item = &str> {
        self.formats.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, format)| format.name())
    }

    /// The formats that a column with these facts is read with; none where ISO 8601 alone, the default, serves.
    pub(super) fn column_formats(&self, facts: &TextFacts) -> Vec<&str> {
        // One format for all texts leaves no doubt; otherwise each text is read with its first.
        let chosen = match facts.common & facts.first {
            0 => facts.first,
            common => common & common.wrapping_neg(),
        };
        let is_chosen = |bit: usize| chosen >> bit & 1 == 1;
        match (0..self.formats.len()).find(|bit| is_chosen(*bit)) {
            Some(bit)
                if !self.always_named && chosen.count_ones() == 1 && matches!(self.formats[bit], Format::Iso8601) =>
            {
                Vec::new()
            }
            _ => self.formats.iter().enumerate().filter(|(bit, _)| is_chosen(*bit)).map(|(_, f)| f.name()).collect(),
        }
    }
}

impl Format {
    fn name(&self) -> &str {
        match self {
            Self::Iso8601 => ISO_8601,
            Self::Pattern(pattern) => &pattern.text,
        }
    }

    /// Whether a text that begins like this may fit.
    fn may_fit(&self, beginning: &[u8]) -> bool {
        match self {
            Self::Iso8601 => may_be_iso8601(beginning),
            Self::Pattern(pattern) => pattern.may_fit(beginning),
        }
    }

    /// Whether a fitting text may begin with this byte.
    fn may_begin(&self, byte: u8) -> bool {
        match self {
            Self::Iso8601 => byte.is_ascii_digit(),
            Self::Pattern(pattern) => pattern.may_begin(byte),
        }
    }
}

/// The first byte of what an escape stands for; `None` where that takes a closer look.
fn first_of_escape(escape: &[u8]) -> Option<u8> {
    match escape.get(1)? {
        b'b' => Some(0x08),
        b'f' => Some(0x0C),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        // Some character beyond U+0FFF, which takes three bytes; 0xFF stands for them all.
        b'u' if escape.get(2).is_some_and(|digit| *digit != b'0') => Some(0xFF),
        b'u' => None,
        other => Some(*other),
    }
}

/// In which order a format names day, month and year.
fn order_of(format: &str) -> String {
    if format == ISO_8601 {
        return "ymd".to_owned();
    }
    let letter = |part: &str| part.trim_start_matches(['-', '_', '0', '#', ':', '.']).chars().next();
    let order = |c: char| match c {
        'Y' | 'y' => "y",
        'm' | 'b' | 'B' | 'h' => "m",
        'd' | 'e' => "d",
        'F' => "ymd",
        'D' => "mdy",
        _ => "",
    };
    format.split('%').skip(1).filter_map(letter).map(order).collect()
}

fn is_duration(text: &[u8]) -> bool {
    may_be_duration(text) && std::str::from_utf8(text).is_ok_and(is_telling_duration)
}

fn has_leading_zeros(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    let is_number = |text: &[u8]| std::str::from_utf8(text).is_ok_and(is_number);
    // Without them a number would be left; of `00` one zero is.
    zeros > 0 && (is_number(&digits[zeros..]) || is_number(&digits[zeros - 1..]))
}

/// True for `8-4-4-4-12` hexadecimal digits.
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests;
