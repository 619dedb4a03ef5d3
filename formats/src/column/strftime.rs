//! Text of dates and times in a pattern of one's own, as strftime spells patterns.
//!
//! chrono reads such patterns too, but sets every part through a function pointer, and takes `%f` for a count of
//! nanoseconds where nearly everybody means digits behind the point.

use laminar_schema::{ConfigError, SchemaResult};

use super::{
    Mismatch,
    time_text::{LocalTime, days_in_month, days_since_epoch, zone_prefix},
};

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];

/// A pattern, taken apart once.
#[derive(Debug)]
pub(crate) struct Strftime(Vec<Item>);

#[derive(Debug, Clone, Copy)]
enum Item {
    /// A character that must stand there.
    Literal(char),
    /// Any white space, or none.
    Space,
    Year,
    /// Two digits: 69 and below are 20xx.
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    WeekdayName,
    Hour,
    Hour12,
    Meridiem,
    Minute,
    Second,
    /// Digits behind the point, at most this many.
    Fraction(usize),
    /// A point and digits behind it, or neither.
    PointFraction,
    Zone,
    /// Seconds since 1970.
    Epoch,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    hour12: Option<i64>,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: i64,
    zone: Option<i64>,
    epoch: Option<i64>,
}

impl Strftime {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// A specifier that is none, or that is not read here.
    pub(crate) fn new(pattern: &str) -> SchemaResult<Self> {
        let mut items = Vec::new();
        let known = append(&mut items, pattern) && pattern.contains('%');
        if !known {
            let expected = "iso8601, epoch_s, epoch_ms, epoch_us, epoch_ns or a strftime pattern of %Y %y %m %b %B %d %e %j \
                            %a %A %H %k %I %l %p %M %S %f %.f %z %Z %s %F %T %D %R %r %c %x %X %%";
            return Err(ConfigError::invalid("timestamp_formats", pattern, expected, "").into());
        }
        Ok(Self(items))
    }

    /// Reads a day with a time; no time means midnight.
    pub(crate) fn local(&self, text: &str) -> Result<LocalTime, Mismatch> {
        let parts = self.parts(text)?;
        if let Some(seconds) = parts.epoch {
            return Ok(LocalTime {
                days: seconds.div_euclid(86_400),
                nanos: seconds.rem_euclid(86_400) * NANOS_PER_SECOND + parts.nanos,
                zone: Some(0),
            });
        }
        let days = parts.days()?;
        let nanos = if parts.hour.or(parts.hour12).or(parts.minute).is_none() { 0 } else { parts.nanos_of_day()? };
        Ok(LocalTime { days, nanos, zone: parts.zone })
    }

    /// Reads a time of day: nanoseconds since midnight.
    pub(crate) fn time(&self, text: &str) -> Result<i64, Mismatch> {
        self.parts(text)?.nanos_of_day()
    }

    /// Whether a text that fits may begin with this byte. True is no promise.
    pub(crate) fn may_begin(&self, byte: u8) -> bool {
        let is_space = |item: &&Item| matches!(item, Item::Space);
        if self.0.first().is_some_and(|item| is_space(&item)) && (byte.is_ascii_whitespace() || byte >= 0x80) {
            return true;
        }
        match self.0.iter().find(|item| !is_space(item)) {
            Some(Item::Literal(c)) => c.encode_utf8(&mut [0; 4]).as_bytes()[0] == byte,
            Some(Item::MonthName | Item::WeekdayName | Item::Meridiem) => byte.is_ascii_alphabetic(),
            Some(Item::Zone | Item::PointFraction) | None => true,
            Some(_) => matches!(byte, b' ' | b'-') || byte.is_ascii_digit(),
        }
    }

    /// Whether a text that begins like this may fit, as far as its first numbers and what stands between them tell. False
    /// is certain, and cheap: most texts that begin like a date are none.
    pub(crate) fn may_fit(&self, beginning: &[u8]) -> bool {
        let mut rest = beginning;
        for item in &self.0 {
            let width = match item {
                Item::Year => 4,
                Item::ShortYear | Item::Month | Item::Day | Item::Hour | Item::Hour12 | Item::Minute | Item::Second => {
                    2
                }
                Item::Literal(c) => {
                    let mut utf8 = [0; 4];
                    let literal = c.encode_utf8(&mut utf8).as_bytes();
                    let Some(behind) = rest.strip_prefix(literal) else { return literal.starts_with(rest) };
                    rest = behind;
                    continue;
                }
                _ => return true,
            };
            let digits = rest.iter().take(width).take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                // A blank may stand for a leading zero.
                return matches!(rest.first(), None | Some(b' '));
            }
            rest = &rest[digits..];
        }
        true
    }

    fn parts(&self, text: &str) -> Result<Parts, Mismatch> {
        let mut parts = Parts::default();
        let mut rest = text;
        for item in &self.0 {
            rest = parts.read(*item, rest)?;
        }
        if rest.is_empty() { Ok(parts) } else { Err(Mismatch::Type) }
    }
}

/// Appends a pattern's items; false when one is unknown.
fn append(items: &mut Vec<Item>, pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c.is_whitespace() {
            items.push(Item::Space);
        } else if c != '%' {
            items.push(Item::Literal(c));
        } else {
            // How many colons a zone has, or how a number is padded, makes no difference to reading it.
            let specifier = rest.trim_start_matches(['-', '_', '0', ':', '#']);
            let (item, length) = match specifier.as_bytes() {
                [b'.', b'f', ..] => (Item::PointFraction, 2),
                [b'.', b'3' | b'6' | b'9', b'f', ..] => (Item::PointFraction, 3),
                [digits @ (b'3' | b'6' | b'9'), b'f', ..] => (Item::Fraction(usize::from(digits - b'0')), 2),
                [letter, ..] => {
                    let Some(known) = specifier_item(items, *letter) else { return false };
                    rest = &specifier[1..];
                    items.extend(known);
                    continue;
                }
                [] => return false,
            };
            rest = &specifier[length..];
            items.push(item);
        }
    }
    true
}

/// The item of a one-letter specifier; those that stand for several are appended right away.
fn specifier_item(items: &mut Vec<Item>, letter: u8) -> Option<Option<Item>> {
    let several = match letter {
        b'F' => "%Y-%m-%d",
        b'T' | b'X' => "%H:%M:%S",
        b'D' | b'x' => "%m/%d/%y",
        b'R' => "%H:%M",
        b'r' => "%I:%M:%S %p",
        b'c' => "%a %b %e %H:%M:%S %Y",
        _ => "",
    };
    if !several.is_empty() {
        append(items, several);
        return Some(None);
    }
    Some(Some(match letter {
        b'Y' => Item::Year,
        b'y' => Item::ShortYear,
        b'm' => Item::Month,
        b'b' | b'B' | b'h' => Item::MonthName,
        b'd' | b'e' => Item::Day,
        b'j' => Item::DayOfYear,
        b'a' | b'A' => Item::WeekdayName,
        b'H' | b'k' => Item::Hour,
        b'I' | b'l' => Item::Hour12,
        b'p' | b'P' => Item::Meridiem,
        b'M' => Item::Minute,
        b'S' => Item::Second,
        b'f' => Item::Fraction(9),
        b'z' | b'Z' => Item::Zone,
        b's' => Item::Epoch,
        b'n' | b't' => Item::Space,
        b'%' => Item::Literal('%'),
        _ => return None,
    }))
}

impl Parts {
    /// Reads one item from the front of `text` and returns what follows.
    fn read<'t>(&mut self, item: Item, text: &'t str) -> Result<&'t str, Mismatch> {
        let (slot, width, range) = match item {
            Item::Literal(c) => return text.strip_prefix(c).ok_or(Mismatch::Type),
            Item::Space => return Ok(text.trim_start()),
            Item::MonthName => {
                let (index, rest) = name(text, &MONTHS)?;
                self.month = Some(index + 1);
                return Ok(rest);
            }
            Item::WeekdayName => {
                let (index, rest) = name(text, &WEEKDAYS)?;
                self.weekday = Some(index);
                return Ok(rest);
            }
            Item::Meridiem => {
                let (head, rest) = text.split_at_checked(2).ok_or(Mismatch::Type)?;
                self.afternoon = Some(match head {
                    _ if head.eq_ignore_ascii_case("am") => false,
                    _ if head.eq_ignore_ascii_case("pm") => true,
                    _ => return Err(Mismatch::Type),
                });
                return Ok(rest);
            }
            Item::Fraction(digits) => {
                let (nanos, rest) = fraction(text, digits)?;
                self.nanos = nanos;
                return Ok(rest);
            }
            Item::PointFraction => {
                let Some(digits) = text.strip_prefix('.') else { return Ok(text) };
                let (nanos, rest) = fraction(digits, 9)?;
                self.nanos = nanos;
                return Ok(rest);
            }
            Item::Zone => {
                let (zone, rest) = zone_prefix(text)?;
                self.zone = Some(zone);
                return Ok(rest);
            }
            Item::Year => (&mut self.year, 4, 0..=9999),
            Item::ShortYear => {
                let (short, rest) = integer(text, 2)?;
                self.year = Some(if short < 70 { 2000 + short } else { 1900 + short });
                return Ok(rest);
            }
            Item::Month => (&mut self.month, 2, 1..=12),
            Item::Day => (&mut self.day, 2, 1..=31),
            Item::DayOfYear => (&mut self.day_of_year, 3, 1..=366),
            Item::Hour => (&mut self.hour, 2, 0..=23),
            Item::Hour12 => (&mut self.hour12, 2, 1..=12),
            Item::Minute => (&mut self.minute, 2, 0..=59),
            Item::Second => (&mut self.second, 2, 0..=60),
            // Twelve digits reach beyond every year that Arrow holds.
            Item::Epoch => (&mut self.epoch, 12, 0..=999_999_999_999),
        };
        let (negative, digits) = match (item, text.strip_prefix('-')) {
            (Item::Epoch, Some(digits)) => (true, digits),
            // A blank may stand for a leading zero.
            _ => (false, text.trim_start_matches(' ')),
        };
        let (value, rest) = integer(digits, width)?;
        if !range.contains(&value) {
            return Err(Mismatch::Type);
        }
        *slot = Some(if negative { -value } else { value });
        Ok(rest)
    }

    fn days(&self) -> Result<i64, Mismatch> {
        let year = self.year.ok_or(Mismatch::Type)?;
        let days = match (self.month, self.day, self.day_of_year) {
            (Some(month), Some(day), _) if day <= days_in_month(year, month) => days_since_epoch(year, month, day),
            (None, None, Some(day)) => {
                let first = days_since_epoch(year, 1, 1);
                let days = first + day - 1;
                if days >= days_since_epoch(year + 1, 1, 1) {
                    return Err(Mismatch::Type);
                }
                days
            }
            _ => return Err(Mismatch::Type),
        };
        match self.weekday {
            Some(weekday) if weekday != days.rem_euclid(7) => Err(Mismatch::Type),
            _ => Ok(days),
        }
    }

    fn nanos_of_day(&self) -> Result<i64, Mismatch> {
        let hour = match (self.hour, self.hour12, self.afternoon) {
            (Some(hour), ..) => hour,
            (None, Some(hour), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => return Err(Mismatch::Type),
        };
        let second = self.second.unwrap_or(0);
        // A leap second is no time that Arrow can hold.
        if second > 59 {
            return Err(Mismatch::Range);
        }
        Ok((hour * 3600 + self.minute.unwrap_or(0) * 60 + second) * NANOS_PER_SECOND + self.nanos)
    }
}

/// Reads up to `width` digits.
fn integer(text: &str, width: usize) -> Result<(i64, &str), Mismatch> {
    let end = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    let value = text.as_bytes()[..end].iter().fold(0, |n, d| n * 10 + i64::from(d - b'0'));
    if end == 0 { Err(Mismatch::Type) } else { Ok((value, &text[end..])) }
}

/// Reads up to `width` digits behind the point as nanoseconds; further digits must be zero.
fn fraction(text: &str, width: usize) -> Result<(i64, &str), Mismatch> {
    let (value, rest) = integer(text, width)?;
    let digits = text.len() - rest.len();
    let nanos = value * 10_i64.pow(9 - digits as u32);
    if width < 9 {
        return Ok((nanos, rest));
    }
    let more = rest.bytes().take_while(u8::is_ascii_digit).count();
    if rest[..more].bytes().any(|d| d != b'0') { Err(Mismatch::Range) } else { Ok((nanos, &rest[more..])) }
}

/// Reads a name in any case, in full or its first three letters.
fn name<'t>(text: &'t str, names: &[&str]) -> Result<(i64, &'t str), Mismatch> {
    let starts = |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    for (index, full) in names.iter().enumerate() {
        let found = [*full, &full[..3]].into_iter().find(|word| starts(word));
        if let Some(word) = found {
            return Ok((index as i64, &text[word.len()..]));
        }
    }
    Err(Mismatch::Type)
}
