//! Texts that say when: ISO 8601, and patterns of one's own.

use crate::{
    column::{Strftime, days_in_month, days_since_epoch},
    infer::lattice::Kind,
};

/// Days since 1970 that a 64-bit count of nanoseconds reaches: the years 1678 to 2261.
const NANOSECOND_DAYS: std::ops::Range<i64> = -106_650..106_651;

/// A text that says when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) kind: Kind,
    /// It counts finer than microseconds.
    pub(super) is_nanos: bool,
    /// It lies outside the years that nanoseconds in 64 bits reach.
    pub(super) is_far_away: bool,
}

impl Moment {
    fn on_day(kind: Kind, days: i64, is_nanos: bool) -> Self {
        Self { kind, is_nanos, is_far_away: !NANOSECOND_DAYS.contains(&days) }
    }

    fn of_time(is_nanos: bool) -> Self {
        Self { kind: Kind::Time, is_nanos, is_far_away: false }
    }
}

/// How many digits a year must have: a decoder is generous, but `1.2.3` is a version and `1/2/3` no day.
#[derive(Debug, Clone, Copy)]
enum Years {
    Four,
    TwoInFront,
    TwoAtTheEnd,
    Any,
}

impl Years {
    fn of(pattern: &str) -> Self {
        match pattern {
            _ if pattern.contains("%Y") => Self::Four,
            _ if pattern.starts_with("%y") => Self::TwoInFront,
            _ if pattern.ends_with("%y") => Self::TwoAtTheEnd,
            _ => Self::Any,
        }
    }

    fn are_in(self, text: &[u8]) -> bool {
        let are_digits = |digits: Option<&[u8; 2]>| digits.is_some_and(|d| d.iter().all(u8::is_ascii_digit));
        match self {
            Self::Four => text.windows(4).any(|digits| digits.iter().all(u8::is_ascii_digit)),
            Self::TwoInFront => are_digits(text.first_chunk()),
            Self::TwoAtTheEnd => are_digits(text.last_chunk()),
            Self::Any => true,
        }
    }
}

/// A strftime pattern, and what a text is that fits it. It is read as the decoder reads it.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    kind: Kind,
    items: Strftime,
    years: Years,
}

impl Pattern {
    /// `None` for a text that is no pattern.
    pub(super) fn new(text: &str) -> Option<Self> {
        Some(Self {
            text: text.to_owned(),
            kind: kind_of(text)?,
            items: Strftime::new(text).ok()?,
            years: Years::of(text),
        })
    }

    /// Bytes that a fitting text may begin with.
    pub(super) fn may_begin(&self, byte: u8) -> bool {
        self.items.may_begin(byte)
    }

    /// Whether a text that begins like this may fit.
    pub(super) fn may_fit(&self, beginning: &[u8]) -> bool {
        self.items.may_fit(beginning)
    }

    pub(super) fn read(&self, text: &[u8]) -> Option<Moment> {
        if !self.items.may_fit(text) || !self.years.are_in(text) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        if self.kind == Kind::Time {
            return Some(Moment::of_time(self.items.time(text).ok()? % 1000 != 0));
        }
        let local = self.items.local(text).ok()?;
        if self.kind == Kind::Date && local.nanos != 0 {
            return None;
        }
        Some(Moment::on_day(self.kind, local.days, local.nanos % 1000 != 0))
    }
}

/// What a text is that fits a pattern: with a zone an instant, with a day and a time a timestamp.
fn kind_of(pattern: &str) -> Option<Kind> {
    let specifiers = || {
        let padded = |s: &'static [char]| move |part: &str| part.trim_start_matches(s).chars().next();
        pattern.split('%').skip(1).filter_map(padded(&['.', ':', '#', '-', '_', '0', '3', '6', '9']))
    };
    let has = |letters: &str| specifiers().any(|c| letters.contains(c));
    let has_day = has("YyCmbBhdejFDcxs");
    if has("zZ+s") || names_utc(pattern) {
        has_day.then_some(Kind::TimestampTz)
    } else if has("HIMSTRrXcfkl") {
        Some(if has_day { Kind::Timestamp } else { Kind::Time })
    } else {
        has_day.then_some(Kind::Date)
    }
}

/// True for a pattern that ends in a literal `Z`, which stands for UTC.
fn names_utc(pattern: &str) -> bool {
    pattern.strip_suffix('Z').is_some_and(|rest| !rest.ends_with(['%', ':', '#']))
}

/// Whether a text that begins like this may be in ISO 8601. False is certain.
pub(super) fn may_be_iso8601(beginning: &[u8]) -> bool {
    let has = |at: usize, byte: u8| beginning.get(at).is_none_or(|b| *b == byte);
    beginning.iter().take(2).all(u8::is_ascii_digit) && (has(4, b'-') || has(2, b':'))
}

/// Reads `YYYY-MM-DD`, `HH:MM:SS[.f]`, or both joined by `T` or a space, then perhaps a zone.
pub(super) fn iso8601(text: &[u8]) -> Option<Moment> {
    if text.get(2) == Some(&b':') {
        let (is_nanos, rest) = time_of_day(text)?;
        // A bare `12:30` is as often a score or a ratio as a time.
        return (rest.is_empty() && text.len() >= 8).then_some(Moment::of_time(is_nanos));
    }
    let (date, rest) = text.split_first_chunk::<10>()?;
    let days = calendar_day(date)?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return rest.is_empty().then_some(Moment::on_day(Kind::Date, days, false));
    };
    let (is_nanos, rest) = time_of_day(rest)?;
    match rest {
        [] => Some(Moment::on_day(Kind::Timestamp, days, is_nanos)),
        _ if is_zone(rest) => Some(Moment::on_day(Kind::TimestampTz, days, is_nanos)),
        _ => None,
    }
}

fn calendar_day(bytes: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return None };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let is_day = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    is_day.then(|| days_since_epoch(year, month, day))
}

/// Reads `HH:MM[:SS[.f]]`: whether it is finer than microseconds, and what follows.
fn time_of_day(bytes: &[u8]) -> Option<(bool, &[u8])> {
    let [h1, h2, b':', m1, m2, rest @ ..] = bytes else { return None };
    let (hour, minute) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (number(&[*s1, *s2])?, rest),
        _ => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let [b'.', fraction @ ..] = rest else { return Some((false, rest)) };
    let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, rest) = fraction.split_at(digits);
    // Nine digits are nanoseconds; what no type counts stays text.
    if digits == 0 || digits > 9 {
        return None;
    }
    Some((fraction.iter().skip(6).any(|b| *b != b'0'), rest))
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

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_reach_these_years() {
        assert_eq!(NANOSECOND_DAYS, days_since_epoch(1678, 1, 1)..days_since_epoch(2262, 1, 1));
    }

    #[test]
    fn a_pattern_says_what_its_texts_are() {
        for (pattern, expected) in [
            ("%d/%m/%Y", Some(Kind::Date)),
            ("%d/%m/%Y %H:%M", Some(Kind::Timestamp)),
            ("%FT%T%.fZ", Some(Kind::TimestampTz)),
            ("%c %z", Some(Kind::TimestampTz)),
            ("%s", Some(Kind::TimestampTz)),
            ("%I:%M %p", Some(Kind::Time)),
            ("%T%.6f", Some(Kind::Time)),
            ("%A", None),
            ("%T %z", None),
        ] {
            assert_eq!(kind_of(pattern), expected, "{pattern}");
        }
    }
}
