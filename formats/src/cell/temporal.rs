//! Dates, times, timestamps and durations as ISO 8601 text.
//!
//! Every function writes into `out` from `at` on and returns where its text ends; [`ROOM`] bytes must be there.

use arrow_schema::TimeUnit;

use super::integer::{self, write_2, write_8, write_i64, write_u64};

/// Bytes behind `at` that must be there: the longest text has 48, and an integer at its end scribbles.
pub(crate) const ROOM: usize = 64 + integer::ROOM;

pub(super) const SECONDS_PER_DAY: i64 = 86_400;

/// How many of a unit are a second.
pub(crate) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Writes the day that is `days` after 1970-01-01; a sign marks years outside 0..=9999.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
pub(crate) fn write_date(out: &mut [u8], at: usize, days: i64) -> usize {
    // Date64 counts milliseconds, so days have far fewer than 63 bits.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097) as u32;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    let at = write_year(out, at, year);
    out[at] = b'-';
    let at = write_2(out, at + 1, month);
    out[at] = b'-';
    write_2(out, at + 1, day)
}

fn write_year(out: &mut [u8], at: usize, year: i64) -> usize {
    let magnitude = year.unsigned_abs();
    let at = if (0..=9999).contains(&year) {
        at
    } else {
        out[at] = if year < 0 { b'-' } else { b'+' };
        at + 1
    };
    if magnitude > 9999 {
        return write_u64(out, at, magnitude);
    }
    let at = write_2(out, at, (magnitude / 100) as u32);
    write_2(out, at, (magnitude % 100) as u32)
}

/// Writes `HH:MM:SS`, with as many groups of three decimals as the value needs.
pub(crate) fn write_time(out: &mut [u8], at: usize, value: i64, unit: TimeUnit) -> usize {
    let seconds = value.div_euclid(per_second(unit));
    let hours = seconds.div_euclid(3_600);
    // No time of day has another number of hours; whoever made one shall see it.
    let at = if (0..100).contains(&hours) { write_2(out, at, hours as u32) } else { write_i64(out, at, hours) };
    out[at] = b':';
    let at = write_2(out, at + 1, seconds.rem_euclid(3_600) as u32 / 60);
    out[at] = b':';
    let at = write_2(out, at + 1, seconds.rem_euclid(60) as u32);
    write_fraction(out, at, value.rem_euclid(per_second(unit)), unit, 3)
}

/// Writes date and time; `Z` marks a value that has a zone.
pub(crate) fn write_timestamp(out: &mut [u8], at: usize, value: i64, unit: TimeUnit, zoned: bool) -> usize {
    let per_day = per_second(unit) * SECONDS_PER_DAY;
    let at = write_date(out, at, value.div_euclid(per_day));
    out[at] = b'T';
    let at = write_time(out, at + 1, value.rem_euclid(per_day), unit);
    out[at] = b'Z';
    at + usize::from(zoned)
}

/// Writes the instant that is `seconds` and `nanos`, below one second of them, after 1970, with `Z` behind it.
pub(crate) fn write_instant(out: &mut [u8], at: usize, seconds: i64, nanos: u32) -> usize {
    let at = write_timestamp(out, at, seconds, TimeUnit::Second, false);
    let at = write_fraction(out, at, i64::from(nanos), TimeUnit::Nanosecond, 3);
    out[at] = b'Z';
    at + 1
}

/// Writes the decimals of a second in whole groups of `group` digits, and the point before them.
fn write_fraction(out: &mut [u8], at: usize, value: i64, unit: TimeUnit, group: usize) -> usize {
    if value == 0 {
        return at;
    }
    // Below one second, so it has nine digits and no sign.
    let nanos = value.unsigned_abs() * (1_000_000_000 / per_second(unit)).unsigned_abs();
    out[at] = b'.';
    let mut end = write_8(out, at + 1, nanos / 10);
    out[end] = b'0' + (nanos % 10) as u8;
    end += 1;
    while out[end - group..end].iter().all(|digit| *digit == b'0') {
        end -= group;
    }
    end
}

/// Writes a duration in seconds: `PT1.5S`.
pub(super) fn write_duration(out: &mut [u8], at: usize, value: i64, unit: TimeUnit) -> usize {
    out[at..at + 2].copy_from_slice(b"PT");
    write_seconds(out, at + 2, value, unit)
}

fn write_seconds(out: &mut [u8], at: usize, value: i64, unit: TimeUnit) -> usize {
    let (magnitude, per_second) = (value.unsigned_abs(), per_second(unit).unsigned_abs());
    out[at] = b'-';
    let at = write_u64(out, at + usize::from(value < 0), magnitude / per_second);
    // Below one second, so it fits.
    let at = write_fraction(out, at, (magnitude % per_second) as i64, unit, 1);
    out[at] = b'S';
    at + 1
}

/// Writes the parts of an interval that are not zero: `P14M3DT2.5S`.
pub(super) fn write_interval(out: &mut [u8], at: usize, months: i32, days: i32, nanos: i64) -> usize {
    out[at] = b'P';
    let mut at = at + 1;
    if months != 0 {
        at = write_i64(out, at, i64::from(months));
        out[at] = b'M';
        at += 1;
    }
    if days != 0 || (months, nanos) == (0, 0) {
        at = write_i64(out, at, i64::from(days));
        out[at] = b'D';
        at += 1;
    }
    if nanos != 0 {
        out[at] = b'T';
        at = write_seconds(out, at + 1, nanos, TimeUnit::Nanosecond);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl FnOnce(&mut [u8], usize) -> usize, expected: &str) {
        let mut out = [b'0'; ROOM];
        let end = write(&mut out, 0);
        assert_eq!(std::str::from_utf8(&out[..end]), Ok(expected));
    }

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (-719_468, "0000-03-01"),
            (-719_529, "-0001-12-31"),
            (2_932_897, "+10000-01-01"),
            (-715_875, "0010-01-01"),
            (i64::MAX / 86_400_000, "+292278994-08-17"),
            (i64::MIN.div_euclid(86_400), "-292277022657-01-27"),
        ] {
            check(|out, at| write_date(out, at, days), expected);
        }
    }

    #[test]
    fn timestamps() {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        for (value, unit, expected) in [
            (0, Second, "1970-01-01T00:00:00Z"),
            (-1, Millisecond, "1969-12-31T23:59:59.999Z"),
            (1_500, Microsecond, "1970-01-01T00:00:00.001500Z"),
            (1, Nanosecond, "1970-01-01T00:00:00.000000001Z"),
            (i64::MIN, Nanosecond, "1677-09-21T00:12:43.145224192Z"),
        ] {
            check(|out, at| write_timestamp(out, at, value, unit, true), expected);
        }
        check(|out, at| write_instant(out, at, -1, 500_000_000), "1969-12-31T23:59:59.500Z");
        check(|out, at| write_instant(out, at, i64::MIN, 1), "-292277022657-01-27T08:29:52.000000001Z");
    }

    #[test]
    fn durations() {
        check(|out, at| write_duration(out, at, -1_500, TimeUnit::Millisecond), "PT-1.5S");
        check(|out, at| write_duration(out, at, i64::MIN, TimeUnit::Second), "PT-9223372036854775808S");
        check(|out, at| write_interval(out, at, 0, 0, 0), "P0D");
        check(|out, at| write_interval(out, at, -14, 3, 2_500_000_000), "P-14M3DT2.5S");
    }
}
