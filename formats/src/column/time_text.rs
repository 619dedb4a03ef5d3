//! Text of dates, times and timestamps → counts since 1970.

use arrow_schema::{DataType, Field, TimeUnit};
use laminar_schema::{SchemaResult, field::TIMESTAMP_FORMATS_METADATA};

use super::{ColumnOptions, Mismatch, number::scaled, strftime::Strftime};

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The patterns that a column's text may have, tried in order, and what text without a zone means.
#[derive(Debug)]
pub(crate) struct TimestampFormats {
    patterns: Vec<Pattern>,
    local: LocalZone,
}

#[derive(Debug)]
enum Pattern {
    Iso8601,
    /// A count since 1970 in units of 10^-`digits` seconds.
    Epoch {
        digits: i8,
    },
    Strftime(Strftime),
}

/// What text without a zone means.
#[derive(Debug, Clone, Copy)]
enum LocalZone {
    /// This many seconds east of UTC. Columns without a zone hold UTC.
    Offset(i64),
    /// The column has a zone with rules of its own, so text must say its offset.
    Unknown,
}

impl TimestampFormats {
    /// The patterns of a field: its own, else the decoder's, else ISO 8601.
    ///
    /// # Errors
    /// A pattern that is neither a known word nor strftime's.
    pub(crate) fn new(field: &Field, options: &ColumnOptions) -> SchemaResult<Self> {
        let own = field.metadata().get(TIMESTAMP_FORMATS_METADATA);
        let listed: Vec<&str> = match own {
            Some(lines) => lines.lines().collect(),
            None => options.timestamp_formats.iter().map(String::as_str).collect(),
        };
        let mut patterns = listed.into_iter().map(Pattern::new).collect::<SchemaResult<Vec<_>>>()?;
        if patterns.is_empty() {
            patterns.push(Pattern::Iso8601);
        }
        let local = match field.data_type() {
            DataType::Timestamp(_, Some(zone)) => LocalZone::of(zone),
            _ => LocalZone::Offset(0),
        };
        Ok(Self { patterns, local })
    }

    /// Nanoseconds since 1970, UTC, of a timestamp's text.
    pub(crate) fn timestamp(&self, text: &str) -> Result<i128, Mismatch> {
        self.first(|pattern| match pattern {
            Pattern::Iso8601 => iso_timestamp(text.as_bytes())?.to_utc(self.local),
            Pattern::Epoch { digits } => scaled::<i128>(text, 9 - digits),
            Pattern::Strftime(pattern) => pattern.local(text)?.to_utc(self.local),
        })
    }

    /// Days since 1970 of a date's text.
    pub(super) fn date(&self, text: &str) -> Result<i64, Mismatch> {
        self.first(|pattern| match pattern {
            Pattern::Iso8601 => match iso_date(text.as_bytes())? {
                (days, []) => Ok(days),
                _ => Err(Mismatch::Type),
            },
            Pattern::Epoch { .. } => Err(Mismatch::Type),
            Pattern::Strftime(pattern) => match pattern.local(text)? {
                LocalTime { days, nanos: 0, .. } => Ok(days),
                _ => Err(Mismatch::Range),
            },
        })
    }

    /// Nanoseconds since midnight of a time's text.
    pub(super) fn time(&self, text: &str) -> Result<i64, Mismatch> {
        self.first(|pattern| match pattern {
            Pattern::Iso8601 => match iso_time(text.as_bytes())? {
                (nanos, []) => Ok(nanos),
                _ => Err(Mismatch::Type),
            },
            Pattern::Epoch { .. } => Err(Mismatch::Type),
            Pattern::Strftime(pattern) => pattern.time(text),
        })
    }

    /// Nanoseconds since 1970 of a number; only where a pattern says what the number counts.
    pub(super) fn epoch(&self, number: &str) -> Result<i128, Mismatch> {
        self.first(|pattern| match pattern {
            Pattern::Epoch { digits } => scaled::<i128>(number, 9 - digits),
            Pattern::Iso8601 | Pattern::Strftime(_) => Err(Mismatch::Type),
        })
    }

    /// Seconds east of UTC of text without a zone, where text is ISO 8601 before it is anything else; `None` where it is not,
    /// or must have a zone.
    pub(super) fn iso_offset(&self) -> Option<i64> {
        match (self.patterns.first(), self.local) {
            (Some(Pattern::Iso8601), LocalZone::Offset(seconds)) => Some(seconds),
            _ => None,
        }
    }

    /// How many of `unit` one of an integer's units is; `None` where numbers are not counts, or of a finer unit.
    pub(super) fn epoch_scale(&self, unit: TimeUnit) -> Option<i64> {
        let of_unit = match unit {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 9,
        };
        let digits = self.patterns.iter().find_map(|pattern| match pattern {
            Pattern::Epoch { digits } => Some(*digits),
            Pattern::Iso8601 | Pattern::Strftime(_) => None,
        })?;
        u32::try_from(of_unit - i32::from(digits)).ok().map(|places| 10_i64.pow(places))
    }

    /// The first pattern that fits decides. That a value was out of range tells more than that others did not fit.
    #[inline]
    fn first<T>(&self, read: impl Fn(&Pattern) -> Result<T, Mismatch>) -> Result<T, Mismatch> {
        let mut worst = Mismatch::Type;
        for pattern in &self.patterns {
            match read(pattern) {
                Ok(value) => return Ok(value),
                Err(Mismatch::Range) => worst = Mismatch::Range,
                Err(Mismatch::Type) => {}
            }
        }
        Err(worst)
    }
}

impl Pattern {
    fn new(text: &str) -> SchemaResult<Self> {
        Ok(match text.trim() {
            "iso8601" | "rfc3339" => Self::Iso8601,
            "epoch_s" => Self::Epoch { digits: 0 },
            "epoch_ms" => Self::Epoch { digits: 3 },
            "epoch_us" => Self::Epoch { digits: 6 },
            "epoch_ns" => Self::Epoch { digits: 9 },
            pattern => Self::Strftime(Strftime::new(pattern)?),
        })
    }
}

impl LocalZone {
    fn of(zone: &str) -> Self {
        if matches!(zone, "UTC" | "Z" | "Etc/UTC" | "GMT" | "utc") {
            return Self::Offset(0);
        }
        match iso_zone(zone.as_bytes()) {
            Ok(Some(seconds)) => Self::Offset(seconds),
            _ => Self::Unknown,
        }
    }
}

/// A timestamp as it was written.
pub(crate) struct LocalTime {
    pub(crate) days: i64,
    pub(crate) nanos: i64,
    /// Seconds east of UTC, where the text says so.
    pub(super) zone: Option<i64>,
}

impl LocalTime {
    #[inline]
    fn to_utc(&self, local: LocalZone) -> Result<i128, Mismatch> {
        let offset = match (self.zone, local) {
            (Some(offset), _) | (None, LocalZone::Offset(offset)) => offset,
            (None, LocalZone::Unknown) => return Err(Mismatch::Type),
        };
        let seconds = self.days * SECONDS_PER_DAY - offset;
        Ok(i128::from(seconds) * NANOS_PER_SECOND + i128::from(self.nanos))
    }
}

/// `2024-02-29T12:34:56.789+01:00`; a space or `t` for the `T`; no time means midnight.
#[inline]
fn iso_timestamp(text: &[u8]) -> Result<LocalTime, Mismatch> {
    let (days, rest) = iso_date(text)?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return if rest.is_empty() { Ok(LocalTime { days, nanos: 0, zone: None }) } else { Err(Mismatch::Type) };
    };
    let (nanos, rest) = iso_time(rest)?;
    // PostgreSQL and CSV exports put a space in front of the zone.
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    Ok(LocalTime { days, nanos, zone: iso_zone(rest)? })
}

/// `[±]YYYY-MM-DD` → days since 1970. Years beyond 9999 need a sign.
#[inline]
fn iso_date(text: &[u8]) -> Result<(i64, &[u8]), Mismatch> {
    let (negative, digits, rest) = match text {
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let end = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
            if !(4..=6).contains(&end) {
                return Err(Mismatch::Type);
            }
            (*sign == b'-', &rest[..end], &rest[end..])
        }
        _ => {
            let (year, rest) = text.split_at_checked(4).ok_or(Mismatch::Type)?;
            (false, year, rest)
        }
    };
    let mut year = number(digits)?;
    if negative {
        year = -year;
    }
    let [b'-', m1, m2, b'-', d1, d2, rest @ ..] = rest else { return Err(Mismatch::Type) };
    let (month, day) = (number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return Err(Mismatch::Type);
    }
    Ok((days_since_epoch(year, month, day), rest))
}

/// `HH:MM[:SS[.fraction]]` → nanoseconds since midnight. A leap second is no time that Arrow can hold.
#[inline]
fn iso_time(text: &[u8]) -> Result<(i64, &[u8]), Mismatch> {
    let [h1, h2, b':', m1, m2, rest @ ..] = text else { return Err(Mismatch::Type) };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    let (seconds, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (number(&[*s1, *s2])?, rest),
        _ => (0, rest),
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(if seconds == 60 { Mismatch::Range } else { Mismatch::Type });
    }
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => fraction(rest)?,
        _ => (0, rest),
    };
    Ok(((hours * 3600 + minutes * 60 + seconds) * NANOS_PER_SECOND as i64 + fraction, rest))
}

/// Digits after the point → nanoseconds; digits beyond the ninth must be zero.
#[inline]
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), Mismatch> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Err(Mismatch::Type);
    }
    let mut nanos = 0;
    for at in 0..9 {
        nanos = nanos * 10 + digits.get(at).map_or(0, |d| i64::from(d - b'0'));
    }
    if digits.iter().skip(9).any(|d| *d != b'0') {
        return Err(Mismatch::Range);
    }
    Ok((nanos, rest))
}

/// Nothing, or a zone → seconds east of UTC.
#[inline]
fn iso_zone(text: &[u8]) -> Result<Option<i64>, Mismatch> {
    match text {
        [] => Ok(None),
        [b'Z' | b'z'] => Ok(Some(0)),
        [b'+' | b'-', ..] => match offset(text)? {
            (seconds, []) => Ok(Some(seconds)),
            _ => Err(Mismatch::Type),
        },
        _ => Err(Mismatch::Type),
    }
}

/// A zone at the front of a text: an offset, `Z`, `UTC` or `GMT`. Other names mean something else at other times.
pub(super) fn zone_prefix(text: &str) -> Result<(i64, &str), Mismatch> {
    if let Some(rest) = ["UTC", "GMT", "Z", "z"].iter().find_map(|name| text.strip_prefix(name)) {
        return Ok((0, rest));
    }
    let (seconds, rest) = offset(text.as_bytes())?;
    Ok((seconds, &text[text.len() - rest.len()..]))
}

/// `±HH[[:]MM]` at the front of a text → seconds east of UTC.
fn offset(text: &[u8]) -> Result<(i64, &[u8]), Mismatch> {
    let (sign, rest) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return Err(Mismatch::Type),
    };
    let [h1, h2, rest @ ..] = rest else { return Err(Mismatch::Type) };
    let hours = number(&[*h1, *h2])?;
    let (minutes, rest) = match rest {
        [b':', m1, m2, rest @ ..] => (number(&[*m1, *m2])?, rest),
        [m1 @ b'0'..=b'9', m2, rest @ ..] => (number(&[*m1, *m2])?, rest),
        _ => (0, rest),
    };
    if hours > 23 || minutes > 59 {
        return Err(Mismatch::Type);
    }
    Ok((sign * (hours * 3600 + minutes * 60), rest))
}

#[inline]
fn number(digits: &[u8]) -> Result<i64, Mismatch> {
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(Mismatch::Type);
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Ok(value)
}

#[inline]
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
#[inline]
pub(crate) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
