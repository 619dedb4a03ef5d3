//! What a text is: a day, a time, an instant, a UUID, or only text.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use laminar_schema::InferenceConfig;

use super::{lattice::Kind, number::is_number};

/// The name of the ISO 8601 family among the timestamp formats.
const ISO_8601: &str = "iso8601";

/// Formats that are told apart; further ones are not tried.
const MAX_FORMATS: usize = 64;

/// Years that a 64-bit count of nanoseconds reaches in full.
const NANOSECOND_YEARS: std::ops::RangeInclusive<i32> = 1678..=2261;

/// How texts are looked at: the timestamp formats of the configuration, in its order.
#[derive(Debug, Clone)]
pub(super) struct TextRules {
    formats: Vec<Format>,
    /// The decoder has formats of its own, so a column must name even ISO 8601.
    always_named: bool,
}

#[derive(Debug, Clone)]
enum Format {
    Iso8601,
    /// A strftime pattern, and what a text is that fits it.
    Pattern(String, Kind),
}

/// A text that says when.
struct Moment {
    kind: Kind,
    nanos: bool,
    year: Option<i32>,
}

/// What the texts of a field have in common. Every part is joined by `and`, `or` or `+`, so order cannot matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextFacts {
    /// Formats that every temporal text fits, by bit.
    common: u64,
    /// The first format that each temporal text fits, by bit.
    first: u64,
    nanos: bool,
    far_away: bool,
    /// Texts that would be numbers without their leading zeros.
    codes: u64,
}

impl Default for TextFacts {
    fn default() -> Self {
        Self { common: u64::MAX, first: 0, nanos: false, far_away: false, codes: 0 }
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
    }

    /// Takes in an instant that the format itself tells from text: no timestamp format is needed to read it.
    pub(super) fn observe_instant(&mut self, text: &str) {
        if let Some(moment) = iso8601(text) {
            self.nanos |= moment.nanos;
            self.far_away |= moment.year.is_some_and(|y| !NANOSECOND_YEARS.contains(&y));
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

    /// True when some text counts finer than microseconds.
    pub(super) fn needs_nanos(&self) -> bool {
        self.nanos
    }

    /// True when some text lies outside the years that nanoseconds in 64 bits reach.
    pub(super) fn is_far_away(&self) -> bool {
        self.far_away
    }
}

impl TextRules {
    /// The rules of a configuration: the format's own option `timestamp_formats` comes first.
    pub(super) fn new(config: &InferenceConfig) -> Self {
        let own = config.format_options.get("timestamp_formats").unwrap_or("");
        let own: Vec<&str> = own.split(',').map(str::trim).filter(|f| !f.is_empty()).collect();
        let listed = config.timestamp_formats.iter().map(String::as_str);
        let mut formats: Vec<Format> = Vec::new();
        for text in own.iter().copied().chain(listed).take(MAX_FORMATS) {
            let format = match text {
                ISO_8601 | "rfc3339" => Format::Iso8601,
                pattern => Format::Pattern(pattern.to_owned(), pattern_kind(pattern)),
            };
            if formats.iter().all(|f| f.name() != format.name()) {
                formats.push(format);
            }
        }
        Self { formats, always_named: !own.is_empty() }
    }

    /// The kind of a text, noting in `facts` what its column must know.
    pub(super) fn observe(&self, text: &str, facts: &mut TextFacts) -> Kind {
        if is_uuid(text) {
            return Kind::Uuid;
        }
        // Every pattern has at least one digit, so most texts are done with here.
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Kind::Varchar;
        }
        let mut kind = None;
        let mut fits = 0u64;
        for (bit, format) in self.formats.iter().enumerate() {
            let Some(moment) = format.read(text) else { continue };
            fits |= 1 << bit;
            if kind.is_none() {
                kind = Some(moment.kind);
                facts.nanos |= moment.nanos;
                facts.far_away |= moment.year.is_some_and(|y| !NANOSECOND_YEARS.contains(&y));
            }
        }
        let Some(kind) = kind else {
            facts.codes += u64::from(has_leading_zeros(text));
            return Kind::Varchar;
        };
        facts.common &= fits;
        facts.first |= fits & fits.wrapping_neg();
        kind
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
            Self::Pattern(pattern, _) => pattern,
        }
    }

    fn read(&self, text: &str) -> Option<Moment> {
        match self {
            Self::Iso8601 => iso8601(text),
            Self::Pattern(pattern, kind) => {
                let (time, year) = match kind {
                    Kind::Date => (None, Some(NaiveDate::parse_from_str(text, pattern).ok()?.year())),
                    Kind::TimestampTz if !names_utc(pattern) => {
                        let instant = DateTime::parse_from_str(text, pattern).ok()?;
                        (Some(instant.time()), Some(instant.year()))
                    }
                    _ => {
                        let moment = NaiveDateTime::parse_from_str(text, pattern).ok()?;
                        (Some(moment.time()), Some(moment.year()))
                    }
                };
                Some(Moment { kind: *kind, nanos: time.is_some_and(is_finer_than_micros), year })
            }
        }
    }
}

fn is_finer_than_micros(time: NaiveTime) -> bool {
    !chrono::Timelike::nanosecond(&time).is_multiple_of(1000)
}

/// What a text is that fits a strftime pattern: with a zone an instant, with a time of day a timestamp, else a day.
fn pattern_kind(pattern: &str) -> Kind {
    let specifiers: Vec<char> = pattern
        .split('%')
        .skip(1)
        .filter_map(|s| s.trim_start_matches(['.', ':', '#', '-', '_', '0', '3', '6', '9']).chars().next())
        .collect();
    if names_utc(pattern) || specifiers.iter().any(|c| matches!(c, 'z' | '+' | 's')) {
        Kind::TimestampTz
    } else if specifiers
        .iter()
        .any(|c| matches!(c, 'H' | 'I' | 'M' | 'S' | 'T' | 'R' | 'r' | 'X' | 'c' | 'f' | 'k' | 'l'))
    {
        Kind::Timestamp
    } else {
        Kind::Date
    }
}

/// True for a pattern that ends in a literal `Z`, which stands for UTC.
fn names_utc(pattern: &str) -> bool {
    pattern.strip_suffix('Z').is_some_and(|rest| !rest.ends_with(['%', ':', '#']))
}

/// Reads `YYYY-MM-DD`, `HH:MM:SS[.f]`, or both joined by `T` or a space, then perhaps a zone.
fn iso8601(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    if bytes.get(2) == Some(&b':') {
        let (_, nanos, rest) = time_of_day(bytes)?;
        // A bare `12:30` is as often a score or a ratio as a time.
        return (rest.is_empty() && bytes.len() >= 8).then_some(Moment { kind: Kind::Time, nanos, year: None });
    }
    let (date, rest) = bytes.split_at_checked(10)?;
    let year = calendar_day(date)?;
    let kind = |kind, nanos| Some(Moment { kind, nanos, year: Some(year) });
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return if rest.is_empty() { kind(Kind::Date, false) } else { None };
    };
    let (_, nanos, rest) = time_of_day(rest)?;
    match rest {
        [] => kind(Kind::Timestamp, nanos),
        _ if is_zone(rest) => kind(Kind::TimestampTz, nanos),
        _ => None,
    }
}

fn calendar_day(bytes: &[u8]) -> Option<i32> {
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let year = number(y)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(&[*m1, *m2])?, number(&[*d1, *d2])?).map(|d| d.year())
}

/// Reads `HH:MM[:SS[.f]]`: the seconds of the day, whether they are finer than microseconds, and what follows.
fn time_of_day(bytes: &[u8]) -> Option<(u32, bool, &[u8])> {
    let [h1, h2, b':', m1, m2, rest @ ..] = bytes else { return None };
    let (hour, minute) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (number(&[*s1, *s2])?, rest),
        _ => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second;
    let [b'.', fraction @ ..] = rest else { return Some((seconds, false, rest)) };
    let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, rest) = fraction.split_at(digits);
    // Nine digits are nanoseconds; what no type counts stays text.
    if digits == 0 || digits > 9 {
        return None;
    }
    Some((seconds, fraction.iter().skip(6).any(|b| *b != b'0'), rest))
}

fn is_zone(bytes: &[u8]) -> bool {
    match bytes {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2] => is_offset(*h1, *h2, b'0', b'0'),
        [b'+' | b'-', h1, h2, b':', m1, m2] | [b'+' | b'-', h1, h2, m1, m2] => is_offset(*h1, *h2, *m1, *m2),
        _ => false,
    }
}

fn is_offset(h1: u8, h2: u8, m1: u8, m2: u8) -> bool {
    number(&[h1, h2]).is_some_and(|h| h < 24) && number(&[m1, m2]).is_some_and(|m| m < 60)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
}

fn has_leading_zeros(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    // Without them a number would be left; of `00` one zero is.
    zeros > 0 && (is_number(&digits[zeros..]) || is_number(&digits[zeros - 1..]))
}

/// True for `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(formats: &[&str], text: &str, expected: &str) {
        let config = InferenceConfig {
            timestamp_formats: formats.iter().map(|f| (*f).to_owned()).collect(),
            ..InferenceConfig::default()
        };
        let rules = TextRules::new(&config);
        let mut facts = TextFacts::default();
        let kind = rules.observe(text, &mut facts);
        let mut shown = kind.to_string();
        if facts.needs_nanos() {
            shown += " ns";
        }
        if facts.is_far_away() {
            shown += " far";
        }
        for format in rules.column_formats(&facts) {
            shown += &format!(" [{format}]");
        }
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn texts_are_what_they_look_like_to_the_last_character() {
        let check = |text, expected| check_with(&["iso8601"], text, expected);
        check("2024-02-29", "DATE");
        check("2023-02-29", "VARCHAR");
        check("2024-13-01", "VARCHAR");
        check("2024-1-1", "VARCHAR");
        check("24-01-01", "VARCHAR");
        check("20240101", "VARCHAR");
        check("0001-01-01", "DATE far");
        check("23:59:59", "TIME");
        check("23:59:59.123456", "TIME");
        check("23:59:59.123456700", "TIME ns");
        check("24:00:00", "VARCHAR");
        check("12:30", "VARCHAR");
        check("2024-01-01T00:00", "TIMESTAMP");
        check("2024-01-01 00:00:00", "TIMESTAMP");
        check("2024-01-01T00:00:00.5", "TIMESTAMP");
        check("2024-01-01T00:00:00.123456789", "TIMESTAMP ns");
        check("2024-01-01T00:00:00.1234567890", "VARCHAR");
        check("2024-01-01T00:00:00.", "VARCHAR");
        check("2024-01-01T00:00:60Z", "VARCHAR");
        check("2024-01-01T00:00:00Z", "TIMESTAMPTZ");
        check("2024-01-01 00:00:00+02", "TIMESTAMPTZ");
        check("2024-01-01T00:00:00.5-0230", "TIMESTAMPTZ");
        check("2024-01-01T00:00:00+02:30", "TIMESTAMPTZ");
        check("2024-01-01T00:00:00+25:00", "VARCHAR");
        check("2024-01-01Z", "VARCHAR");
        check("2024-01-01é", "VARCHAR");
        check("日本語日本語日本", "VARCHAR");
        check("123e4567-e89b-12d3-a456-426614174000", "UUID");
        check("123E4567-E89B-12D3-A456-426614174000", "UUID");
        check("123e4567e89b12d3a456426614174000", "VARCHAR");
        check("123g4567-e89b-12d3-a456-426614174000", "VARCHAR");
        check("-", "VARCHAR");
        check("", "VARCHAR");
        check("12345", "VARCHAR");
    }

    #[test]
    fn timestamp_formats_decide_what_is_a_timestamp() {
        check_with(&[], "2024-01-01T00:00:00Z", "VARCHAR");
        check_with(&[], "123e4567-e89b-12d3-a456-426614174000", "UUID");
        check_with(&["%d/%m/%Y %H:%M"], "31/12/2024 10:00", "TIMESTAMP [%d/%m/%Y %H:%M]");
        check_with(&["iso8601", "%d/%m/%Y"], "31/12/2024", "DATE [%d/%m/%Y]");
        check_with(&["%d/%m/%Y %H:%M:%S %z"], "31/12/2024 10:00:00 +0100", "TIMESTAMPTZ [%d/%m/%Y %H:%M:%S %z]");
        check_with(&["%Y-%m-%dT%H:%M:%S%.fZ"], "2024-01-01T00:00:00.5Z", "TIMESTAMPTZ [%Y-%m-%dT%H:%M:%S%.fZ]");
        check_with(&["%Y-%m-%d %H:%M:%S", "iso8601"], "2024-01-01 00:00:00", "TIMESTAMP [%Y-%m-%d %H:%M:%S]");
        check_with(&["%Q"], "31/12/2024", "VARCHAR");
    }

    #[test]
    fn one_format_that_fits_all_is_chosen_over_several() {
        let config = InferenceConfig {
            timestamp_formats: vec!["%m/%d/%Y".to_owned(), "%d/%m/%Y".to_owned()],
            ..InferenceConfig::default()
        };
        let rules = TextRules::new(&config);
        let formats = |texts: &[&str]| {
            let mut facts = TextFacts::default();
            for text in texts {
                assert_eq!(rules.observe(text, &mut facts), Kind::Date);
            }
            rules.column_formats(&facts).join(", ")
        };
        assert_eq!(formats(&["01/02/2024", "02/03/2024"]), "%m/%d/%Y");
        assert_eq!(formats(&["01/02/2024", "31/12/2024"]), "%d/%m/%Y");
        assert_eq!(formats(&["12/31/2024", "31/12/2024"]), "%m/%d/%Y, %d/%m/%Y");
    }
}
